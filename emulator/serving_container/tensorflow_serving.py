"""The TensorFlow container: what is asked becomes a request of TensorFlow Serving's REST API.

Follows `sagemaker-tensorflow-serving-container`: without code/inference.py its nginx script turns
JSON, JSON Lines and CSV into `instances`; with it, the handlers of that file are called, and reach
TensorFlow Serving at `context.rest_uri`, which is really there. gRPC is not: `context.channel` is
None.
"""

import io
import json
import os
import re
import socket
import sys
import threading
import traceback
from collections.abc import Callable, Mapping
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

from emulator.serving_container import httpd
from emulator.serving_container.httpd import Application, HttpRequest, HttpResponse
from emulator.serving_container.saved_models import SavedModels, load_saved_models, statuses
from emulator.serving_container.user_code import imported

_ATTRIBUTES = "x-amzn-sagemaker-custom-attributes"
_JSON_TYPES = frozenset({"application/json", "application/jsonlines", "application/jsons"})


class Context(NamedTuple):
    """What handlers are told of a request, as in the container (tfs_utils.Context)."""

    model_name: str | None
    model_version: str | None
    method: str | None
    rest_uri: str
    grpc_port: str | None
    channel: None
    custom_attributes: str | None
    request_content_type: str
    accept_header: str
    content_length: int


def load_tensorflow(model_dir: Path) -> Application:
    """The bundles of an unpacked artifact, behind the handlers of its code/ if it has them."""
    models = load_saved_models(model_dir, os.environ.get("SAGEMAKER_TFS_DEFAULT_MODEL_NAME"))
    for line in statuses(models):
        sys.stdout.write(f"{line}\n")
    if not (model_dir / "code" / "inference.py").is_file():
        return Directly(models)
    return ByHandlers(imported(model_dir / "code", "inference.py"), models)


class Directly:
    """Requests as the container's nginx script sends them on."""

    def __init__(self, models: SavedModels) -> None:
        self._models = models

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """The answer to one invocation."""
        content_type = request.headers.get("content-type")
        body = request.body.decode("utf-8", errors="replace")
        if content_type in _JSON_TYPES:
            wanted = _from_json(body)
        elif content_type == "text/csv":
            wanted = _from_csv(body)
        else:
            told = f'{{"error": "Unsupported Media Type: {content_type or "Unknown"}"}}'
            return HttpResponse(status=415, body=told.encode())
        attributes = tfs_attributes(request.headers.get(_ATTRIBUTES))
        path = rest_path(attributes, self._models.default)
        answer = self._models(
            HttpRequest(method="POST", path=path, headers={}, body=wanted.encode())
        )
        accepted = [part.strip() for part in request.headers.get("accept", "").split(",")]
        if not {"application/json", "application/jsonlines"}.isdisjoint(accepted):
            flat = answer.body.replace(b"\n", b"")
            return HttpResponse(
                status=answer.status, headers={"Content-Type": accepted[0]}, body=flat
            )
        return answer


class ByHandlers:
    """Requests by the `handler` of the user's code, or its `input_handler` and `output_handler`."""

    def __init__(self, module: ModuleType, models: SavedModels) -> None:
        self._default = models.default
        self._handler = _handler_of(module)
        self._port = _listen(models)

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """The answer to one invocation."""
        try:
            body, content_type = self._handler(io.BytesIO(request.body), self._context(request))
        except Exception as error:  # noqa: BLE001 - whatever the user's code raises becomes a 500
            traceback.print_exc()
            told = json.dumps({"error": str(error)}).encode()
            return HttpResponse(status=500, headers={"Content-Type": "application/json"}, body=told)
        raw = body.encode() if isinstance(body, str) else bytes(body)
        return HttpResponse(headers={"Content-Type": content_type}, body=raw)

    def _context(self, request: HttpRequest) -> Context:
        given = request.headers.get(_ATTRIBUTES)
        attributes = tfs_attributes(given)
        return Context(
            model_name=attributes.get("tfs-model-name"),
            model_version=attributes.get("tfs-model-version"),
            method=attributes.get("tfs-method"),
            rest_uri=f"http://127.0.0.1:{self._port}{rest_path(attributes, self._default)}",
            grpc_port=None,
            channel=None,
            custom_attributes=given,
            request_content_type=request.headers.get("content-type") or "application/json",
            accept_header=request.headers.get("accept") or "application/json",
            content_length=len(request.body),
        )


def tfs_attributes(header: str | None) -> dict[str, str]:
    """The attributes `tfs-...` of a header of custom attributes."""
    found = re.findall(r"(tfs-[a-z\-]+=[^,]+)", "" if header is None else header)
    return dict(attribute.split("=", 1) for attribute in found)


def rest_path(attributes: Mapping[str, str], default: str) -> str:
    """The path that TensorFlow Serving is asked at."""
    path = f"/v1/models/{attributes.get('tfs-model-name', default)}"
    if "tfs-model-version" in attributes:
        path += f"/versions/{attributes['tfs-model-version']}"
    return f"{path}:{attributes.get('tfs-method', 'predict')}"


def _handler_of(module: ModuleType) -> Callable[[Any, Context], tuple[Any, str]]:
    if hasattr(module, "handler"):
        return module.handler  # type: ignore[no-any-return]
    if not (hasattr(module, "input_handler") and hasattr(module, "output_handler")):
        raise NotImplementedError("Handlers are not implemented correctly in user script.")

    def handle(data: Any, context: Context) -> tuple[Any, str]:
        post = import_module("requests").post
        response = post(context.rest_uri, data=module.input_handler(data, context), timeout=60)
        return module.output_handler(response, context)  # type: ignore[no-any-return]

    return handle


def _listen(models: SavedModels) -> int:
    """The port at which the REST API answers, on the loopback, from now on."""
    listener = socket.create_server(("127.0.0.1", 0))
    threading.Thread(target=httpd.serve, args=(listener, models), daemon=True).start()
    return int(listener.getsockname()[1])


def _from_json(text: str) -> str:
    if re.search(r'"(instances|inputs|examples)"\s*:', text):
        return text
    if re.search(r"[}\]]\s*[\[{]", text):
        lines = [line.strip() for line in text.strip().splitlines() if line.strip()]
        joined = ",".join(lines)
        return f'{{"instances":{joined if len(lines) == 1 else f"[{joined}]"}}}'
    rows = text if re.match(r"\s*\[\s*\[", text) else f"[{text}]"
    return f'{{"instances":{rows}}}'


def _from_csv(text: str) -> str:
    quoted = re.match(r'\s*("|[\d.Ee+\-]+.*)', text) is None
    rows = []
    for line in (line.strip() for line in text.strip().splitlines()):
        if line:
            cells = '"' + line.replace('"', '\\"', 1).replace(",", '","', 1) + '"'
            row = cells if quoted else line
            rows.append(f"[{row}]" if "," in line else row)
    return f'{{"instances":[{",".join(rows)}]}}'
