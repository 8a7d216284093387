"""`tidegate notebook`: start, open and stop the notebook instances of a stage."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cli.exits import CommandError, Exit, InterruptedCommandError, reported
from cli.options import (
    DEFAULT_PROJECT_FILE,
    JsonOption,
    On,
    OnOption,
    ProjectFileOption,
    StageOption,
    place,
)
from cli.output import note, print_json, say

if TYPE_CHECKING:
    from cli.notebooks import Notebook, Notebooks

app = typer.Typer(
    no_args_is_help=True,
    help="Start, open and stop notebook instances. One bills while it runs, its volume always.",
)

NameArgument = Annotated[str, typer.Argument(help="Name of a notebook of the project file.")]
WaitOption = Annotated[bool, typer.Option("--wait", help="Wait until it is done.")]


def _notebooks(project_file: Path, stage: str | None, on: On) -> "Notebooks":
    from cli.notebooks import notebooks_of

    return notebooks_of(place(project_file=project_file, stage=stage, on=on))


@app.command("list")
@reported
def list_(
    *,
    stage: StageOption = None,
    project_file: ProjectFileOption = DEFAULT_PROJECT_FILE,
    on: OnOption = On.AUTO,
    json_output: JsonOption = False,
) -> None:
    """Show the notebooks of a stage, and which of them run."""
    every = _notebooks(project_file, stage, on).every()
    if json_output:
        print_json({"notebooks": [one.to_json() for one in every]})
        return
    for one in every:
        say(_line(one))


@app.command()
@reported
def start(
    name: NameArgument,
    *,
    wait: WaitOption = False,
    stage: StageOption = None,
    project_file: ProjectFileOption = DEFAULT_PROJECT_FILE,
    on: OnOption = On.AUTO,
    json_output: JsonOption = False,
) -> None:
    """Start a notebook; it takes a few minutes."""
    notebooks = _notebooks(project_file, stage, on)
    found = notebooks.start(name)
    _end(notebooks, _settled(notebooks, name) if wait else found, json_output=json_output)


@app.command()
@reported
def stop(
    name: NameArgument,
    *,
    wait: WaitOption = False,
    stage: StageOption = None,
    project_file: ProjectFileOption = DEFAULT_PROJECT_FILE,
    on: OnOption = On.AUTO,
    json_output: JsonOption = False,
) -> None:
    """Stop a notebook: what is in memory is lost, its files stay."""
    notebooks = _notebooks(project_file, stage, on)
    found = notebooks.stop(name)
    _end(notebooks, _settled(notebooks, name) if wait else found, json_output=json_output)


@app.command("open")
@reported
def open_(
    name: NameArgument,
    *,
    stage: StageOption = None,
    project_file: ProjectFileOption = DEFAULT_PROJECT_FILE,
    on: OnOption = On.AUTO,
    json_output: JsonOption = False,
) -> None:
    """Print the address at which a running notebook opens; whoever has it is let in."""
    url = _notebooks(project_file, stage, on).url(name)
    if json_output:
        print_json({"notebook": name, "url": url})
        return
    say(url)


def _settled(notebooks: "Notebooks", name: str) -> "Notebook":
    try:
        return notebooks.settled(name, lambda found: note(f"{name} is {found.status}"))
    except KeyboardInterrupt as error:
        raise InterruptedCommandError(
            f"notebook {name} goes on by itself: 'tidegate notebook list' says how it stands"
        ) from error


def _end(notebooks: "Notebooks", found: "Notebook", *, json_output: bool) -> None:
    if found.status == "Failed":
        raise CommandError(f"notebook {found.name} failed: {found.why}", code=Exit.FAILED)
    if json_output:
        print_json(found.to_json())
        return
    say(_line(found))
    if found.status == "InService":
        say(f"'tidegate notebook open {found.name}' opens it on {notebooks.where.target.name}")


def _line(found: "Notebook") -> str:
    why = "" if found.why is None else f": {found.why}"
    return (
        f"{found.name} {found.status} ({found.instance_type}, {found.volume_gb} GB, "
        f"{found.instance}){why}"
    )
