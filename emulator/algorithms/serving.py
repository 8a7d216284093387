"""The application that plays the serving container of a built-in algorithm.

Without a model that can be loaded, each `/ping` answers 500 and says why in the log.
"""

import importlib
import json
import sys
import threading
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from emulator.algorithms.registry import ALGORITHMS
from emulator.algorithms.training import RECORDED_FILE
from emulator.serving_container.httpd import HttpRequest, HttpResponse

Served = Callable[[bytes, str, str], HttpResponse]
"""A loaded model: (body, content type, accepted type) to the answer."""


@dataclass
class AlgorithmApplication:
    """Routes of the container contract; the model is loaded before the first request, or again."""

    name: str
    model_dir: Path

    def __post_init__(self) -> None:
        self._loading = threading.Lock()
        self._served: Served | None = None
        self._load()

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """The answer to one request."""
        path = request.path.partition("?")[0]
        served = self._load()
        if served is None:
            return HttpResponse(status=500, body=b"the model can't be loaded: see the log")
        if path == "/invocations":
            return _invoked(served, request)
        if path == "/execution-parameters":
            return _json(EXECUTION_PARAMETERS)
        return HttpResponse(status=200 if path == "/ping" else 404)

    def _load(self) -> Served | None:
        with self._loading:
            if self._served is None:
                try:
                    self._served = _loaded(self.name, self.model_dir)
                except Exception:  # noqa: BLE001 - a container that can't load must stay to say so
                    sys.stderr.write("[ERROR] the model can't be loaded\n")
                    traceback.print_exc()
            return self._served


EXECUTION_PARAMETERS = {
    "MaxConcurrentTransforms": 1,
    "BatchStrategy": "MULTI_RECORD",
    "MaxPayloadInMB": 6,
}
"""What batch transform asks a container for; the payload is SageMaker's default."""


def _invoked(served: Served, request: HttpRequest) -> HttpResponse:
    if request.method != "POST":
        return HttpResponse(status=405)
    if not request.body:
        return HttpResponse(status=204)
    content_type = request.headers.get("content-type", "")
    return served(request.body, content_type, request.headers.get("accept", ""))


def _loaded(name: str, model_dir: Path) -> Served:
    known = next(each for each in ALGORITHMS.values() if each.name == name)
    if known.module is None:
        return _recorded(name, model_dir)
    load: Callable[[Path], Served] = importlib.import_module(known.module).load
    return load(model_dir)


def _recorded(name: str, model_dir: Path) -> Served:
    """A container that is healthy, and says at each request that nothing was trained."""
    if not (model_dir / RECORDED_FILE).is_file():
        raise FileNotFoundError(f"the artifact is not one that the embedded cloud made of {name}")

    def served(_body: bytes, _content_type: str, _accept: str) -> HttpResponse:
        reason = f"{name} is recorded by the embedded cloud: it was not trained and can't answer"
        return _json({"error": reason}, status=501)

    return served


def _json(document: Any, *, status: int = 200) -> HttpResponse:
    headers = {"Content-Type": "application/json"}
    return HttpResponse(status=status, headers=headers, body=json.dumps(document).encode())
