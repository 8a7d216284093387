"""Serves the console to this machine, on 127.0.0.1 and nowhere else."""

import re
import sys
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.resources import files
from threading import Thread

from cli.console.answers import Answer, Answers, error_answer
from cli.console.guard import HEADERS, Guard, RequestRefusedError

ADDRESS = "127.0.0.1"
IDLE_SECONDS = 30
"""How long a connection may say nothing."""

_KINDS = {
    "html": "text/html; charset=utf-8",
    "js": "text/javascript; charset=utf-8",
    "css": "text/css; charset=utf-8",
    "svg": "image/svg+xml",
}


class ConsoleServer(ThreadingHTTPServer):
    """The console on a port of this machine; port 0 takes a free one. OSError when it is taken."""

    daemon_threads = True
    allow_reuse_address = True

    def __init__(self, *, port: int, token: str, answers: Answers) -> None:
        super().__init__((ADDRESS, port), _Handler)
        self.guard = Guard(port=self.server_address[1], token=token)
        self.answers = answers

    def handle_error(self, request: object, client_address: object) -> None:
        """A browser that did not wait for its answer is no fault; others are told."""
        if not isinstance(sys.exc_info()[1], ConnectionError | TimeoutError):
            super().handle_error(request, client_address)  # type: ignore[arg-type]

    @property
    def url(self) -> str:
        """The address to open. What is behind # stays in the browser: no log ever has it."""
        return f"http://{ADDRESS}:{self.guard.port}/#token={self.guard.token}"


@contextmanager
def serving(server: ConsoleServer) -> Iterator[ConsoleServer]:
    """The server answers, in a thread, while the block runs."""
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class _Handler(BaseHTTPRequestHandler):
    """One connection."""

    server: ConsoleServer
    protocol_version = "HTTP/1.1"
    server_version = "tidegate"
    sys_version = ""
    timeout = IDLE_SECONDS

    def do_GET(self) -> None:
        """Answer with a file of the page itself, or with what is known."""
        self._reply(self._get)

    def do_POST(self) -> None:
        """Carry out an order."""
        self._reply(self._post)

    def log_message(self, *_: object) -> None:
        """Nothing: the terminal is the operator's."""

    def _get(self) -> Answer:
        guard, headers = self.server.guard, self._headers()
        guard.check_address(headers)
        if self.path.startswith(("/api/", "/pages/")):
            guard.check_page(headers)
            guard.check_token(headers)
            return self.server.answers.get(self.path)
        found = static_file(self.path)
        if found is None:
            return error_answer(HTTPStatus.NOT_FOUND, "nothing is there")
        return found

    def _post(self) -> Answer:
        guard, headers = self.server.guard, self._headers()
        guard.check_address(headers)
        guard.check_page(headers)
        guard.check_token(headers)
        length = guard.check_body(headers)
        return self.server.answers.post(self.path, self.rfile.read(length))

    def _headers(self) -> dict[str, str]:
        """Headers by name in small letters; one that was sent twice fits nothing."""
        found: dict[str, str] = {}
        for name, value in self.headers.items():
            known = found.get(name.lower())
            found[name.lower()] = value if known is None else f"{known}, {value}"
        return found

    def _reply(self, work: Callable[[], Answer]) -> None:
        try:
            answer = work()
        except RequestRefusedError as refused:
            answer = error_answer(refused.status, str(refused))
        except Exception:  # noqa: BLE001 - a fault of ours must not end the console
            traceback.print_exc()
            answer = error_answer(
                HTTPStatus.INTERNAL_SERVER_ERROR,
                "the console failed: its terminal says where",
            )
        self._send(answer)

    def _send(self, answer: Answer) -> None:
        known = answer.status is HTTPStatus.OK and self.headers.get("If-None-Match") == answer.tag
        body = b"" if known else answer.body
        self.send_response(HTTPStatus.NOT_MODIFIED if known else answer.status)
        for name, value in HEADERS.items():
            self.send_header(name, value)
        self.send_header("ETag", answer.tag)
        if not known:
            self.send_header("Content-Type", answer.content_type)
            self.send_header("Content-Length", str(len(body)))
        # One request a connection: what is left of a refused body is never read as another one,
        # and no connection outlives the console.
        self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(body)


_PAGE = re.compile(r"/|/releases/[^/]+|/batches/[^/]+/[^/]+")


def static_file(path: str) -> Answer | None:
    """A file of the page itself, the same for everybody; None where there is none.

    `/` and the addresses of a release and a batch run are one page: it reads what it shows by
    itself.
    """
    plain = path.partition("?")[0]
    if _PAGE.fullmatch(plain):
        return _static("index.html")
    name = plain.removeprefix("/static/")
    return _static(name) if plain.startswith("/static/") and name in _names() else None


@cache
def _names() -> frozenset[str]:
    return frozenset(item.name for item in files("cli.console").joinpath("static").iterdir())


@cache
def _static(name: str) -> Answer:
    body = files("cli.console").joinpath("static", name).read_bytes()
    kind = _KINDS[name.rpartition(".")[2]]
    return Answer(status=HTTPStatus.OK, body=body, content_type=kind)
