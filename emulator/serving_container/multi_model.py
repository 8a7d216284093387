"""Several models in one container: loaded and unloaded by name while it serves.

Follows the contract of the developer guide ("Custom Containers Contract for Multi-Model
Endpoints"). All models share one program, which is imported before the container serves; its
`model_fn` is called for each model that is loaded. Errors are worded as AWS's model server words
them (multi-model-server): a document with code, type and message, and for what the user's code
raises the message and the traceback.
"""

import json
import sys
import threading
import traceback
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from emulator.serving_container.httpd import Application, HttpRequest, HttpResponse

MULTI_MODEL = "SAGEMAKER_MULTI_MODEL"
"""Set to "true" where the container is started for several models."""

CONTAINER_MODELS_DIR = "/opt/ml/models"
"""Where SageMaker unpacks the models; paths under it are mapped to the instance's directory."""

ROOM = 50
"""Models loaded at once; own limit, where the real container goes by the memory that is left."""

_JSON = {"Content-Type": "application/json"}
_Refusal = tuple[int, str, str]


@dataclass(frozen=True, kw_only=True, slots=True)
class _Loaded:
    """A model that answers, and the place that it was loaded from."""

    url: str
    answer: Application


class ManyModels:
    """Routes of the contract; `models` is this machine's folder for CONTAINER_MODELS_DIR."""

    def __init__(
        self, models: Path, load: Callable[[Path], Application], *, room: int = ROOM
    ) -> None:
        self._models = models
        self._load_model = load
        self._room = room
        self._changing = threading.Lock()
        # Replaced as a whole, so that a request reads it without a lock.
        self._loaded: Mapping[str, _Loaded] = {}

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """The answer to one request of the platform."""
        path = request.path.partition("?")[0]
        if path == "/ping":
            return HttpResponse()
        root, _, rest = path.removeprefix("/").partition("/")
        name, _, action = rest.partition("/")
        if root != "models":
            return HttpResponse(status=404)
        if name == "":
            return self._on_all(request)
        loaded = self._loaded.get(name)
        if loaded is None:
            return _refused((404, "ModelNotFoundException", f"Model not found: {name}"))
        return self._on_one(request, name, loaded, action)

    def _on_all(self, request: HttpRequest) -> HttpResponse:
        if request.method == "POST":
            return self._load(json.loads(request.body))
        if request.method == "GET":
            listed = [_shown(name, one) for name, one in self._loaded.items()]
            return _document({"models": listed})
        return HttpResponse(status=405)

    def _on_one(
        self, request: HttpRequest, name: str, loaded: _Loaded, action: str
    ) -> HttpResponse:
        if (request.method, action) == ("POST", "invoke"):
            return _answered(loaded.answer, request)
        if (request.method, action) == ("GET", ""):
            return _document(_shown(name, loaded))
        if (request.method, action) == ("DELETE", ""):
            return self._unload(name)
        return HttpResponse(status=405)

    def _load(self, asked: Mapping[str, Any]) -> HttpResponse:
        name, url = str(asked["model_name"]), str(asked["url"])
        with self._changing:  # one after another, so that room is not given twice
            refusal = self._refusal(name, url)
            if refusal is not None:
                return _refused(refusal)
            try:
                answer = self._load_model(self._models / _below(url))
            except Exception as error:  # noqa: BLE001 - the user's code failed, others' models serve
                sys.stderr.write(f"[ERROR] Failed to load model {name}\n")
                traceback.print_exc()
                return _refused((500, "InternalServerException", f"{error}"))
            self._loaded = {**self._loaded, name: _Loaded(url=url, answer=answer)}
        return _document({"status": f"Model {name} loaded"})

    def _refusal(self, name: str, url: str) -> _Refusal | None:
        if name in self._loaded:
            return (409, "ConflictStatusException", f"Model {name} is already registered.")
        if not url.startswith(f"{CONTAINER_MODELS_DIR}/") or ".." in url.split("/"):
            return (400, "BadRequestException", f"No model under {CONTAINER_MODELS_DIR}: {url}")
        if len(self._loaded) >= self._room:
            return (507, "InsufficientMemoryException", f"{self._room} models are loaded.")
        return None

    def _unload(self, name: str) -> HttpResponse:
        with self._changing:
            self._loaded = {key: one for key, one in self._loaded.items() if key != name}
        return _document({"status": f"Model {name} unloaded"})


def _below(url: str) -> str:
    return url.removeprefix(f"{CONTAINER_MODELS_DIR}/")


def _answered(model: Application, request: HttpRequest) -> HttpResponse:
    try:
        return model(request)
    except Exception as error:  # noqa: BLE001 - whatever the user's code raises becomes a 500
        sys.stderr.write(f"[ERROR] Error handling request {request.path}\n")
        traceback.print_exc()
        told = f"{error}\n{traceback.format_exc()}"
        return HttpResponse(status=500, headers={"Content-Type": "text/plain"}, body=told.encode())


def _shown(name: str, one: _Loaded) -> dict[str, str]:
    return {"modelName": name, "modelUrl": one.url}


def _refused(refusal: _Refusal) -> HttpResponse:
    code, kind, message = refusal
    return _document({"code": code, "type": kind, "message": message}, status=code)


def _document(content: Mapping[str, Any], status: int = 200) -> HttpResponse:
    return HttpResponse(status=status, headers=_JSON, body=json.dumps(content).encode())
