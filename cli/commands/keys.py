"""`tidegate keys`: the keys that sign prediction ids."""

import time
from typing import Annotated

import typer

from cli.exits import CommandError, reported
from cli.options import (
    DEFAULT_PROJECT_FILE,
    JsonOption,
    On,
    OnOption,
    ProjectFileOption,
    StageOption,
    place,
)
from cli.output import print_json, say

app = typer.Typer(no_args_is_help=True, help="Keys that sign prediction ids.")

_LOOK_SECONDS = 0.5


@app.command("list")
@reported
def list_(
    *,
    stage: StageOption = None,
    project_file: ProjectFileOption = DEFAULT_PROJECT_FILE,
    on: OnOption = On.AUTO,
    json_output: JsonOption = False,
) -> None:
    """Show the keys: which signs, and until when the others verify; never the keys themselves."""
    from cli.keys import key_secret

    secret = key_secret(place(project_file=project_file, stage=stage, on=on))
    _tell(secret.told(), json_output=json_output)


@app.command("rotate")
@reported
def rotate(
    *,
    wait: Annotated[float, typer.Option(help="Seconds to wait for the new key.", min=1)] = 60.0,
    stage: StageOption = None,
    project_file: ProjectFileOption = DEFAULT_PROJECT_FILE,
    on: OnOption = On.AUTO,
    json_output: JsonOption = False,
) -> None:
    """Add a key now, as Secrets Manager does by itself every thirty days."""
    from cli.keys import key_secret

    secret = key_secret(place(project_file=project_file, stage=stage, on=on))
    version = secret.rotate()
    deadline = time.monotonic() + wait
    while not secret.is_current(version):
        if time.monotonic() >= deadline:
            raise CommandError(
                f"the rotation was not over after {wait:g} s: see the log of the function "
                "rotate_keys; Secrets Manager tries again by itself"
            )
        time.sleep(_LOOK_SECONDS)
    _tell(secret.told(), json_output=json_output)


def _tell(keys: list[dict[str, object]], *, json_output: bool) -> None:
    if json_output:
        print_json({"keys": keys})
        return
    for key in keys:
        say(f"{key['id']}: {key['told']}")
