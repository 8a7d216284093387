"""What SageMaker asks a container, and what it answers; it knows no MXNet and no sockets.

Source: developer guide, "Use your own inference code with hosting services".
"""

import json
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

JSON = "application/json"

Predict = Callable[[Sequence[Sequence[float]]], Sequence[float]]
"""The chance of each row."""


class Answer(NamedTuple):
    """What goes back."""

    status: int
    body: bytes
    content_type: str = JSON


def answer(
    predict: Predict | None, *, method: str, path: str, headers: Mapping[str, str], body: bytes
) -> Answer:
    """The answer to one request; `predict` is None while the model is not loaded."""
    if (method, path) == ("GET", "/ping"):
        return Answer(503, b"") if predict is None else Answer(200, b"")
    if (method, path) != ("POST", "/invocations"):
        return _refused(404, f"{method} {path} is not served: GET /ping, POST /invocations are")
    if predict is None:
        return _refused(503, "the model is not loaded yet")
    media_type = headers.get("content-type", JSON).partition(";")[0].strip()
    if media_type != JSON:
        return _refused(415, f"content type {media_type!r} cannot be read: send {JSON}")
    try:
        rows = [[float(number) for number in row] for row in json.loads(body)["instances"]]
    except (KeyError, TypeError, ValueError) as error:
        return _refused(400, f'the body is not {{"instances": [[...], ...]}}: {error!r}')
    return Answer(200, json.dumps({"predictions": list(predict(rows))}).encode())


def _refused(status: int, why: str) -> Answer:
    return Answer(status, json.dumps({"error": why}).encode())
