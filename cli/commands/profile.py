"""`tidegate profile`: which lines of a stage's functions cost what of Lambda's bill."""

from typing import Annotated

import typer

from cli.exits import reported
from cli.options import (
    DEFAULT_PROJECT_FILE,
    JsonOption,
    On,
    OnOption,
    ProjectFileOption,
    RoleOption,
    StageOption,
    place,
)
from cli.output import CONSOLE, print_json, say


@reported
def profile(
    *,
    period: Annotated[
        str,
        typer.Option(
            "--period", help="How far back: an ISO 8601 duration, PT5M to P7D.", show_default=True
        ),
    ] = "P1D",
    top: Annotated[
        int, typer.Option("--top", min=1, help="How many lines to show.", show_default=True)
    ] = 20,
    role: RoleOption = None,
    stage: StageOption = None,
    project_file: ProjectFileOption = DEFAULT_PROJECT_FILE,
    on: OnOption = On.AUTO,
    json_output: JsonOption = False,
) -> None:
    """Print the most expensive lines of the functions of a profiled stage, and what they cost.

    Lambda's bill of each function, from its metrics and a dated price, is shared out over the lines
    that CodeGuru Profiler saw it at: an estimate. Exit code 3 where the stage is not profiled, or
    nothing was profiled yet.
    """
    from cli.profiling.report import group_of, report_of, world_of
    from cli.profiling.window import window_of
    from cli.profiling.words import functions_table, head_lines, lines_table, sum_lines, tail_lines

    where = place(project_file=project_file, stage=stage, on=on).under(role)
    window = window_of(period, now=where.target.clock.now())
    report = report_of(group_of(where), world_of(where), window)
    if json_output:
        print_json(report.to_json(top=top))
        return
    for line in head_lines(report):
        say(line)
    CONSOLE.print(lines_table(report, top=top))
    for line in sum_lines(report, top=top):
        say(line)
    CONSOLE.print(functions_table(report))
    for line in tail_lines(report):
        say(line)
