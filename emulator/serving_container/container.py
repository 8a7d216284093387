"""One container: sets up what SageMaker's contract promises, loads the model, answers requests.

Runs in a process of its own that the zygote forked. The model is loaded before the first connection
is accepted; where that fails, each `/ping` tries again and answers 500, as the real container does.
A container of several models imports their program before, and loads the models when it is told to.
"""

import gc
import importlib
import os
import socket
import sys
import threading
import traceback
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from emulator.serving_container import dialects, httpd
from emulator.serving_container.httpd import Application, HttpRequest, HttpResponse
from emulator.serving_container.multi_model import MULTI_MODEL, ManyModels
from emulator.serving_container.responses import install_framework_modules


@dataclass(frozen=True, kw_only=True, slots=True)
class ContainerSpec:
    """What one container gets: its variables, its unpacked artifact and its listening socket."""

    environment: Mapping[str, str]
    model_dir: Path
    listener: socket.socket
    algorithm: str | None = None
    """The built-in algorithm that answers; None where the user's code does."""
    dialect: str = dialects.SCIKIT_LEARN
    """Whose container it plays: what the code has to offer, and what is done without it."""


def run(spec: ContainerSpec) -> None:
    """The container serves until it is killed."""
    _become_the_container(spec)
    httpd.serve(spec.listener, _application(spec))


def _application(spec: ContainerSpec) -> httpd.Application:
    if spec.algorithm is None and spec.environment.get(MULTI_MODEL) == "true":
        load = dialects.loader_of_many(spec.dialect, spec.model_dir)
        return ManyModels(spec.model_dir.parent / "models", load)
    if spec.algorithm is None:
        return _Application(spec.model_dir, dialects.loader_of(spec.dialect))
    # Imported before the search path became the container's: the zygote's runner names it.
    module = importlib.import_module("emulator.algorithms.serving")
    application: httpd.Application = module.AlgorithmApplication(spec.algorithm, spec.model_dir)
    return application


class _Application:
    """Routes of the container contract; loads the model until that worked once."""

    def __init__(self, model_dir: Path, load: Callable[[Path], Application]) -> None:
        self._model_dir = model_dir
        self._load_model = load
        self._loading = threading.Lock()
        self._transformer: Application | None = None
        self._load()

    def __call__(self, request: HttpRequest) -> HttpResponse:
        path = request.path.partition("?")[0]
        if path not in {"/ping", "/invocations"}:
            return HttpResponse(status=404)
        transformer = self._transformer or self._load()
        if transformer is None:
            return HttpResponse(status=500, body=httpd.INTERNAL_SERVER_ERROR_PAGE.encode())
        if path == "/ping":
            return HttpResponse()
        return transformer(request) if request.method == "POST" else HttpResponse(status=405)

    def _load(self) -> Application | None:
        with self._loading:
            if self._transformer is None:
                try:
                    self._transformer = self._load_model(self._model_dir)
                    gc.freeze()  # a loaded model stays: looking at it again costs 7 % of a request
                except Exception:  # noqa: BLE001 - a container that can't load must stay to say so
                    sys.stderr.write("[ERROR] Error handling request /ping\n")
                    traceback.print_exc()
            return self._transformer


def _become_the_container(spec: ContainerSpec) -> None:
    os.environ.clear()
    os.environ.update(spec.environment)
    os.chdir(spec.model_dir)
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(line_buffering=True)  # type: ignore[union-attr]
    np.random.seed()  # noqa: NPY002 - forked processes must not share the global generator's state
    sys.argv = ["serve"]
    sys.path[:] = [entry for entry in sys.path if _belongs_to_python(entry)]
    install_framework_modules()


def _belongs_to_python(entry: str) -> bool:
    """Whether a search path is the interpreter's or an installed package's, not this project's."""
    roots = (Path(sys.prefix).resolve(), Path(sys.base_prefix).resolve())
    path = Path(entry).resolve()
    return entry != "" and any(path.is_relative_to(root) for root in roots)
