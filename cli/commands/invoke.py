"""`tidegate invoke` and `tidegate outcome`: one request through the front door."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from cli.exits import CommandError, Exit, reported
from cli.frontdoor import FrontDoor
from cli.options import (
    DEFAULT_PROJECT_FILE,
    JsonOption,
    OnOption,
    Place,
    ProjectFileOption,
    StageOption,
    place,
)
from cli.output import note, print_json, say
from cli.target import On


def front_door(where: Place) -> FrontDoor:
    """A client of the deployed front door, with the credentials of the target."""
    credentials = where.target.session.get_credentials()
    if credentials is None:
        raise CommandError("no credentials to sign requests with", code=Exit.UNREACHABLE)
    return FrontDoor(
        url=where.deployed().api_url,
        region=where.target.region,
        credentials=credentials.get_frozen_credentials(),  # type: ignore[arg-type]
    )


@reported
def invoke(
    model: Annotated[str, typer.Argument(help="The model to ask.")],
    body: Annotated[str, typer.Option("--body", help="A file, or - for standard input.")] = "-",
    *,
    content_type: Annotated[str, typer.Option(help="Content type of the body.")] = (
        "application/json"
    ),
    user: Annotated[str, typer.Option(help="Who asks; hashed, never stored.")] = "",
    stage: StageOption = None,
    project_file: ProjectFileOption = DEFAULT_PROJECT_FILE,
    on: OnOption = On.AUTO,
    json_output: JsonOption = False,
) -> None:
    """Ask a model through the front door, as its users do."""
    payload = sys.stdin.buffer.read() if body == "-" else _read(Path(body))
    door = front_door(place(project_file=project_file, stage=stage, on=on))
    reply = door.predict(model, payload, content_type=content_type, user=user)
    if json_output:
        print_json(
            {
                "status": reply.status,
                "body": reply.body.decode(errors="replace"),
                "prediction_id": reply.prediction_id,
                "slot": reply.slot,
                "version": reply.version,
            }
        )
    else:
        say(reply.body.decode(errors="replace"))
        note(f"HTTP {reply.status}, slot {reply.slot}, version {reply.version}")
        note(f"prediction id {reply.prediction_id}")
    if reply.status != 200:
        raise SystemExit(int(Exit.FAILED))


@reported
def outcome(
    prediction_id: Annotated[str, typer.Argument(help="The id that came with the prediction.")],
    *,
    wrong: Annotated[bool, typer.Option("--wrong/--right", help="What became known of it.")],
    stage: StageOption = None,
    project_file: ProjectFileOption = DEFAULT_PROJECT_FILE,
    on: OnOption = On.AUTO,
    json_output: JsonOption = False,
) -> None:
    """Record whether a prediction turned out to be wrong."""
    door = front_door(place(project_file=project_file, stage=stage, on=on))
    status = door.record_outcome(prediction_id, wrong=wrong)
    if json_output:
        print_json({"status": status, "credited": status == 202})
    else:
        say("credited" if status == 202 else f"refused: HTTP {status}")
    if status != 202:
        raise SystemExit(int(Exit.REFUSED))


def _read(path: Path) -> bytes:
    if not path.is_file():
        raise CommandError(f"{path} does not exist", code=Exit.USAGE)
    return path.read_bytes()
