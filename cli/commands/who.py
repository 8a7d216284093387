"""`tidegate who`: which slot a user gets now, and why."""

from typing import Annotated

import typer

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
from cli.output import CONSOLE, note, print_json, say


@reported
def who(
    user: Annotated[str, typer.Argument(help="The user, as x-tidegate-user names him.")],
    model: Annotated[str | None, typer.Argument(help="A model; all if absent.")] = None,
    *,
    cookie: Annotated[
        bool, typer.Option("--cookie", help="USER is the id in the cookie tidegate-user.")
    ] = False,
    stage: StageOption = None,
    project_file: ProjectFileOption = DEFAULT_PROJECT_FILE,
    on: OnOption = On.AUTO,
    json_output: JsonOption = False,
) -> None:
    """Say which slot and version a user gets now, and why. Nothing is asked of the model."""
    from cli.assigned import Named, assigned, assigned_table
    from tidegate.split import CACHE_SECONDS

    deployed = place(project_file=project_file, stage=stage, on=on).deployed()
    models = sorted(deployed.store.models()) if model is None else [model]
    named = Named.COOKIE if cookie else Named.USER
    found = [assigned(deployed, name, user, named) for name in models]
    if json_output:
        print_json({"user": user, "models": [one.to_json() for one in found]})
    elif found:
        CONSOLE.print(assigned_table(found))
        note(f"routers may use a split that is up to {CACHE_SECONDS} seconds older")
    else:
        say("no model is deployed yet: 'tidegate deploy' deploys those of the project file")
