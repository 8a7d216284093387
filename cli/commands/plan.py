"""`tidegate plan`: what a release takes by its plan, and by every other strategy."""

from typing import Annotated

import typer

from cli.exits import reported
from cli.options import DEFAULT_PROJECT_FILE, JsonOption, ProjectFileOption, StageOption
from cli.output import CONSOLE, print_json


@reported
def plan(
    model: Annotated[
        str | None, typer.Argument(help="The model; may be left out where there is one.")
    ] = None,
    *,
    stage: StageOption = None,
    project_file: ProjectFileOption = DEFAULT_PROJECT_FILE,
    json_output: JsonOption = False,
) -> None:
    """Compare a model's release plan with every other strategy: time, risk and cost.

    Computed from the project file; no cloud is asked. Prices are a dated table of the project.
    """
    from cli.outlook.comparison import compare
    from cli.outlook.table import comparison_parts
    from cli.plans import read_agreed

    comparison = compare(read_agreed(project_file, model=model, stage=stage))
    if json_output:
        print_json(comparison.to_json())
        return
    for part in comparison_parts(comparison):
        CONSOLE.print(part)
