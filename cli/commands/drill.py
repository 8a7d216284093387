"""`tidegate drill`: prove the way back from a bad version, and the way out of a drift."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cli.commands.deploy import deploy_place
from cli.commands.release import show, start_release
from cli.exits import CommandError, Exit, InterruptedCommandError, reported
from cli.options import (
    DEFAULT_PROJECT_FILE,
    JsonOption,
    On,
    OnOption,
    Place,
    ProjectFileOption,
    StageOption,
    place,
)
from cli.output import note, print_json, say

if TYPE_CHECKING:
    from cli.deployed import Deployed


app = typer.Typer(
    no_args_is_help=True,
    help="Prove that a bad version is taken back, or that drift leads to a better one.",
)

PayloadsOption = Annotated[
    Path | None,
    typer.Option(help="One request body a line: the drill then makes its own traffic."),
]


@app.command()
@reported
def rollback(
    model: Annotated[str, typer.Argument(help="The model whose way back is proven.")],
    *,
    error_percent: Annotated[
        int, typer.Option(help="Share of requests that the bad version fails.", min=1, max=100)
    ] = 30,
    payloads: PayloadsOption = None,
    target_model: Annotated[
        list[str] | None,
        typer.Option(help="Of several models: ask this one; again for each of them."),
    ] = None,
    users: Annotated[int, typer.Option(help="Concurrent users of that traffic.", min=1)] = 8,
    stage: StageOption = None,
    project_file: ProjectFileOption = DEFAULT_PROJECT_FILE,
    on: OnOption = On.AUTO,
    json_output: JsonOption = False,
) -> None:
    """Release a copy of the model that fails on purpose: exit 0 when it was rolled back.

    Users get the bad answers that the plan's first steps allow. After a failure and after Ctrl-C
    too the release is taken back, and the idle slot gets the project file's own version again.
    """
    from cli.screen import duration

    original = place(project_file=project_file, stage=stage, on=on)
    deployed = original.deployed()
    deployed.known_model(model)
    bodies = _bodies(payloads)
    asked = [(body, name) for body in bodies for name in target_model or ("",)]
    drilled = _drilled(original, model, error_percent)
    note(f"deploying a version of {model} that fails {error_percent} % of its requests on purpose")
    began = time.monotonic()
    try:
        deploy_place(drilled)
        with _traffic(original, model, asked, users):
            release_id, code = _release(deployed, model)
    finally:
        _put_back(original)
    view = deployed.view(release_id)
    if json_output and code is Exit.ROLLED_BACK:
        print_json({**view.to_json(), "wall_seconds": round(time.monotonic() - began, 1)})
    elif not json_output:
        show(view, json_output=False)
        say(
            f"{view.candidate.bad_answers} bad answers served by the drill, back in "
            f"{duration(view.time_to_restore_seconds)} of the cloud's clock after the verdict"
        )
    if code is not Exit.ROLLED_BACK:
        raise CommandError(_surprise(view.phase, model))


@app.command()
@reported
def drift(
    model: Annotated[str, typer.Argument(help="The model whose loop is proven.")],
    *,
    payloads: Annotated[Path, typer.Option(help="Requests from after the shift, one body a line.")],
    data: Annotated[
        Path | None,
        typer.Option(help="A folder of new data to train on; left out: the data that is there."),
    ] = None,
    requests: Annotated[
        int, typer.Option(help="So many requests may pass before drift must be found.", min=1)
    ] = 5_000,
    approve: Annotated[
        bool, typer.Option("--approve", help="Approve the new version where a person has to.")
    ] = False,
    users: Annotated[int, typer.Option(help="Concurrent users of the traffic.", min=1)] = 8,
    stage: StageOption = None,
    project_file: ProjectFileOption = DEFAULT_PROJECT_FILE,
    on: OnOption = On.AUTO,
    json_output: JsonOption = False,
) -> None:
    """Shift the traffic: exit 0 when drift was found, the model retrained, and released.

    Real users are asked nothing; what the drill sends is counted and captured like their requests.
    Ctrl-C stops the traffic only: what was begun goes on, and each part has its own command.
    """
    from cli.drifting import DriftDrill, drill_drift

    drill = DriftDrill(
        where=place(project_file=project_file, stage=stage, on=on),
        model=model,
        bodies=_bodies(payloads),
        data=data,
        most_requests=requests,
        users=users,
        approves=approve,
        say=note,
    )
    try:
        chain = drill_drift(drill)
    except KeyboardInterrupt as stop:
        raise InterruptedCommandError(
            f"the drill's traffic has stopped, what it began goes on: 'tidegate monitor status "
            f"{model}', 'tidegate train status {model}', 'tidegate release watch {model}'"
        ) from stop
    if json_output:
        print_json(chain.to_json())
        return
    say(
        f"{model}: drift found within {chain.requests} requests, retrained "
        f"({'' if chain.run is None else chain.run.id}), promoted by {chain.release_id}"
    )


def _put_back(original: Place) -> None:
    file = original.project.path
    note(f"putting the version of {file} back into the idle slot")
    try:
        deploy_place(original)
    except KeyboardInterrupt as stop:
        raise InterruptedCommandError(
            "interrupted, and the idle slot may still hold the drill's version: 'tidegate deploy "
            f"--project-file {file}' puts the project's own back"
        ) from stop


def _surprise(phase: str, model: str) -> str:
    surprise = f"the bad version ended {phase}, it should have been rolled back"
    if phase == "promoted":
        return f"{surprise}: it is live, 'tidegate release start {model} --again' replaces it"
    return surprise


def _drilled(original: Place, model: str, error_percent: int) -> Place:
    """The same place, described by a project file whose model is the bad version."""
    from cli.drill import Drill, bad_project
    from cli.project import read_project
    from cli.target import STATE_DIRECTORY

    bad = bad_project(
        Drill(
            model=model,
            project_file=original.project.path,
            folder=STATE_DIRECTORY,
            error_percent=error_percent,
        )
    )
    return replace(original, project=read_project(bad))


def _release(deployed: "Deployed", model: str) -> tuple[str, Exit]:
    """The drill's release has ended; aborted where it did not end by itself, or we were stopped."""
    from cli.display import form_for
    from cli.verbs import abort_release
    from cli.watch import finished, watch_release

    form = form_for(json_output=False)
    release_id = start_release(deployed, model)
    try:
        return release_id, watch_release(deployed, release_id, form=form)
    finally:
        view = deployed.glance(release_id)
        if not view.over:
            stands = "waits for an operator" if finished(view) else "is still open"
            note(f"the drill {stands}: taking it back")
            abort_release(deployed, release_id, why="the drill ends")
            watch_release(deployed, release_id, form=form)


def _bodies(payloads: Path | None) -> tuple[bytes, ...]:
    if payloads is None:
        return ()
    if not payloads.exists() or payloads.is_dir():
        raise CommandError(f"{payloads} does not exist or is a folder", code=Exit.USAGE)
    bodies = tuple(line for line in payloads.read_bytes().splitlines() if line.strip())
    if not bodies:
        raise CommandError(f"{payloads} has no request body: write one a line", code=Exit.USAGE)
    return bodies


@contextmanager
def _traffic(
    where: Place, model: str, asked: list[tuple[bytes, str]], users: int
) -> Iterator[None]:
    """Own traffic while the block runs, where there are payloads: bodies, and of which model."""
    if not asked:
        note("the drill makes no traffic of its own: it is judged on the model's own users")
        yield
        return
    from cli.users import Load, Question, Users

    questions = [Question(body=body, target_model=name) for body, name in asked]
    crowd = Users(where.front_door(), questions, Load(model=model, users=users))
    crowd.start()
    try:
        yield
    finally:
        crowd.stop()
