"""People who take over: a queue of conversations in which the bot did not help."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated

from tidegate.ai.lex.template import HIDDEN_SECONDS, QUEUE
from tidegate.ai.limits import Length, Matches
from tidegate.ai.ports import ServicePorts
from tidegate.ai.problems import ProblemError, not_found
from tidegate.ai.typed import read, to_json
from tidegate.errors import NotFoundError

HANDOVERS, CLOSED = "handovers/", "closed/"
"""What keys of those who wait, and of those who were helped, begin with."""
_MOST_CLOSED = 20
"""Conversations closed already that are dropped in search of an open one, in one request."""
_JSON = "application/json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """A user who waits for a person: what was said last, and what the bot knew."""

    session: str
    locale: str
    said: str
    intent: str | None = None
    slots: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class NextHandover:
    """Asks for a conversation that waits for a person."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Handover:
    """A conversation that is the caller's for 15 minutes."""

    handover: str
    waiting: Waiting


@dataclass(frozen=True, slots=True, kw_only=True)
class Close:
    """A conversation in which a person has helped."""

    handover: Annotated[
        str,
        "The handover's id, as it was given.",
        Matches(pattern="[0-9a-f]{32}", words="32 hexadecimal digits"),
    ]
    by: Annotated[str | None, "Who helped, kept with the handover.", Length(most=100)] = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Closed:
    """Nobody is given the conversation any more."""

    handover: str


def ask_for_person(waiting: Waiting, ports: ServicePorts) -> str:
    """The conversation waits for a person; its handover's id.

    The message names the handover and nothing of what was said.
    """
    content = json.dumps(to_json(waiting), ensure_ascii=False, sort_keys=True).encode()
    moment = str(ports.clock.now()).encode()
    handover = hashlib.sha256(content + moment).hexdigest()[:32]
    ports.files.write_once(f"{HANDOVERS}{handover}.json", content, content_type=_JSON)
    ports.calls.call(
        "sqs",
        "SendMessage",
        QueueUrl=ports.resources[QUEUE],
        MessageBody=json.dumps({"handover": handover}),
    )
    ports.metrics.put("Handovers", 1)
    return handover


def next_handover(_request: NextHandover, ports: ServicePorts) -> Handover:
    """The one that waits longest; those that were closed are taken out on the way."""
    queue = ports.resources[QUEUE]
    for _ in range(_MOST_CLOSED):
        answer = ports.calls.call(
            "sqs",
            "ReceiveMessage",
            QueueUrl=queue,
            VisibilityTimeout=HIDDEN_SECONDS,
            WaitTimeSeconds=1,
        )
        messages = answer.get("Messages", [])
        if not messages:
            break
        handover = str(json.loads(messages[0]["Body"])["handover"])
        waiting = _waiting(handover, ports)
        if waiting is not None and not _is_closed(handover, ports):
            return Handover(handover=handover, waiting=waiting)
        receipt = messages[0]["ReceiptHandle"]
        ports.calls.call("sqs", "DeleteMessage", QueueUrl=queue, ReceiptHandle=receipt)
    raise not_found("no conversation waits for a person")


def close(request: Close, ports: ServicePorts) -> Closed:
    """It is closed, once."""
    if _waiting(request.handover, ports) is None:
        message = f"no handover {request.handover}: it was never asked for, or has expired"
        raise not_found(message)
    content = json.dumps({"by": request.by}).encode()
    key = f"{CLOSED}{request.handover}.json"
    if not ports.files.write_once(key, content, content_type=_JSON):
        raise ProblemError("closed", "somebody closed this conversation already", status=409)
    return Closed(handover=request.handover)


def _waiting(handover: str, ports: ServicePorts) -> Waiting | None:
    try:
        content = ports.files.read(f"{HANDOVERS}{handover}.json")
    except NotFoundError:
        return None
    return read(Waiting, json.loads(content), what="a handover")


def _is_closed(handover: str, ports: ServicePorts) -> bool:
    try:
        ports.files.read(f"{CLOSED}{handover}.json")
    except NotFoundError:
        return False
    return True
