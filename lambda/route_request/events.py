"""HTTP API events (payload format 2.0) to requests of models, and predictions to HTTP answers."""

import base64
import hashlib
import json
from collections.abc import Mapping
from typing import Any

from tidegate.ports import Answer
from tidegate.routing import Prediction, PredictionRequest

_USER_HEADER = "x-tidegate-user"
_CLIENT_CHARACTERS = 16


def prediction_request(event: Mapping[str, Any]) -> PredictionRequest:
    """The request in an event. Header names are lower case in this payload format."""
    model = event["pathParameters"]["model"]
    headers: Mapping[str, str] = event.get("headers", {})
    return PredictionRequest(
        model=model,
        body=_body(event),
        content_type=headers.get("content-type", "application/octet-stream"),
        accept=headers.get("accept", "*/*"),
        client=_client(model, headers),
    )


def _body(event: Mapping[str, Any]) -> bytes:
    body: str = event.get("body") or ""
    return base64.b64decode(body) if event.get("isBase64Encoded") else body.encode()


def _client(model: str, headers: Mapping[str, str]) -> str:
    """Who called, as a hash that differs from model to model: the log names nobody.

    Empty where the caller does not say. An address would not do: behind one backend or proxy
    everybody has the same, and a broken version would then seem to have failed a single client.
    """
    who = headers.get(_USER_HEADER, "")
    if not who:
        return ""
    return hashlib.sha256(f"{model}\0{who}".encode()).hexdigest()[:_CLIENT_CHARACTERS]


def render(prediction: Prediction) -> dict[str, Any]:
    """The HTTP answer: the model's own body, or why there is none."""
    answer = prediction.answer
    headers = {
        "x-tidegate-prediction-id": prediction.prediction_id,
        "x-tidegate-slot": prediction.slot,
        "x-tidegate-version": prediction.version,
    }
    if answer.status != 200:
        message = answer.body.decode(errors="replace")
        return {**refusal(_http_status(answer), message, headers)}
    return {
        "statusCode": 200,
        "headers": {**headers, "content-type": answer.content_type},
        **_payload(answer.body),
    }


def _http_status(answer: Answer) -> int:
    """A caller's own fault stays one; a model's becomes the gateway's."""
    if answer.status < 500:
        return answer.status
    return 504 if answer.status == 504 else 502


def _payload(body: bytes) -> dict[str, Any]:
    try:
        return {"body": body.decode(), "isBase64Encoded": False}
    except UnicodeDecodeError:
        return {"body": base64.b64encode(body).decode(), "isBase64Encoded": True}


def refusal(status: int, message: str, headers: Mapping[str, str] | None = None) -> dict[str, Any]:
    """The HTTP answer with a message and no prediction."""
    return {
        "statusCode": status,
        "headers": {**(headers or {}), "content-type": "application/json"},
        "body": json.dumps({"message": message}),
        "isBase64Encoded": False,
    }
