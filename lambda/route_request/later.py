"""Requests to asynchronous models: HTTP API events in, tickets and what became of them out."""

from __future__ import annotations

import json
from collections.abc import Mapping

from route_request.cookies import set_cookie
from route_request.events import body_of, refusal
from tidegate.untyped import Any
from tidegate.values import value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from tidegate.inference import Later
    from tidegate.submitting import Submitted

_KEY_HEADER, _UPLOAD_HEADER = "idempotency-key", "x-tidegate-input-location"
_ACCEPTED, _SEE_OTHER, _FAILED = 202, 303, 502
_WAIT_SECONDS = "10"
"""After how long a caller may ask again (Retry-After)."""


@value
class Submission:
    """What a caller says beside his request: his name of it, where its input is."""

    key: str | None
    upload: str | None


@value
class Asked:
    """Whose request is asked for."""

    model: str
    prediction_id: str


def is_answer_event(event: Mapping[str, Any]) -> bool:
    """Whether an earlier request's answer is asked for."""
    return "id" in (event.get("pathParameters") or {})


def submission_of(event: Mapping[str, Any]) -> Submission:
    """What the event's headers say of the submission. Header names are lower case."""
    headers: Mapping[str, str] = event.get("headers", {})
    return Submission(key=headers.get(_KEY_HEADER), upload=headers.get(_UPLOAD_HEADER))


def asked_for(event: Mapping[str, Any]) -> Asked:
    """The model and the prediction id in a path."""
    named = event["pathParameters"]
    return Asked(model=named["model"], prediction_id=named["id"])


def render_submitted(submitted: Submitted) -> dict[str, Any]:
    """202 with the prediction id and where its answer will be, or why there will be none."""
    ticket = submitted.ticket
    headers = {
        "x-tidegate-prediction-id": ticket.prediction_id,
        "x-tidegate-slot": ticket.line.slot,
        "x-tidegate-version": ticket.line.version,
    }
    if submitted.status != _ACCEPTED:
        status = submitted.status if submitted.status < 500 else _FAILED
        rendered = refusal(status, submitted.message, headers)
    else:
        where = f"/models/{ticket.line.model}/predictions/{ticket.prediction_id}"
        told = {"prediction_id": ticket.prediction_id, "answer": where}
        more = {"location": where, "retry-after": _WAIT_SECONDS}
        rendered = _json(_ACCEPTED, told, {**headers, **more})
    if submitted.new_cookie is not None:
        rendered["cookies"] = [set_cookie(submitted.new_cookie)]
    return rendered


def render_later(found: Later) -> dict[str, Any]:
    """The answer, the way to a large one, why there is none, or that it is still to come."""
    if found.location is not None:
        return _json(_SEE_OTHER, {"answer": found.location}, {"location": found.location})
    if found.status == _ACCEPTED:
        return _json(_ACCEPTED, {"message": "not answered yet"}, {"retry-after": _WAIT_SECONDS})
    if found.status != 200:
        return refusal(found.status, found.body.decode(errors="replace"))
    content_type = {"content-type": found.content_type}
    return {"statusCode": 200, "headers": content_type, **body_of(found.body)}


def _json(status: int, told: Mapping[str, str], headers: Mapping[str, str]) -> dict[str, Any]:
    return {
        "statusCode": status,
        "headers": {**headers, "content-type": "application/json"},
        "body": json.dumps(told),
        "isBase64Encoded": False,
    }
