"""`tidegate label`: give people items to label, see how they agree, take the labels."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cli.commands.ai import awaited, sent
from cli.exits import CommandError, Exit, reported
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
    from cli.labelling import Labelling

app = typer.Typer(
    no_args_is_help=True,
    help="Give people items to label, see how far they are and how they agree, take the labels.",
)
NameArgument = Annotated[str, typer.Argument(help="Name of a service of kind labelling.")]


def _labelling(project_file: Path, stage: str | None, on: On, name: str) -> "Labelling":
    from cli.labelling import labelling_of

    return labelling_of(place(project_file=project_file, stage=stage, on=on), name)


@app.command()
@reported
def add(
    name: NameArgument,
    files: Annotated[
        list[Path], typer.Argument(help="Manifests (JSON lines), or images to label.")
    ],
    *,
    stage: StageOption = None,
    project_file: ProjectFileOption = DEFAULT_PROJECT_FILE,
    on: OnOption = On.AUTO,
    json_output: JsonOption = False,
) -> None:
    """Give people items to label; those that are there already are not asked twice."""
    labelling = _labelling(project_file, stage, on, name)
    results = sent(labelling.service, files)
    if json_output:
        print_json(results)
    else:
        for file, result in zip(files, results, strict=True):
            _tell_of(file, result)
    if any(result["status"] != "done" for result in results):
        raise SystemExit(int(Exit.REFUSED))


def _tell_of(file: Path, result: dict[str, Any]) -> None:
    if result["status"] == "done":
        found = result["result"]
        say(f"{file}: {found['items']} new items, {found['known']} known")
    else:
        say(f"{file}: {result['status']}: {result.get('problem', {}).get('message', '')}")


@app.command()
@reported
def status(
    name: NameArgument,
    *,
    stage: StageOption = None,
    project_file: ProjectFileOption = DEFAULT_PROJECT_FILE,
    on: OnOption = On.AUTO,
    json_output: JsonOption = False,
) -> None:
    """Show how far the labelling is, and how far people agree beyond chance."""
    found = _labelling(project_file, stage, on, name).ask("status")
    if json_output:
        print_json(found)
        return
    say("items: " + ", ".join(f"{many} {state}" for state, many in found["items"].items()))
    say(f"people: {found['people']}, of whom {found['stopped']} stopped")
    same, kappa = found.get("same"), found.get("fleiss_kappa")
    if same is not None:
        beyond = "" if kappa is None else f", Fleiss' kappa {kappa:.2f}"
        say(f"agreement on {found['compared']} items: {same:.0%}{beyond}")
    for pair in found["pairs"]:
        beyond = f", Cohen's kappa {pair['kappa']:.2f}" if "kappa" in pair else ""
        who = f"  {pair['one']} and {pair['other']}"
        say(f"{who}: {pair['items']} items, {pair['same']:.0%} the same{beyond}")


@app.command()
@reported
def people(
    name: NameArgument,
    *,
    stage: StageOption = None,
    project_file: ProjectFileOption = DEFAULT_PROJECT_FILE,
    on: OnOption = On.AUTO,
    json_output: JsonOption = False,
) -> None:
    """Show who labelled how much, and what gold questions say of them."""
    found = _labelling(project_file, stage, on, name).ask("people")["people"]
    if json_output:
        print_json(found)
        return
    for one in found:
        gold = f"{one['right']} of {one['gold']} gold questions right"
        say(f"{one['name']}: {one['standing']}, {one['labelled']} labelled, {gold}")
        if "set_aside" in one:
            say(f"  {one['set_aside']} labels set aside, whose items others label")
    say(f"{len(found)} people" if found else "nobody came yet: 'tidegate label invite'")


@app.command()
@reported
def invite(
    name: NameArgument,
    who: Annotated[str, typer.Argument(help="Name that the person signs in with.")],
    *,
    email: Annotated[
        str | None,
        typer.Option(help="Where Cognito sends a temporary password; left out: it is printed."),
    ] = None,
    stage: StageOption = None,
    project_file: ProjectFileOption = DEFAULT_PROJECT_FILE,
    on: OnOption = On.AUTO,
    json_output: JsonOption = False,
) -> None:
    """Let a person sign in to the page; they choose a password of their own the first time."""
    labelling = _labelling(project_file, stage, on, name)
    password = labelling.invite(who, email)
    page = labelling.page
    if json_output:
        told = {} if password is None else {"temporary_password": password}
        print_json({"who": who, "page": page, **told})
        return
    said = f"by e-mail to {email}" if password is None else f"temporary password {password}"
    say(f"{who} may sign in at {page} ({said})")


@app.command()
@reported
def export(
    name: NameArgument,
    *,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="File of the manifest.")
    ] = None,
    stage: StageOption = None,
    project_file: ProjectFileOption = DEFAULT_PROJECT_FILE,
    on: OnOption = On.AUTO,
    json_output: JsonOption = False,
) -> None:
    """Write the manifest of all labels now, as training reads it, and tell where it is."""
    labelling = _labelling(project_file, stage, on, name)
    (outcome,) = awaited(labelling.service, [labelling.ask("run")["key"]])
    if outcome["status"] != "done":
        raise CommandError(f"the run came to nothing: {outcome['status']}")
    result = outcome["result"]
    if output is not None:
        output.parent.mkdir(parents=True, exist_ok=True)
        output.write_bytes(labelling.export())
    if json_output:
        print_json({**result, **({} if output is None else {"file": str(output)})})
        return
    say(f"{result['labelled']} labelled items in {result['manifest']}")
    if output is not None:
        note(f"written: {output}")


@app.command("open")
@reported
def open_page(
    name: NameArgument,
    *,
    browser: Annotated[
        bool, typer.Option("--browser/--no-browser", help="Whether a browser shows it.")
    ] = True,
    stage: StageOption = None,
    project_file: ProjectFileOption = DEFAULT_PROJECT_FILE,
    on: OnOption = On.AUTO,
    json_output: JsonOption = False,
) -> None:
    """Tell the address of the page, and open it in a browser."""
    import webbrowser

    page = _labelling(project_file, stage, on, name).page
    if json_output:
        print_json({"page": page})
    else:
        say(page)
    if browser and not json_output and not webbrowser.open(page):
        note("no browser was found: open it in one")
