"""A process that has boto3 imported and forks Lambda workers, so that a cold start takes ~30 ms.

Usage: python -I zygote.py <control file descriptor> <parent pid>. Each message on the control
socket is a worker's description (JSON) with two descriptors: the worker's channel and its output.
The answer is the worker's process id.

Forking is safe here because this process has one thread and holds no connection, lock or
credential. Third-party packages other than boto3's are hidden from workers, as on AWS.
"""

import ctypes
import gc
import importlib.util
import json
import os
import signal
import socket
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

_PR_SET_PDEATHSIG = 1
_MESSAGE_BYTES = 1 << 18
_PRELOADED = (
    "boto3",
    "botocore.config",
    "botocore.session",
    "concurrent.futures",
    "decimal",
    "uuid",
)
# Read for every client; parsed once here instead of once in each worker.
_SHARED_DATA = ("endpoints", "partitions", "sdk-default-configuration", "_retry")
# Of these services most functions have a client, and parsing their models takes most of its time.
_SHARED_SERVICES = ("dynamodb", "s3", "sagemaker", "sqs")
_MODELS = ("service-2", "endpoint-rule-set-1")


def main(control_fd: int, parent_pid: int) -> None:
    """Workers are forked until the parent closes its end or dies."""
    libc = ctypes.CDLL(None) if sys.platform == "linux" else None
    bootstrap = _bootstrap()
    _preload()
    _hide_third_party_packages()
    gc.collect()
    gc.freeze()
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    control = socket.socket(fileno=control_fd)
    while os.getppid() == parent_pid:
        message, descriptors, _, _ = socket.recv_fds(control, _MESSAGE_BYTES, 2)
        if not message:
            return
        own_pid = os.getpid()
        pid = os.fork()
        if pid == 0:
            control.close()
            _tie_to_parent(libc, own_pid)
            _become_worker(bootstrap, json.loads(message), descriptors)
        for descriptor in descriptors:
            os.close(descriptor)
        control.send(str(pid).encode())


def _tie_to_parent(libc: ctypes.CDLL | None, parent_pid: int) -> None:
    if libc is not None:
        libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != parent_pid:
        os._exit(1)


def _become_worker(
    bootstrap: ModuleType,
    description: dict[str, Any],
    descriptors: list[int],
) -> None:
    os.setsid()
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    channel_fd, output_fd = descriptors
    os.dup2(output_fd, 1)
    os.dup2(output_fd, 2)
    os.close(output_fd)
    code = 1
    try:
        code = bootstrap.run(socket.socket(fileno=channel_fd), description)
    finally:
        os._exit(code)


def _bootstrap() -> ModuleType:
    path = Path(__file__).with_name("bootstrap.py")
    spec = importlib.util.spec_from_file_location("_lambda_bootstrap", path)
    if spec is None or spec.loader is None:
        raise ImportError(f"the Lambda bootstrap is missing, expected it at {path}")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _preload() -> None:
    for name in _PRELOADED:
        importlib.import_module(name)
    loaders = importlib.import_module("botocore.loaders")
    parsed: dict[str, Any] = {}
    load = loaders.JSONFileLoader.load_file

    def keep(self: Any, file_path: str) -> Any:
        parsed[file_path] = load(self, file_path)
        return parsed[file_path]

    def load_once(self: Any, file_path: str) -> Any:
        return parsed[file_path] if file_path in parsed else load(self, file_path)

    loaders.JSONFileLoader.load_file = keep
    loader = loaders.Loader()
    for name in _SHARED_DATA:
        loader.load_data(name)
    for service in _SHARED_SERVICES:
        for model in _MODELS:
            loader.load_service_model(service, model)
    loaders.JSONFileLoader.load_file = load_once


def _hide_third_party_packages() -> None:
    """A worker finds the standard library and what is preloaded; the rest comes with its code."""
    sys.path[:] = [entry for entry in sys.path if "site-packages" not in entry]
    importlib.invalidate_caches()


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
