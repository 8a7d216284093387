"""The user's four functions, with a container's defaults for missing ones.

Those here are the scikit-learn container's. Follows `sagemaker-scikit-learn-container`
(serving.py) and `sagemaker-containers` (_transformer.py): the same argument orders, the same
wrapping of errors. One consequence is kept on purpose: that container wraps its *default* functions
too, so an unsupported media type is answered 500 and not 415.
"""

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any, TypeVar

import numpy as np

from emulator.serving_container import encoders
from emulator.serving_container.encoders import ClientError
from emulator.serving_container.httpd import HttpRequest, HttpResponse
from emulator.serving_container.responses import Response, as_http

_T = TypeVar("_T")
Transform = Callable[[Any, Any, str, str], Any]


def default_model_fn(model_dir: str) -> Any:
    """There is no default: scikit-learn has no one format of its own."""
    raise NotImplementedError(
        "\nPlease provide a model_fn implementation.\n"
        "See documentation for model_fn at https://github.com/aws/sagemaker-python-sdk\n"
    )


def default_input_fn(body: Any, content_type: str) -> Any:
    """An array; of 32-bit floats where the body was text."""
    array = encoders.decode(body, content_type)
    return array.astype(np.float32) if content_type in encoders.UTF8_TYPES else array


def default_predict_fn(data: Any, model: Any) -> Any:
    """What the model predicts."""
    return model.predict(data)


def default_output_fn(prediction: Any, accept: str) -> Any:
    """The prediction in the media type that the client accepts."""
    return Response(encoders.encode(prediction, accept), mimetype=accept)


@dataclass(frozen=True, kw_only=True, slots=True)
class Defaults:
    """What a container does where the user's code leaves it to it."""

    input_fn: Callable[[Any, str], Any] = default_input_fn
    predict_fn: Callable[[Any, Any], Any] = default_predict_fn
    output_fn: Callable[[Any, str], Any] = default_output_fn


SCIKIT_LEARN = Defaults()


class Transformer:
    """A loaded model and the functions around it: from a request to its answer."""

    def __init__(
        self, module: ModuleType, model_dir: Path, defaults: Defaults = SCIKIT_LEARN
    ) -> None:
        self._default_accept = os.environ.get("SAGEMAKER_DEFAULT_INVOCATIONS_ACCEPT", encoders.JSON)
        self._transform = _transform_of(module, defaults)
        self._model = _wrapped(getattr(module, "model_fn", default_model_fn))(str(model_dir))

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """The answer to one invocation; raises what the user's code raised, as ClientError."""
        content_type, accept, body = asked(request, self._default_accept)
        return as_http(self._transform(self._model, body, content_type, accept))


def asked(request: HttpRequest, default_accept: str) -> tuple[str, str, Any]:
    """Media types of the request and its answer, and the body: text of JSON and CSV, else bytes."""
    content_type = request.headers.get("content-type") or encoders.JSON
    accept = request.headers.get("accept", "")
    if accept in {"", encoders.ANY}:
        accept = default_accept
    if content_type in encoders.UTF8_TYPES:
        return content_type, accept, request.body.decode("utf-8", errors="replace")
    return content_type, accept, request.body


def _transform_of(module: ModuleType, defaults: Defaults) -> Transform:
    whole = getattr(module, "transform_fn", None)
    parts = [getattr(module, name, None) for name in ("input_fn", "predict_fn", "output_fn")]
    if whole is not None:
        if any(part is not None for part in parts):
            raise ClientError(
                "Cannot use transform_fn implementation with input_fn, predict_fn, and/or output_fn"
            )
        return _wrapped(whole)
    missing = (defaults.input_fn, defaults.predict_fn, defaults.output_fn)
    input_fn, predict_fn, output_fn = (
        _wrapped(default if part is None else part)
        for part, default in zip(parts, missing, strict=True)
    )

    def transform(model: Any, body: Any, content_type: str, accept: str) -> Any:
        return output_fn(predict_fn(input_fn(body, content_type), model), accept)

    return transform


def _wrapped(function: Callable[..., _T]) -> Callable[..., _T]:
    def call(*args: Any) -> _T:
        try:
            return function(*args)
        except Exception as error:
            raise ClientError(error) from error

    return call
