"""`tidegate release status` and `tidegate release list`: what is, and what was."""

from typing import TYPE_CHECKING, Annotated

import typer

from cli.commands.release import app, show
from cli.exits import reported
from cli.options import (
    DEFAULT_PROJECT_FILE,
    JsonOption,
    On,
    OnOption,
    ProjectFileOption,
    StageOption,
    place,
)
from cli.output import CONSOLE, print_json, say

if TYPE_CHECKING:
    from cli.deployed import Deployed


@app.command()
@reported
def status(
    release: Annotated[
        str | None,
        typer.Argument(help="A release id, or a model for its newest release; all if absent."),
    ] = None,
    *,
    stage: StageOption = None,
    project_file: ProjectFileOption = DEFAULT_PROJECT_FILE,
    on: OnOption = On.AUTO,
    json_output: JsonOption = False,
) -> None:
    """Show all models with what serves, or one release as it stands (the exit code says how)."""
    from cli.watch import exit_of

    deployed = place(project_file=project_file, stage=stage, on=on).deployed()
    if release is None:
        _show_models(deployed, json_output=json_output)
        return
    view = deployed.view(deployed.release_id(release))
    show(view, json_output=json_output)
    raise SystemExit(int(exit_of(view)))


@app.command(name="list")
@reported
def list_releases(
    model: Annotated[str | None, typer.Argument(help="A model; all if absent.")] = None,
    *,
    limit: Annotated[int, typer.Option(help="How many releases of each model.", min=1)] = 20,
    stage: StageOption = None,
    project_file: ProjectFileOption = DEFAULT_PROJECT_FILE,
    on: OnOption = On.AUTO,
    json_output: JsonOption = False,
) -> None:
    """List releases, newest first."""
    from cli.overview import past_releases, release_json, releases_table

    deployed = place(project_file=project_file, stage=stage, on=on).deployed()
    models = deployed.store.models() if model is None else (model,)
    views = [v for name in sorted(models) for v in past_releases(deployed, name, limit=limit)]
    if model is not None and not views:
        deployed.known_model(model)
    if json_output:
        print_json({"releases": [release_json(view) for view in views]})
    elif views:
        CONSOLE.print(releases_table(views))
    else:
        say("no releases yet: 'tidegate release start MODEL' starts one")


def _show_models(deployed: "Deployed", *, json_output: bool) -> None:
    from cli.overview import model_statuses, models_table, status_json

    statuses = model_statuses(deployed)
    if json_output:
        print_json({"models": [status_json(item) for item in statuses]})
    elif statuses:
        CONSOLE.print(models_table(statuses))
    else:
        say("no model is deployed yet: 'tidegate deploy' deploys those of the project file")
