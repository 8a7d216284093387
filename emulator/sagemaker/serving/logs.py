"""What containers print, on its way to CloudWatch Logs.

Each container writes to a pipe; lines are handed on as soon as they are whole. Nothing is parsed
and nothing is dropped, except that an endless line is cut where CloudWatch would cut it.
"""

import asyncio
import os
from collections.abc import Callable
from dataclasses import dataclass

from emulator.sagemaker.names import Tenant
from emulator.sagemaker.ports import FleetSpec, LogPlace
from emulator.sagemaker.serving.interface import LogLines, LogSink

MAX_EVENT_BYTES = 256 * 1024
"""CloudWatch Logs' limit for one event (PutLogEvents, 262,144 bytes)."""
_READ_BYTES = 64 * 1024


def log_group(endpoint: str) -> str:
    """The log group that SageMaker writes an endpoint's containers to."""
    return f"/aws/sagemaker/Endpoints/{endpoint}"


def endpoint_log(spec: FleetSpec, instance: str) -> LogPlace:
    """Where a container of an endpoint's variant writes."""
    return LogPlace(group=log_group(spec.endpoint), stream=f"{spec.variant}/{instance}")


@dataclass(frozen=True, kw_only=True, slots=True)
class LogStream:
    """Where the lines of one container go."""

    tenant: Tenant | None
    group: str
    name: str
    sink: LogSink
    now: Callable[[], float]

    def write(self, lines: list[str]) -> None:
        """The lines are handed to CloudWatch Logs with the time of now."""
        milliseconds = int(self.now() * 1000)
        events = tuple((milliseconds, line) for line in lines)
        self.sink(LogLines(tenant=self.tenant, group=self.group, stream=self.name, events=events))


def open_log(stream: LogStream) -> int:
    """A descriptor for the container to write to; the caller closes its own copy.

    It is read until the last copy is closed.
    """
    read_fd, write_fd = os.pipe()
    os.set_blocking(read_fd, False)
    loop = asyncio.get_running_loop()
    loop.add_reader(read_fd, _Reader(read_fd, stream, loop).read)
    return write_fd


class _Reader:
    """Collects bytes into lines."""

    def __init__(self, fd: int, stream: LogStream, loop: asyncio.AbstractEventLoop) -> None:
        self._fd = fd
        self._stream = stream
        self._loop = loop
        self._rest = b""

    def read(self) -> None:
        """The pipe has something, or has ended."""
        try:
            chunk = os.read(self._fd, _READ_BYTES)
        except BlockingIOError:
            return
        if chunk:
            *whole, self._rest = (self._rest + chunk).split(b"\n")
            if len(self._rest) >= MAX_EVENT_BYTES:
                whole, self._rest = [*whole, self._rest], b""
        else:
            self._loop.remove_reader(self._fd)
            os.close(self._fd)
            whole, self._rest = [self._rest], b""
        events = [part for line in whole for part in _cut(line.rstrip(b"\r"))]
        if events:
            self._stream.write([event.decode("utf-8", errors="replace") for event in events])


def _cut(line: bytes) -> list[bytes]:
    """The line in pieces that CloudWatch takes; none of an empty line."""
    return [line[i : i + MAX_EVENT_BYTES] for i in range(0, len(line), MAX_EVENT_BYTES)]
