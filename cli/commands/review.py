"""`tidegate pipeline review`: maintained analysers over the project's own code."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cli.exits import Exit, reported
from cli.options import JsonOption
from cli.output import print_json, say
from cli.review.findings import Engine, FailOn

if TYPE_CHECKING:
    from cli.review.findings import Review


@reported
def review(
    *,
    path: Annotated[
        list[str] | None,
        typer.Option("--path", help="A file or folder of the code; repeatable. Left out: all."),
    ] = None,
    exclude: Annotated[
        list[str] | None,
        typer.Option("--exclude", help="A file or folder that is left out; repeatable."),
    ] = None,
    ignore: Annotated[
        list[str] | None,
        typer.Option("--ignore", help="A rule whose findings do not count; repeatable."),
    ] = None,
    fail_on: Annotated[
        FailOn, typer.Option("--fail-on", help="From which severity on findings fail the review.")
    ] = FailOn.HIGH,
    output: Annotated[
        Path | None, typer.Option("--output", help="A folder that a JUnit report is written to.")
    ] = None,
    engine: Annotated[
        Engine,
        typer.Option(
            "--engine",
            help="Who reviews. codeguru-reviewer needs REVIEW_ASSOCIATION and REVIEW_BUCKET in "
            "the environment, and makes no new associations since 2025-11-07.",
        ),
    ] = Engine.ANALYSERS,
    requirements: Annotated[
        bool,
        typer.Option("--requirements", help="Print the file that pins the analysers, and end."),
    ] = False,
    json_output: JsonOption = False,
) -> None:
    """Review the Python code of this folder with ruff and bandit, as a pipeline's build does.

    Exits with 1 when a finding reaches --fail-on. No cloud is asked but for codeguru-reviewer.
    """
    from cli.review.analysers import REQUIREMENTS
    from cli.review.engines import reviewed
    from cli.review.junit import write_report
    from cli.review.sources import own_code

    if requirements:
        say(str(REQUIREMENTS))
        return
    root = Path.cwd()
    files = own_code(root, paths=path or ["."], exclude=exclude or [])
    done = reviewed(engine, root, files, ignore=frozenset(ignore or ()))
    if output is not None:
        write_report(done, output)
    _tell(done, fail_on, json_output=json_output)
    raise SystemExit(int(Exit.FAILED if done.failing(fail_on) else Exit.OK))


def _tell(done: "Review", bar: FailOn, *, json_output: bool) -> None:
    from cli.review.words import review_lines

    if not json_output:
        for line in review_lines(done, bar):
            say(line)
        return
    print_json(
        {
            "files": done.files,
            "tools": list(done.tools),
            "findings": [finding.to_json() for finding in done.findings],
            "fails": bool(done.failing(bar)),
        }
    )
