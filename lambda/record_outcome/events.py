"""HTTP API events (payload format 2.0) to outcomes, and what became of them to HTTP answers."""

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tidegate.errors import InvalidValueError, OutcomeRefusedError

_STATUS = {
    "forged": 400,
    "malformed": 400,
    "orphan": 404,
    "duplicate": 409,
    "late": 410,
    "no-event": 422,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What a caller says of a prediction."""

    prediction_id: str
    wrong: bool


def outcome(event: Mapping[str, Any]) -> Outcome:
    """The outcome in an event; InvalidValueError has every fault of its body."""
    text = event.get("body") or ""
    try:
        data = json.loads(base64.b64decode(text) if event.get("isBase64Encoded") else text)
    except ValueError as error:
        raise InvalidValueError(["the body must be a JSON object"]) from error
    if not isinstance(data, dict):
        raise InvalidValueError(["the body must be a JSON object"])
    faults = []
    if not isinstance(data.get("prediction_id"), str):
        faults.append("prediction_id must be a string, as the prediction's header had it")
    if not isinstance(data.get("wrong"), bool):
        faults.append("wrong must be true or false")
    if faults:
        raise InvalidValueError(faults)
    return Outcome(prediction_id=data["prediction_id"], wrong=data["wrong"])


def credited() -> dict[str, Any]:
    """The HTTP answer for an outcome that counts."""
    return _answer(202, {"credited": True})


def refused(error: OutcomeRefusedError) -> dict[str, Any]:
    """The HTTP answer for an outcome that does not count."""
    body = {"credited": False, "reason": error.reason, "message": str(error)}
    return _answer(_STATUS[error.reason], body)


def _answer(status: int, body: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "statusCode": status,
        "headers": {"content-type": "application/json"},
        "body": json.dumps(body),
        "isBase64Encoded": False,
    }
