"""The data plane's end of a zygote: starts it when first needed, asks it to fork containers.

A zygote that dies takes its containers with it (the kernel sees to that); the next container starts
a new one.
"""

import asyncio
import contextlib
import itertools
import json
import logging
import os
import signal
import socket
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from emulator import processes
from emulator.sagemaker.serving.environments import Needs, python_for, requirements_in
from emulator.sagemaker.serving.runners import Runner

_log = logging.getLogger(__name__)

_PROJECT_ROOT = Path(__file__).resolve().parents[3]
_MAX_MESSAGE_BYTES = 4096
_PROGRAM = (
    "import sys; sys.path.insert(0, {root!r}); "
    "from emulator.serving_container import zygote; zygote.main({fd}, {preloaded!r}, {dialect!r})"
)
ZYGOTE_ENVIRONMENT: Mapping[str, str] = {
    "PATH": os.defpath,
    "LANG": "C.UTF-8",
    "PYTHONDONTWRITEBYTECODE": "1",
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "TF_CPP_MIN_LOG_LEVEL": "2",
}
"""All that a zygote inherits; a container's own variables replace even these."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Order:
    """What a new container is forked with; the descriptors stay the caller's to close."""

    environment: Mapping[str, str]
    model_dir: Path
    listener: socket.socket
    output_fd: int
    on_end: Callable[[int], None]
    """Called once with the exit code, negative for a signal."""


class ZygoteDiedError(ConnectionError):
    """The zygote ended before it answered."""


class ZygoteHost:
    """One zygote at a time for one kind of container, on one Python."""

    def __init__(self, runner: Runner, python: str = sys.executable) -> None:
        self._runner = runner
        self._python = python
        self._link: _Link | None = None
        self._starting = asyncio.Lock()

    async def fork(self, order: Order) -> int:
        """The process id of a new container; ZygoteDiedError if there can be none."""
        link = await self._ready_link()
        return await link.fork(order)

    async def close(self) -> None:
        """The zygote and all its containers are gone."""
        if self._link is not None:
            link, self._link = self._link, None
            link.close()
            await asyncio.to_thread(link.child.stop, 1.0)

    async def _ready_link(self) -> "_Link":
        async with self._starting:
            if self._link is None or self._link.dead:
                self._link = await asyncio.to_thread(_spawn, self._runner, self._python)
                self._link.listen()
            # Shielded: whoever gives up waiting does not give up for those who come after.
            await asyncio.shield(self._link.ready)
            return self._link


class _Link:
    """The socket to one zygote."""

    def __init__(
        self, control: socket.socket, child: processes.Child, algorithm: str | None
    ) -> None:
        self.child = child
        self._algorithm = algorithm
        self.dead = False
        self._control = control
        self._numbers = itertools.count()
        self._orders: dict[int, tuple[asyncio.Future[int], Order]] = {}
        self._running: dict[int, Order] = {}

    def listen(self) -> None:
        """Reports are taken from now on; called on the event loop."""
        self._loop = asyncio.get_running_loop()
        self.ready: asyncio.Future[None] = self._loop.create_future()
        self._control.setblocking(False)
        self._loop.add_reader(self._control.fileno(), self._receive)

    async def fork(self, order: Order) -> int:
        """Send one order and wait for the process id."""
        number = next(self._numbers)
        future: asyncio.Future[int] = self._loop.create_future()
        self._orders[number] = (future, order)
        message = json.dumps(
            {
                "id": number,
                "environment": dict(order.environment),
                "model_dir": str(order.model_dir),
                "algorithm": self._algorithm,
            }
        ).encode()
        try:
            socket.send_fds(self._control, [message], [order.listener.fileno(), order.output_fd])
        except OSError as error:
            del self._orders[number]
            raise ZygoteDiedError(f"the zygote takes no orders: {error}") from error
        return await future

    def close(self) -> None:
        """No report is taken any more; everyone who waits is told that it ended."""
        if self.dead:
            return
        self.dead = True
        self._loop.remove_reader(self._control.fileno())
        self._control.close()
        if not self.ready.done():
            self.ready.set_exception(ZygoteDiedError("the zygote died while it started"))
            self.ready.exception()  # retrieved: nobody may be waiting
        for future, _ in list(self._orders.values()):
            if not future.done():
                future.set_exception(ZygoteDiedError("the zygote died"))
        for pid in list(self._running):
            self._ended(pid, -9)

    def _receive(self) -> None:
        while not self.dead:
            try:
                message = self._control.recv(_MAX_MESSAGE_BYTES)
            except BlockingIOError:
                return
            except OSError:
                message = b""
            if not message:
                _log.warning("the zygote %d and its containers ended", self.child.pid)
                self.close()
                return
            self._take(json.loads(message))

    def _take(self, report: dict[str, Any]) -> None:
        if "ready" in report:
            self.ready.set_result(None)
        elif "started" in report:
            self._started(*self._orders.pop(report["started"]), report["pid"])
        elif "ended" in report:
            self._ended(report["ended"], report["code"])

    def _started(self, future: asyncio.Future[int], order: Order, pid: int) -> None:
        self._running[pid] = order
        if future.cancelled():
            with contextlib.suppress(ProcessLookupError):
                os.killpg(pid, signal.SIGKILL)
        elif not future.done():
            future.set_result(pid)

    def _ended(self, pid: int, code: int) -> None:
        order = self._running.pop(pid, None)
        if order is not None:
            order.on_end(code)


def _spawn(runner: Runner, python: str) -> _Link:
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with contextlib.closing(theirs):
        program = _PROGRAM.format(
            root=str(_PROJECT_ROOT),
            fd=theirs.fileno(),
            preloaded=runner.preloaded,
            dialect=runner.framework,
        )
        child = processes.spawn(
            [python, "-I", "-c", program],
            environment=ZYGOTE_ENVIRONMENT,
            output=2,
            pass_fds=[theirs.fileno()],
        )
    return _Link(ours, child, runner.algorithm)


class Zygotes:
    """One host for each kind of container and Python, started when first needed."""

    def __init__(self, environments: Path) -> None:
        self._environments = environments
        self._hosts: dict[tuple[Runner, str], ZygoteHost] = {}

    async def host(self, runner: Runner, model_dir: Path) -> ZygoteHost:
        """The host for an unpacked artifact; EnvironmentMissingError where no Python will do."""
        python = await asyncio.to_thread(self._python, runner, model_dir)
        return self._hosts.setdefault((runner, python), ZygoteHost(runner, python))

    async def close(self) -> None:
        """Every zygote and all containers are gone."""
        await asyncio.gather(*(host.close() for host in self._hosts.values()))
        self._hosts.clear()

    def _python(self, runner: Runner, model_dir: Path) -> str:
        needs = Needs(
            framework=runner.framework,
            any_of=runner.distributions,
            requirements=requirements_in(model_dir),
        )
        return python_for(needs, self._environments)
