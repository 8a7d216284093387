"""How the algorithms that SageMaker wrote itself are asked and answer: one way for all of them."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from emulator.algorithms import formats
from emulator.algorithms.hyperparameters import CustomerError
from emulator.serving_container.httpd import HttpResponse

Predict = Callable[[Any], Sequence[Mapping[str, Any]]]
"""From a matrix to a record a row."""


def serving(
    predict: Predict, *, columns: int, key: str = "predictions"
) -> Callable[[bytes, str, str], HttpResponse]:
    """What answers requests of rows with that many features; faults are told with HTTP 400."""

    def served(body: bytes, content_type: str, accept: str) -> HttpResponse:
        try:
            rows = formats.request_rows(body, content_type or formats.JSON, columns=columns)
            if rows.shape[1] != columns:
                return _refused(f"the model has {columns} features, the request {rows.shape[1]}")
            answered, kind = formats.answer(key, predict(rows), accept)
        except (CustomerError, ValueError, KeyError, TypeError) as error:
            return _refused(f"{type(error).__name__}: {error}")
        return HttpResponse(headers={"Content-Type": kind}, body=answered)

    return served


def _refused(words: str) -> HttpResponse:
    headers = {"Content-Type": "text/plain; charset=utf-8"}
    return HttpResponse(status=400, headers=headers, body=words.encode())
