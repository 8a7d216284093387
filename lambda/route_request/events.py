"""HTTP API events (payload format 2.0) to requests of models, and predictions to HTTP answers."""

import binascii
import json
from collections.abc import Mapping

from route_request.cookies import cookie_in, set_cookie
from tidegate.assignment import anonymous_client_of, client_of
from tidegate.inference import Answer
from tidegate.routing import Prediction, PredictionRequest
from tidegate.targets import HEADER as TARGET_HEADER
from tidegate.untyped import Any

_USER_HEADER = "x-tidegate-user"
_SLOT_HEADER = "x-tidegate-slot"


def prediction_request(event: Mapping[str, Any], track: str | None = None) -> PredictionRequest:
    """The request in an event, come by a track if there are two. Header names are lower case."""
    model = event["pathParameters"]["model"]
    headers: Mapping[str, str] = event.get("headers", {})
    return PredictionRequest(
        model=model,
        body=_body(event),
        content_type=headers.get("content-type", "application/octet-stream"),
        accept=headers.get("accept", "*/*"),
        client=_client(model, event, headers),
        slot_token=headers.get(_SLOT_HEADER),
        target=headers.get(TARGET_HEADER),
        track=track,
        names_track=track is not None and headers.get("host", "").startswith(f"{track}."),
    )


def _body(event: Mapping[str, Any]) -> bytes:
    body: str = event.get("body") or ""
    return binascii.a2b_base64(body) if event.get("isBase64Encoded") else body.encode()


def _client(model: str, event: Mapping[str, Any], headers: Mapping[str, str]) -> str:
    """Who called, as a hash that differs from model to model: a name counts before a cookie.

    Empty where there is neither. An address would not do: behind one backend or proxy everybody has
    the same, and a broken version would then seem to have failed a single client.
    """
    who = headers.get(_USER_HEADER, "")
    if who:
        return client_of(model, who)
    cookie = cookie_in(event)
    return "" if cookie is None else anonymous_client_of(model, cookie)


def render(prediction: Prediction) -> dict[str, Any]:
    """The HTTP answer: the model's own body, or why there is none."""
    answer = prediction.answer
    headers = {
        "x-tidegate-prediction-id": prediction.prediction_id,
        "x-tidegate-slot": prediction.slot,
        "x-tidegate-version": prediction.version,
    }
    if answer.status != 200:
        rendered = refusal(_http_status(answer), answer.body.decode(errors="replace"), headers)
    else:
        content_type = {"content-type": answer.content_type}
        rendered = {"statusCode": 200, "headers": headers | content_type, **body_of(answer.body)}
    if prediction.new_cookie is not None:
        rendered["cookies"] = [set_cookie(prediction.new_cookie)]
    return rendered


def _http_status(answer: Answer) -> int:
    """A caller's own fault stays one; a model's becomes the gateway's."""
    if answer.status < 500:
        return answer.status
    return 504 if answer.status == 504 else 502


def body_of(body: bytes) -> dict[str, Any]:
    """The members of an HTTP answer that hold its body: text, or base64 of what is no text."""
    try:
        return {"body": body.decode(), "isBase64Encoded": False}
    except UnicodeDecodeError:
        encoded = binascii.b2a_base64(body, newline=False).decode()
        return {"body": encoded, "isBase64Encoded": True}


def refusal(status: int, message: str, headers: Mapping[str, str] | None = None) -> dict[str, Any]:
    """The HTTP answer with a message and no prediction."""
    return {
        "statusCode": status,
        "headers": {**(headers or {}), "content-type": "application/json"},
        "body": json.dumps({"message": message}),
        "isBase64Encoded": False,
    }
