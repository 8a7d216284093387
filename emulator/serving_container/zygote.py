"""The process that containers are forked from: Python, numpy and the framework already imported.

Importing them takes a second or more; forking a process that has them takes milliseconds and
shares their memory. It stays single-threaded (forking is safe only then), serves one owner over one
socket, and dies, with all containers, when that socket closes.

BLAS and OpenMP run on one thread in every container: their pools are set up at import, before any
container's own variables are known, and several containers share few cores.
"""

import contextlib
import ctypes
import gc
import importlib
import json
import os
import signal
import socket
import sys
import traceback
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from emulator.descriptors import readable
from emulator.serving_container.container import ContainerSpec, run

MAX_MESSAGE_BYTES = 192 * 1024
_PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None) if sys.platform == "linux" else None


def main(control_fd: int, preloaded: Sequence[str], dialect: str) -> None:
    """Fork a container for each message on the control socket, and report each that ends.

    They are of one dialect. The modules named in `preloaded` are imported once, here.
    """
    control = socket.socket(fileno=control_fd)
    for name in preloaded:
        importlib.import_module(name)
    gc.collect()
    gc.freeze()  # the collector must not touch, and so copy, pages shared with the containers
    _send(control, {"ready": os.getpid()})
    _Zygote(control, dialect).serve()


class _Zygote:
    """The loop of the process; holds the containers that are alive."""

    def __init__(self, control: socket.socket, dialect: str) -> None:
        self._control = control
        self._dialect = dialect
        self._alive: set[int] = set()
        self._wake_read, self._wake_write = os.pipe()
        os.set_blocking(self._wake_write, False)
        signal.set_wakeup_fd(self._wake_write, warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda _number, _frame: None)

    def serve(self) -> None:
        """Return when the owner has gone, with no container left."""
        while True:
            ready = readable([self._control.fileno(), self._wake_read], seconds=None)
            if self._wake_read in ready:
                os.read(self._wake_read, 4096)
                self._report_ended()
            if self._control.fileno() in ready and not self._take_message():
                break
        for pid in self._alive:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(pid, signal.SIGKILL)

    def _take_message(self) -> bool:
        message, descriptors, _, _ = socket.recv_fds(self._control, MAX_MESSAGE_BYTES, 2)
        if not message:
            return False
        listener_fd, output_fd = descriptors
        order = json.loads(message)
        parent = os.getpid()
        pid = os.fork()
        if pid == 0:
            self._live(order, listener_fd, output_fd, parent)
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.setpgid(pid, pid)  # the child does it too: whoever is first
        self._alive.add(pid)
        os.close(listener_fd)
        os.close(output_fd)
        _send(self._control, {"started": order["id"], "pid": pid})
        return True

    def _live(self, order: dict[str, Any], listener_fd: int, output_fd: int, parent: int) -> None:
        """Turn this forked process into the container; never returns."""
        code = 1
        try:
            _detach(output_fd, parent)
            for descriptor in (self._control.fileno(), self._wake_read, self._wake_write):
                os.close(descriptor)
            run(
                ContainerSpec(
                    environment=order["environment"],
                    model_dir=Path(order["model_dir"]),
                    listener=socket.socket(fileno=listener_fd),
                    algorithm=order["algorithm"],
                    dialect=self._dialect,
                )
            )
            code = 0
        except BaseException:  # noqa: BLE001 - nothing may unwind into the zygote's own frames
            traceback.print_exc()
        finally:
            os._exit(code)

    def _report_ended(self) -> None:
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if pid == 0:
                return
            self._alive.discard(pid)
            _send(self._control, {"ended": pid, "code": os.waitstatus_to_exitcode(status)})


def _detach(output_fd: int, parent: int) -> None:
    """Own process group, output to the log, killed with the zygote, default signals."""
    with contextlib.suppress(PermissionError):
        os.setpgid(0, 0)
    if _libc is not None:
        _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != parent:
        os._exit(1)
    signal.set_wakeup_fd(-1)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    os.dup2(output_fd, 1)
    os.dup2(output_fd, 2)
    os.close(output_fd)


def _send(control: socket.socket, message: dict[str, Any]) -> None:
    with contextlib.suppress(BrokenPipeError):
        control.sendall(json.dumps(message).encode())
