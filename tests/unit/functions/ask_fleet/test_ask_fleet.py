"""What is asked of a fleet's load balancer, and what comes back when it does not answer."""

import base64
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest

from ask_fleet.handler import handle

EVENT = {
    "slot": "green",
    "content_type": "text/csv",
    "accept": "*/*",
    "inference_id": "abc",
    "body": base64.b64encode(b"1,\xff").decode(),
}


class _Balancer(BaseHTTPRequestHandler):
    seen: dict[str, Any]

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        type(self).seen = {"path": self.path, "body": body, **dict(self.headers)}
        self.send_response(418)
        self.send_header("Content-Type", "text/x")
        self.send_header("X-Amzn-SageMaker-Custom-Attributes", "a=b")
        self.end_headers()
        self.wfile.write(b"\xfe")

    def log_message(self, *_: Any) -> None:
        """Tests are quiet."""


@contextmanager
def balancer() -> Iterator[str]:
    """A load balancer's URL."""
    server = HTTPServer(("127.0.0.1", 0), _Balancer)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def test_the_slot_is_named_and_the_answer_handed_on(monkeypatch: pytest.MonkeyPatch):
    """Bytes, status, type and custom attributes as they are."""
    with balancer() as url:
        monkeypatch.setenv("FLEET_URL", url)
        answer = handle(EVENT, None)

    seen = _Balancer.seen
    assert (seen["path"], seen["body"]) == ("/invocations", b"1,\xff")
    assert (seen["x-tidegate-slot"], seen["Content-Type"]) == ("green", "text/csv")
    assert (answer["status"], answer["content_type"]) == (418, "text/x")
    assert (answer["attributes"], base64.b64decode(answer["body"])) == ("a=b", b"\xfe")


def test_a_load_balancer_that_is_not_there_is_an_answer(monkeypatch: pytest.MonkeyPatch):
    """503, with the reason."""
    with balancer() as url:
        gone = url
    monkeypatch.setenv("FLEET_URL", gone)

    answer = handle(EVENT, None)

    assert answer["status"] == 503
    assert b"cannot be reached" in base64.b64decode(answer["body"])
