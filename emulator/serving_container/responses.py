"""What the user's code may return, turned into an HTTP answer as Flask would.

`Response` is the class that user code imports as
`sagemaker_containers.beta.framework.worker.Response`; `install_framework_modules` makes that import
work, because code written for AWS uses it to set a status or a header.
"""

import json
import sys
import types
from collections.abc import Mapping
from typing import Any

from emulator.serving_container import encoders
from emulator.serving_container.httpd import HttpResponse


class Response:
    """A body with status, headers and media type: the part of Flask's class that matters here."""

    default_mimetype = encoders.JSON

    def __init__(  # noqa: PLR0917 - the signature that user code written for AWS calls
        self,
        response: str | bytes | None = None,
        accept: str | None = None,
        status: int = 200,
        headers: Mapping[str, str] | None = None,
        mimetype: str | None = None,
    ) -> None:
        del accept  # deprecated and ignored by the toolkit too
        self.data = _as_bytes(b"" if response is None else response)
        self.status_code = int(status)
        self.headers: dict[str, str] = {} if headers is None else dict(headers)
        self.mimetype = self.default_mimetype if mimetype is None else mimetype

    def get_data(self) -> bytes:
        """The body."""
        return self.data


def as_http(result: Any) -> HttpResponse:
    """The HTTP answer for what a transform returned; TypeError for what Flask refuses too.

    A (body, media type) pair is the toolkit's own form. A bare string becomes text/html and a dict
    JSON, since that is what Flask does with them in the real container.
    """
    if isinstance(result, tuple):
        result = Response(response=result[0], mimetype=result[1])
    elif isinstance(result, str | bytes):
        result = Response(response=result, mimetype="text/html")
    elif isinstance(result, dict):
        result = Response(response=json.dumps(result))
    if not all(hasattr(result, name) for name in ("get_data", "status_code", "headers")):
        raise TypeError(
            "The view function did not return a valid response. The return type must be a string, "
            f"dict, tuple or Response instance, but it was a {type(result).__name__}."
        )
    headers = {"Content-Type": _content_type(result.mimetype), **dict(result.headers)}
    return HttpResponse(status=result.status_code, headers=headers, body=result.get_data())


def install_framework_modules() -> None:
    """`from sagemaker_containers.beta.framework import worker, encoders, content_types` works.

    Only `worker.Response`, the coders and the media types are there; other names of the toolkit
    raise ImportError or AttributeError as any missing name does.
    """
    content_types = types.ModuleType("content_types")
    for name in ("JSON", "CSV", "NPY", "ANY", "UTF8_TYPES"):
        setattr(content_types, name, getattr(encoders, name))
    worker = types.ModuleType("worker")
    worker.Response = Response  # type: ignore[attr-defined]
    parts = {"content_types": content_types, "encoders": encoders, "worker": worker}
    package = "sagemaker_containers"
    sys.modules[package] = types.ModuleType(package)
    for name in ("beta", "framework"):
        parent, package = package, f"{package}.{name}"
        sys.modules[package] = types.ModuleType(package)
        setattr(sys.modules[parent], name, sys.modules[package])
    for name, module in parts.items():
        setattr(sys.modules[package], name, module)
        sys.modules[f"{package}.{name}"] = module


def _content_type(mimetype: str) -> str:
    """Werkzeug names the charset of textual media types."""
    if mimetype.startswith("text/") and "charset" not in mimetype:
        return f"{mimetype}; charset=utf-8"
    return mimetype


def _as_bytes(body: str | bytes) -> bytes:
    return body.encode() if isinstance(body, str) else bytes(body)
