"""`tidegate up` and `tidegate down`: the embedded cloud of this folder."""

from typing import Annotated

import typer

from cli.exits import CommandError, Exit, reported
from cli.options import DEFAULT_PROJECT_FILE, JsonOption
from cli.output import print_json, say
from cli.project import read_project
from cli.target import STATE_DIRECTORY
from emulator.server import CloudError, EmbeddedCloud
from emulator.settings import DEFAULT_REGION, Settings


@reported
def up(
    *,
    time_scale: Annotated[
        float, typer.Option(help="Seconds of the cloud in one second of the wall.", min=1)
    ] = 60.0,
    port: Annotated[int, typer.Option(help="Port on 127.0.0.1; 0 takes a free one.")] = 0,
    json_output: JsonOption = False,
) -> None:
    """Start an embedded cloud that runs until `tidegate down`, or name the one that runs."""
    try:
        cloud = EmbeddedCloud.attach(STATE_DIRECTORY)
    except CloudError:
        settings = Settings(
            port=port,
            region=_region(),
            time_scale=time_scale,
            state_directory=STATE_DIRECTORY.resolve(),
        )
        cloud = EmbeddedCloud.start_detached(settings)
    if json_output:
        print_json({**cloud.environment(), "pid": cloud.pid, "time_scale": cloud.clock.scale})
        return
    say(f"embedded cloud at {cloud.endpoint_url}, 1 s here is {cloud.clock.scale:g} s there")
    say("tidegate finds it in this folder; other AWS tools reach it with:")
    for name, value in cloud.environment().items():
        say(f"  export {name}={value}")


@reported
def down(*, json_output: JsonOption = False) -> None:
    """Stop the embedded cloud of this folder, and everything that runs in it."""
    stopped = EmbeddedCloud.stop_detached(STATE_DIRECTORY)
    if json_output:
        print_json({"stopped": stopped})
    else:
        say("stopped" if stopped else "no embedded cloud was running here")


def _region() -> str:
    """The region of the project's first stage, so that its templates deploy unchanged."""
    try:
        project = read_project(DEFAULT_PROJECT_FILE)
    except CommandError as error:
        if error.code is not Exit.USAGE:
            raise
        return DEFAULT_REGION
    return project.regions[project.stages[0]] or DEFAULT_REGION
