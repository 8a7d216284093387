"""`tidegate outcomes`: late labels from files."""

from pathlib import Path
from typing import Annotated

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

app = typer.Typer(no_args_is_help=True, help="Late labels from files.")

_LOOKS_BEFORE_IT_BEGINS = 120


@app.callback()
def group() -> None:
    """Late labels from files."""


@app.command("import")
@reported
def import_(
    file: Annotated[
        Path, typer.Argument(help="CSV with a header, or a JSON object a line; .gz is unpacked.")
    ],
    *,
    stage: StageOption = None,
    project_file: ProjectFileOption = DEFAULT_PROJECT_FILE,
    on: OnOption = On.AUTO,
    json_output: JsonOption = False,
) -> None:
    """Credit the outcomes of a file; run it again to follow an import that goes on."""
    from cli.bar import counted
    from cli.outcomefiles import lines_in, outcome_bucket, patiently

    there = place(project_file=project_file, stage=stage, on=on)
    total = lines_in(file)
    bucket = outcome_bucket(there.deployed())
    with counted(f"uploading {file.name}, bytes", total=file.stat().st_size) as done:
        put = bucket.uploaded(file, done=done)
    progress, shown = None, 0
    try:
        with counted(f"importing {file.name}, lines", total=total) as done:
            looks = bucket.follow(put, every_seconds=there.target.refresh_seconds)
            for progress in patiently(looks, looks=_LOOKS_BEFORE_IT_BEGINS):
                read = 0 if progress is None else progress.lines
                done(read - shown)
                shown = read
    except KeyboardInterrupt as error:
        raise InterruptedCommandError(
            f"the import of {put.key} goes on without this command: run it again to follow it"
        ) from error
    if progress is None:
        raise CommandError(f"nothing is known of the import of {put.key}")
    _tell(progress.to_json(), json_output=json_output)
    if progress.state.value != "done":
        raise SystemExit(int(Exit.REFUSED))


def _tell(result: dict[str, object], *, json_output: bool) -> None:
    if json_output:
        print_json(result)
        return
    counts = result["counts"]
    told = ", ".join(f"{n:,} {what}" for what, n in counts.items()) if counts else "nothing"  # type: ignore[attr-defined]
    say(f"{result['state']}: {told}")
    for one in result["refused"]:  # type: ignore[attr-defined]
        note(f"line {one['line']}: {one['reason']}: {one['why']}")
    for fault in result["faults"]:  # type: ignore[attr-defined]
        note(str(fault))
