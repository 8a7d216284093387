"""`tidegate demo`: good, broken and slow versions of a real model, released in front of users."""

from pathlib import Path
from typing import Annotated

import typer

from cli.exits import CommandError, Exit, reported
from cli.options import DEFAULT_PROJECT_FILE, JsonOption, ProjectFileOption
from cli.output import print_json

EXPECTED = {"v2": "promoted", "v3": "rolled-back", "v4": "rolled-back"}


@reported
def demo(
    *,
    seed: Annotated[int, typer.Option(help="Seed of the users' behaviour.")] = 1,
    time_scale: Annotated[
        float, typer.Option(help="Seconds of the cloud in one second of the wall.", min=1)
    ] = 60.0,
    users: Annotated[int, typer.Option(help="Concurrent users.", min=1, max=200)] = 10,
    output: Annotated[Path, typer.Option(help="Where report and figures go.")] = Path("build/demo"),
    project_file: ProjectFileOption = DEFAULT_PROJECT_FILE,
    json_output: JsonOption = False,
) -> None:
    """Release v2 (better), v3 (broken) and v4 (slow) of a real model on this machine."""
    from cli.demo.project import MODEL
    from cli.demo.story import Scenario, tell
    from cli.demo.summary import release_figures
    from cli.users import Load

    told = tell(
        Scenario(
            seed=seed,
            time_scale=time_scale,
            output=output,
            project_file=project_file,
            load=Load(model=MODEL, users=users, seed=seed),
        )
    )
    surprises = unexpected({item.view.candidate.label: item.view.phase for item in told})
    if surprises:
        raise CommandError("; ".join(surprises), code=Exit.FAILED)
    if json_output:
        print_json({"releases": [release_figures(item) for item in told]})


def unexpected(ended: dict[str, str]) -> tuple[str, ...]:
    """What did not end as the story goes: version, how it ended, how it should have."""
    return tuple(
        f"{version} ended {ended.get(version, 'unreleased')}, expected {phase}"
        for version, phase in EXPECTED.items()
        if ended.get(version) != phase
    )
