"""`tidegate invoke`, `answer` and `outcome`: one request through the front door."""

import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cli.exits import CommandError, Exit, reported
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

if TYPE_CHECKING:
    from cli.frontdoor import Reply

CREDITED = 202
WAITING = 202
_ASK_AGAIN_SECONDS = 2.0
_PAUSE = threading.Event()


@reported
def invoke(
    model: Annotated[str, typer.Argument(help="The model to ask.")],
    *,
    body: Annotated[
        str, typer.Option("--body", help="A file with the request, or - for standard input.")
    ] = "-",
    data: Annotated[
        str | None, typer.Option("--data", help="The request itself, instead of --body.")
    ] = None,
    content_type: Annotated[str, typer.Option(help="Content type of the body.")] = (
        "application/json"
    ),
    user: Annotated[str, typer.Option(help="Who asks; hashed, never stored.")] = "",
    slot: Annotated[
        str | None,
        typer.Option(
            help="Ask this slot, by a token signed with the project's secret; no evidence."
        ),
    ] = None,
    target_model: Annotated[
        str, typer.Option(help="Of several models behind one endpoint: the one to ask.")
    ] = "",
    stage: StageOption = None,
    project_file: ProjectFileOption = DEFAULT_PROJECT_FILE,
    on: OnOption = On.AUTO,
    json_output: JsonOption = False,
) -> None:
    """Ask a model through the front door, as its users do.

    A model that answers later says where: 'tidegate answer' fetches it.
    """
    there = place(project_file=project_file, stage=stage, on=on)
    payload = _payload(body, data)
    token = "" if slot is None else there.slot_token(model, slot)
    reply = there.front_door().predict(
        model,
        payload,
        content_type=content_type,
        user=user,
        slot_token=token,
        target_model=target_model,
    )
    _show(reply, json_output=json_output)
    if reply.status == WAITING and not json_output:
        note(f"it waits now: 'tidegate answer {model} {reply.prediction_id} --wait'")
    if reply.status not in {200, WAITING}:
        raise SystemExit(int(Exit.FAILED))


@reported
def answer(
    model: Annotated[str, typer.Argument(help="The model that was asked.")],
    prediction_id: Annotated[str, typer.Argument(help="The id that 'tidegate invoke' gave.")],
    *,
    wait: Annotated[
        bool, typer.Option("--wait", help="Ask again until there is an answer, or a failure.")
    ] = False,
    stage: StageOption = None,
    project_file: ProjectFileOption = DEFAULT_PROJECT_FILE,
    on: OnOption = On.AUTO,
    json_output: JsonOption = False,
) -> None:
    """Fetch the answer of a model with asynchronous endpoints.

    Exits with 0 where it is there, or still to come; with 1 where the request has failed.
    """
    door = place(project_file=project_file, stage=stage, on=on).front_door()
    reply = door.answer(model, prediction_id)
    while wait and reply.status == WAITING:
        _PAUSE.wait(_ASK_AGAIN_SECONDS)
        reply = door.answer(model, prediction_id)
    _show(reply, json_output=json_output)
    if reply.status not in {200, WAITING}:
        raise SystemExit(int(Exit.FAILED))


def _show(reply: "Reply", *, json_output: bool) -> None:
    text = reply.body.decode(errors="replace")
    if json_output:
        print_json(
            {
                "status": reply.status,
                "body": text,
                "content_type": reply.content_type,
                "prediction_id": reply.prediction_id,
                "slot": reply.slot,
                "version": reply.version,
            }
        )
        return
    say(text)
    note(f"HTTP {reply.status}")
    if reply.prediction_id is not None:
        note(f"slot {reply.slot}, version {reply.version}")
        note(f"prediction id {reply.prediction_id}")


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
    door = place(project_file=project_file, stage=stage, on=on).front_door()
    status = door.record_outcome(prediction_id, wrong=wrong)
    credited = status == CREDITED
    if json_output:
        print_json({"status": status, "credited": credited, "said": _said(status)})
    else:
        say(_said(status))
    if not credited:
        raise SystemExit(int(Exit.REFUSED))


def _said(status: int) -> str:
    """What the front door's status means, and the status."""
    if status == CREDITED:
        return "credited"
    reasons = {
        400: "the prediction id is malformed or forged",
        403: "these credentials may not call the front door",
        409: "the outcome of this prediction was recorded before",
        410: "the outcome came later than the plan's outcome window",
        422: "the plan's kind of outcomes takes events only, and this is a non-event",
    }
    return f"refused: {reasons.get(status, 'the front door says no more')} (HTTP {status})"


def _payload(body: str, data: str | None) -> bytes:
    if data is not None:
        if body != "-":
            raise CommandError("--body and --data both name a request, use one", code=Exit.USAGE)
        return data.encode()
    if body == "-":
        if sys.stdin.isatty():
            note("reading the request from standard input, Ctrl-D ends it")
        return sys.stdin.buffer.read()
    path = Path(body)
    if not path.exists() or path.is_dir():
        raise CommandError(f"{path} does not exist or is a folder", code=Exit.USAGE)
    return path.read_bytes()
