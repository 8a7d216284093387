"""`tidegate cost`: what the stages bill while idle, and what a release by each plan costs."""

from cli.exits import reported
from cli.options import DEFAULT_PROJECT_FILE, JsonOption, ProjectFileOption, StageOption
from cli.output import print_json, say


@reported
def cost(
    *,
    stage: StageOption = None,
    project_file: ProjectFileOption = DEFAULT_PROJECT_FILE,
    json_output: JsonOption = False,
) -> None:
    """Print what each stage and stack bills a month while idle, and what a release costs.

    Computed from the templates and a dated table of prices; no cloud is asked. All stages, or the
    one of --stage. What has no price in the table is said to be unknown.
    """
    from cli.costing import stage_costs
    from cli.costing_words import cost_lines

    costs = stage_costs(project_file, stage=stage)
    if json_output:
        print_json({"stages": [one.to_json() for one in costs]})
        return
    for line in cost_lines(costs):
        say(line)
