"""HTTP/1.1 to one container over kept-alive connections, on the event loop.

Hand-written because it is on the path of every request and needs nothing but POST, GET and
Content-Length: about a tenth of a millisecond a request, where a general client takes one or two.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass

MAX_CONNECTIONS = 64
"""Requests to one container at the same time; more wait their turn."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Answer:
    """What a container answered; header names are in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class BrokenAnswerError(ConnectionError):
    """The connection ended before, or in the middle of, the answer; `status` if that was read."""

    def __init__(self, message: str, *, status: int | None = None) -> None:
        super().__init__(message)
        self.status = status


def render(method: str, path: str, headers: Mapping[str, str], body: bytes = b"") -> bytes:
    """A request as it goes on the wire."""
    lines = [f"{method} {path} HTTP/1.1", "Host: container"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    lines.append(f"Content-Length: {len(body)}\r\n\r\n")
    return "\r\n".join(lines).encode("latin-1") + body


class Connections:
    """The connections to one container; an idle one is used again."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._idle: list[_Connection] = []
        self._slots = asyncio.Semaphore(MAX_CONNECTIONS)
        self._open: set[_Connection] = set()

    async def exchange(self, request: bytes) -> Answer:
        """The container's answer; ConnectionError when it can't be had."""
        async with self._slots:
            connection = await self._connection()
            try:
                answer = await connection.exchange(request)
            except BaseException:
                connection.close()  # a cancelled or broken exchange must not be continued
                raise
            if connection.usable:
                self._idle.append(connection)
            return answer

    def close(self) -> None:
        """No connection is left open."""
        for connection in list(self._open):
            connection.close()
        self._idle.clear()

    async def _connection(self) -> "_Connection":
        while self._idle:
            connection = self._idle.pop()
            if connection.usable:
                return connection
        loop = asyncio.get_running_loop()
        _, connection = await loop.create_connection(
            lambda: _Connection(self._open), "127.0.0.1", self._port
        )
        return connection


class _Connection(asyncio.Protocol):
    """One connection: at most one exchange at a time."""

    def __init__(self, registry: "set[_Connection]") -> None:
        self._registry = registry
        self._transport: asyncio.Transport | None = None
        self._answer: asyncio.Future[Answer] | None = None
        self._reset()

    def _reset(self) -> None:
        self._buffer = bytearray()
        self._head: tuple[int, dict[str, str], int, int | None] | None = None

    @property
    def usable(self) -> bool:
        """Whether another request may be sent."""
        return self._transport is not None and not self._transport.is_closing()

    async def exchange(self, request: bytes) -> Answer:
        """Send one request and wait for its answer."""
        if self._transport is None:
            raise BrokenAnswerError("the connection is closed")
        self._reset()
        self._answer = asyncio.get_running_loop().create_future()
        self._transport.write(request)
        return await self._answer

    def close(self) -> None:
        """The connection is gone; whoever waits for an answer gets BrokenAnswerError."""
        if self._transport is not None:
            self._transport.abort()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """asyncio: the connection stands."""
        assert isinstance(transport, asyncio.Transport)  # noqa: S101 - what asyncio passes for TCP
        self._transport = transport
        self._registry.add(self)

    def data_received(self, data: bytes) -> None:
        """asyncio: a part of an answer has come."""
        self._buffer += data
        if self._head is None and not self._read_head():
            return
        assert self._head is not None  # noqa: S101 - _read_head set it
        _, _, start, length = self._head
        if length is not None and len(self._buffer) >= start + length:
            self._finish(start + length)

    def connection_lost(self, exc: Exception | None) -> None:
        """asyncio: the connection has ended; a body without a length ends with it."""
        self._transport = None
        self._registry.discard(self)
        if self._head is not None and self._head[3] is None and exc is None:
            self._finish(len(self._buffer))
        elif self._answer is not None and not self._answer.done():
            status = None if self._head is None else self._head[0]
            self._answer.set_exception(BrokenAnswerError("no whole answer came", status=status))

    def _read_head(self) -> bool:
        end = self._buffer.find(b"\r\n\r\n")
        if end < 0:
            return False
        first, *lines = bytes(self._buffer[:end]).decode("latin-1").split("\r\n")
        headers = {}
        for line in lines:
            name, _, value = line.partition(":")
            headers[name.lower()] = value.strip()
        length = headers.get("content-length")
        status = first.split(" ", 2)[1] if " " in first else ""
        if not status.isdecimal() or (length is not None and not length.isdecimal()):
            self.close()
            return False
        self._head = (int(status), headers, end + 4, None if length is None else int(length))
        return True

    def _finish(self, end: int) -> None:
        assert self._head is not None  # noqa: S101 - only called once the head was read
        status, headers, start, _ = self._head
        if self._answer is not None and not self._answer.done():
            with memoryview(self._buffer) as view:
                body = bytes(view[start:end])
            self._answer.set_result(Answer(status=status, headers=headers, body=body))
        if headers.get("connection", "").lower() == "close":
            self.close()
