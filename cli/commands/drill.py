"""`tidegate drill`: release a version known to be bad, and prove the way back."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from cli.commands.deploy import deploy_place
from cli.commands.invoke import front_door
from cli.commands.release import show, start_release
from cli.drill import Drill, bad_project
from cli.exits import CommandError, Exit, reported
from cli.options import (
    DEFAULT_PROJECT_FILE,
    JsonOption,
    OnOption,
    Place,
    ProjectFileOption,
    StageOption,
    place,
)
from cli.output import note, print_json, say
from cli.project import read_project
from cli.target import STATE_DIRECTORY, On
from cli.users import Load, Question, Users
from cli.watch import watch_release


@reported
def drill(
    model: Annotated[str, typer.Argument(help="The model whose way back is proven.")],
    *,
    error_percent: Annotated[
        int, typer.Option(help="Share of requests that the bad version fails.", min=1, max=100)
    ] = 30,
    payloads: Annotated[
        Path | None,
        typer.Option(help="One request body a line: the drill then makes its own traffic."),
    ] = None,
    users: Annotated[int, typer.Option(help="Concurrent users of that traffic.", min=1)] = 8,
    stage: StageOption = None,
    project_file: ProjectFileOption = DEFAULT_PROJECT_FILE,
    on: OnOption = On.AUTO,
    json_output: JsonOption = False,
) -> None:
    """Release a copy of the model that fails on purpose: it must be rolled back.

    Users get the bad answers that the plan's first step allows. The idle slot has the project
    file's own version again afterwards.
    """
    original = place(project_file=project_file, stage=stage, on=on)
    bad = bad_project(
        Drill(
            model=model,
            project_file=project_file,
            folder=STATE_DIRECTORY,
            error_percent=error_percent,
        )
    )
    drilled = Place(project=read_project(bad), stage=original.stage, target=original.target)
    note(f"deploying a version of {model} that fails {error_percent} % of its requests")
    deploy_place(drilled)
    deployed = drilled.deployed()
    began = time.monotonic()
    with _traffic(drilled, model, payloads, users):
        release_id = start_release(deployed, model)
        code = watch_release(deployed, release_id, json_output=False)
    view = deployed.view(release_id)
    deploy_place(original)
    if json_output:
        print_json({**view.to_json(), "wall_seconds": time.monotonic() - began})
    else:
        show(view, json_output=False)
        say(
            f"{view.candidate.bad_answers} bad answers served, "
            f"back in {view.time_to_restore_seconds} s of the cloud's clock"
        )
    if code is not Exit.ROLLED_BACK:
        raise CommandError(f"the bad version ended {view.phase}, it should have been rolled back")


@contextmanager
def _traffic(where: Place, model: str, payloads: Path | None, users: int) -> Iterator[None]:
    """Own traffic while the block runs, where a file of payloads was given."""
    if payloads is None:
        yield
        return
    questions = [Question(body=line) for line in payloads.read_bytes().splitlines() if line]
    crowd = Users(front_door(where), questions, Load(model=model, users=users))
    crowd.start()
    try:
        yield
    finally:
        crowd.stop()
