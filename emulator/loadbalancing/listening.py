"""The sockets of listeners: HTTP and HTTPS on loopback, certificates by the name asked for.

hypercorn serves them (HTTP/1.1 and, over TLS, HTTP/2). A listener's port under 1024 is moved by a
stated offset where this user may not open it; requests and events still name the template's port.
"""

import asyncio
import contextlib
import logging
import os
import socket
import ssl
import sys
import tempfile
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any, Protocol

from emulator.loadbalancing.listeners import certificate_arns
from emulator.loadbalancing.messages import HttpRequest, HttpResponse, error_page
from emulator.loadbalancing.store import Entry, Store

_log = logging.getLogger(__name__)

Handle = Callable[[str, HttpRequest], Awaitable[HttpResponse]]
BACKLOG = 512
GRACE_SECONDS = 1.0
LONGEST_CLOSING_SECONDS = 2.0
LONGEST_BODY_BYTES = 64 * 1024 * 1024
"""What is kept of a body; functions take less, and AWS has no limit for instances."""
HEADER_BYTES = 64 * 1024
"""Longest request head ("HTTP header limits", user guide)."""


class Material(Protocol):
    """A certificate with its key, in PEM."""

    @property
    def names(self) -> tuple[str, ...]:
        """The host names it is for."""

    @property
    def chain(self) -> str:
        """The certificate and those above it."""

    @property
    def key(self) -> str:
        """Its private key."""


@dataclass(slots=True, kw_only=True)
class _Open:
    task: asyncio.Task[None]
    stop: asyncio.Event
    contexts: list[tuple[tuple[str, ...], ssl.SSLContext]] = field(default_factory=list)


class ListenerSockets:
    """Every open listener of this cloud."""

    def __init__(
        self,
        *,
        store: Store,
        handle: Handle,
        material_of: Callable[[str], Material | None],
        local_port: Callable[[int], int],
        directory: Path,
    ) -> None:
        self._store = store
        self._handle = handle
        self._material_of = material_of
        self._local_port = local_port
        self._directory = directory
        self._open: dict[str, _Open] = {}

    async def open(self, listener: Entry) -> None:
        """The listener accepts connections; OSError if its port is taken."""
        balancer = self._store.balancers[listener.shape["LoadBalancerArn"]]
        bound = _listening(balancer.address, self._local_port(listener.shape["Port"]))
        contexts = self._contexts(listener)
        stop = asyncio.Event()
        application = _Application(listener, self._handle).serve
        config = _config(bound, balancer, _chooser(contexts) if contexts else None)
        work = _serve(application, config, stop)
        task = asyncio.get_running_loop().create_task(work, name=listener.arn)
        self._open[listener.arn] = _Open(task=task, stop=stop, contexts=contexts)

    async def close(self, listener_arn: str) -> None:
        """The listener accepts none; those open are answered first."""
        found = self._open.pop(listener_arn, None)
        if found is not None:
            found.stop.set()
            # A client that keeps a TLS connection without reading may hold up the end of it. Cut
            # off then, hypercorn asks its connections how they ended, and one of them has not.
            ends = (asyncio.CancelledError, asyncio.InvalidStateError, TimeoutError)
            with contextlib.suppress(*ends):
                await asyncio.wait_for(found.task, LONGEST_CLOSING_SECONDS)

    async def close_all(self) -> None:
        """No listener is open."""
        await asyncio.gather(*(self.close(arn) for arn in list(self._open)))

    def renew_certificates(self, listener: Entry) -> None:
        """New connections are served the certificates that the listener has now."""
        found = self._open.get(listener.arn)
        if found is not None:
            found.contexts[:] = self._contexts(listener)

    def _contexts(self, listener: Entry) -> list[tuple[tuple[str, ...], ssl.SSLContext]]:
        balancer = self._store.balancers[listener.shape["LoadBalancerArn"]]
        http2 = balancer.attributes["routing.http2.enabled"] == "true"
        contexts = []
        for arn in certificate_arns(listener):
            material = self._material_of(arn)
            if material is None:
                raise OSError(f"the certificate {arn} has no key")
            contexts.append((material.names, _context(material, http2, self._directory)))
        return contexts


class _Application:
    """One listener's ASGI application."""

    def __init__(self, listener: Entry, handle: Handle) -> None:
        self._listener = listener
        self._handle = handle

    async def serve(self, scope: Any, receive: Any, send: Any) -> None:
        """One connection's request, or the server's start and end."""
        if scope["type"] == "lifespan":
            await _live(receive, send)
        elif scope["type"] == "http":
            response = await self._answer(scope, receive)
            await _send(send, response)

    async def _answer(self, scope: Any, receive: Any) -> HttpResponse:
        body = await _body(receive)
        request = HttpRequest(
            method=scope["method"],
            path=scope["raw_path"].decode("latin-1").partition("?")[0],
            query=scope["query_string"].decode("latin-1"),
            headers=tuple(
                (name.decode("latin-1").lower(), value.decode("latin-1"))
                for name, value in scope["headers"]
            ),
            body=body,
            client=scope["client"][0],
            protocol=self._listener.shape["Protocol"],
            port=self._listener.shape["Port"],
        )
        try:
            return await self._handle(self._listener.arn, request)
        except Exception:  # noqa: BLE001 - a client must get an answer
            _log.exception("%s failed on %s", self._listener.arn, request.path)
            return error_page(500)


async def _live(receive: Any, send: Any) -> None:
    while True:
        message = await receive()
        kind = message["type"]
        await send({"type": f"{kind}.complete"})
        if kind == "lifespan.shutdown":
            return


async def _body(receive: Any) -> bytes:
    """The whole body, or its beginning if it is too long for any function: 413 follows."""
    chunks: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] != "http.request":
            return b"".join(chunks)
        chunk = message.get("body", b"")
        if size <= LONGEST_BODY_BYTES:
            chunks.append(chunk)
        size += len(chunk)
        if not message.get("more_body", False):
            return b"".join(chunks)


async def _send(send: Any, response: HttpResponse) -> None:
    headers = [
        (k.lower().encode("latin-1"), v.encode("latin-1", "replace")) for k, v in response.headers
    ]
    headers.append((b"content-length", str(len(response.body)).encode()))
    await send({"type": "http.response.start", "status": response.status, "headers": headers})
    await send({"type": "http.response.body", "body": response.body})


async def _serve(application: Any, config: Any, stop: asyncio.Event) -> None:
    from hypercorn.asyncio import serve  # noqa: PLC0415 - loaded with the server anyway

    await serve(application, config, shutdown_trigger=stop.wait, mode="asgi")


def _config(bound: socket.socket, balancer: Entry, tls: ssl.SSLContext | None) -> Any:
    from hypercorn.config import Config  # noqa: PLC0415 - loaded with the server anyway

    class ListenerConfig(Config):
        """hypercorn's, with a context that was made here."""

        @property
        def ssl_enabled(self) -> bool:
            """Whether the listener speaks TLS."""
            return tls is not None

        def create_ssl_context(self) -> ssl.SSLContext | None:
            """The listener's own."""
            return tls

    config = ListenerConfig()
    config.bind = [f"fd://{bound.detach()}"]
    config.keep_alive_timeout = float(balancer.attributes["idle_timeout.timeout_seconds"])
    config.keep_alive_max_requests = sys.maxsize  # a balancer closes no connection in use
    config.graceful_timeout = GRACE_SECONDS
    config.shutdown_timeout = GRACE_SECONDS
    config.h11_max_incomplete_size = HEADER_BYTES
    config.include_server_header = False
    config.accesslog = None
    config.loglevel = "WARNING"
    return config


def _listening(address: str, port: int) -> socket.socket:
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((address, port))
        listener.listen(BACKLOG)
    except OSError as error:
        listener.close()
        raise OSError(f"{address}:{port}: {error.strerror}") from error
    return listener


def _context(material: Material, http2: bool, directory: Path) -> ssl.SSLContext:  # noqa: FBT001 - a setting, kept as it is
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_alpn_protocols(["h2", "http/1.1"] if http2 else ["http/1.1"])
    # ssl loads keys from files only; this one is its owner's alone and gone at once.
    descriptor, name = tempfile.mkstemp(dir=directory, prefix="key-", suffix=".pem")
    try:
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(material.key + material.chain)
        context.load_cert_chain(name)
    finally:
        Path(name).unlink()
    return context


def _chooser(contexts: Sequence[tuple[tuple[str, ...], ssl.SSLContext]]) -> ssl.SSLContext:
    """A context that takes the certificate for the name asked for, the first if none fits.

    It reads `contexts` at each handshake, so that exchanged certificates count at once.
    """

    def choose(connection: ssl.SSLObject, name: str | None, _context: ssl.SSLContext) -> None:
        asked = "" if name is None else name.lower()
        fitting = (context for names, context in contexts if _covers(names, asked))
        connection.context = next(fitting, contexts[0][1])

    first = contexts[0][1]
    first.sni_callback = choose
    return first


def _covers(names: Sequence[str], asked: str) -> bool:
    """A wildcard stands for one label."""
    same_depth = (name for name in names if name.count(".") == asked.count("."))
    return any(fnmatchcase(asked, name) for name in same_depth)
