"""The HTTP server of a container: small, quick, one thread a kept-alive connection.

Threads stand in for gunicorn's green threads: a request that sleeps does not hold up the others.
Its only client is the data plane (or a benchmark) on the loopback, so it speaks just HTTP/1.1 with
Content-Length and refuses the rest.
"""

import contextlib
import socket
import sys
import threading
import traceback
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus

_MAX_HEAD_BYTES = 64 * 1024
_READ_BYTES = 256 * 1024
_THREAD_STACK_BYTES = 8 * 1024 * 1024

INTERNAL_SERVER_ERROR_PAGE = (
    '<!DOCTYPE HTML PUBLIC "-//W3C//DTD HTML 3.2 Final//EN">\n'
    "<title>500 Internal Server Error</title>\n"
    "<h1>Internal Server Error</h1>\n"
    "<p>The server encountered an internal error and was unable to complete your request. "
    "Either the server is overloaded or there is an error in the application.</p>\n"
)
"""What Flask, the real container's framework, answers when the application raises."""


@dataclass(frozen=True, kw_only=True, slots=True)
class HttpRequest:
    """One request; header names are in lower case."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, kw_only=True, slots=True)
class HttpResponse:
    """One answer; Content-Length is added by the server."""

    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""


Application = Callable[[HttpRequest], HttpResponse]


class BadRequestError(Exception):
    """The bytes on the connection are no request that this server takes."""


def serve(listener: socket.socket, application: Application) -> None:
    """Every connection to `listener` is answered by `application`; returns when it is closed."""
    threading.stack_size(_THREAD_STACK_BYTES)
    while True:
        try:
            connection, _ = listener.accept()
        except OSError:
            return
        threading.Thread(target=_converse, args=(connection, application), daemon=True).start()


def _converse(connection: socket.socket, application: Application) -> None:
    with connection, contextlib.suppress(ConnectionError):
        if connection.family == socket.AF_INET:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        buffer = bytearray()
        while True:
            try:
                request = _read_request(connection, buffer)
            except BadRequestError as error:
                connection.sendall(_wire(HttpResponse(status=400, body=str(error).encode())))
                return
            if request is None:
                return
            connection.sendall(_wire(_answer(application, request)))
            if request.headers.get("connection", "").lower() == "close":
                return


def _answer(application: Application, request: HttpRequest) -> HttpResponse:
    try:
        return application(request)
    except Exception:  # noqa: BLE001 - whatever the user's code raises becomes a 500, as in Flask
        sys.stderr.write(f"[ERROR] Error handling request {request.path}\n")
        traceback.print_exc()
        return HttpResponse(
            status=500,
            headers={"Content-Type": "text/html"},
            body=INTERNAL_SERVER_ERROR_PAGE.encode(),
        )


def _read_request(connection: socket.socket, buffer: bytearray) -> HttpRequest | None:
    """The next request, or None when the client has gone between requests."""
    end = buffer.find(b"\r\n\r\n")
    while end < 0:
        if len(buffer) > _MAX_HEAD_BYTES:
            raise BadRequestError("the request's head is longer than 64 KiB")
        chunk = connection.recv(_READ_BYTES)
        if not chunk:
            return None
        buffer += chunk
        end = buffer.find(b"\r\n\r\n")
    method, path, headers = _parse_head(bytes(buffer[:end]))
    body = _read_body(connection, buffer, start=end + 4, length=_content_length(headers))
    if body is None:
        return None
    return HttpRequest(method=method, path=path, headers=headers, body=body)


def _read_body(
    connection: socket.socket, buffer: bytearray, *, start: int, length: int
) -> bytes | None:
    """The body, of which the buffer may have a part; what follows it stays in the buffer."""
    body = bytearray(length)
    there = min(length, len(buffer) - start)
    body[:there] = buffer[start : start + there]
    del buffer[: start + there]
    with memoryview(body) as room:
        while there < length:
            count = connection.recv_into(room[there:])
            if count == 0:
                return None
            there += count
    return bytes(body)


def _parse_head(head: bytes) -> tuple[str, str, dict[str, str]]:
    first, *lines = head.decode("latin-1").split("\r\n")
    parts = first.split(" ")
    if len(parts) != 3:
        raise BadRequestError(f"a request line was expected, got {first!r}")
    headers = {}
    for line in lines:
        name, _, value = line.partition(":")
        headers[name.lower()] = value.strip()
    return parts[0], parts[1], headers


def _content_length(headers: Mapping[str, str]) -> int:
    if "transfer-encoding" in headers:
        raise BadRequestError("a body with Content-Length was expected, got a chunked one")
    length = headers.get("content-length", "0")
    if not length.isdecimal():
        raise BadRequestError(f"Content-Length is a number of bytes, got {length!r}")
    return int(length)


def _wire(response: HttpResponse) -> bytes:
    reason = HTTPStatus(response.status).phrase if response.status in _STATUSES else "Unknown"
    lines = [f"HTTP/1.1 {response.status} {reason}"]
    lines += [f"{name}: {value}" for name, value in response.headers.items()]
    lines.append(f"Content-Length: {len(response.body)}\r\n\r\n")
    return "\r\n".join(lines).encode("latin-1") + response.body


_STATUSES = frozenset(status.value for status in HTTPStatus)
