"""Signed calls over a real connection on this machine."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar

import boto3
import pytest
from urllib3.exceptions import HTTPError

from cli.exits import CommandError
from cli.frontdoor import FrontDoor, door_of
from cli.target import Target
from emulator.clock import CloudClock


class Api(BaseHTTPRequestHandler):
    """Answers as the front door does, and keeps what came in."""

    seen: ClassVar[list[dict[str, Any]]] = []
    status: ClassVar[int] = 200
    headers_out: ClassVar[dict[str, str]] = {}

    def do_POST(self) -> None:
        """Keep the request; answer what the test says."""
        length = int(self.headers["content-length"])
        headers = {name.lower(): value for name, value in self.headers.items()}
        body = self.rfile.read(length)
        self.seen.append({"path": self.path, "headers": headers, "body": body})
        self.send_response(self.status)
        for name, value in self.headers_out.items():
            self.send_header(name, value)
        self.send_header("content-length", "2")
        self.end_headers()
        self.wfile.write(b"{}")

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


def target() -> Target:
    """A target with credentials."""
    session = boto3.Session(
        aws_access_key_id="AKIDEXAMPLE", aws_secret_access_key="secret", region_name="eu-west-1"
    )
    return Target(
        session=session,
        endpoint_url=None,
        region="eu-west-1",
        clock=CloudClock(),
        environment={},
        embedded=False,
    )


@pytest.fixture
def door(monkeypatch: pytest.MonkeyPatch) -> Iterator[FrontDoor]:
    """A client of an API on this machine."""
    monkeypatch.setattr(Api, "seen", [])
    server = ThreadingHTTPServer(("127.0.0.1", 0), Api)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield door_of(target(), url=f"http://127.0.0.1:{server.server_port}")
    server.shutdown()
    server.server_close()
    thread.join()


def test_a_prediction_is_signed_for_the_api(door: FrontDoor):
    """The request carries AWS's signature for execute-api in the region of the target."""
    door.predict("flights", b"{}", user="ada")
    (request,) = Api.seen
    assert request["path"] == "/models/flights/predictions"
    assert request["headers"]["x-tidegate-user"] == "ada"
    authorization = request["headers"]["authorization"]
    assert "AKIDEXAMPLE" in authorization
    assert "/eu-west-1/execute-api/aws4_request" in authorization


def test_no_user_header_is_sent_for_nobody(door: FrontDoor):
    """An empty name is no name."""
    door.predict("flights", b"{}")
    assert "x-tidegate-user" not in Api.seen[0]["headers"]


def test_a_models_name_is_one_part_of_the_path(door: FrontDoor):
    """A slash in a name does not reach another route."""
    door.predict("a/b", b"{}")
    assert Api.seen[0]["path"] == "/models/a%2Fb/predictions"


def test_what_the_front_door_says_is_in_the_reply(door: FrontDoor, monkeypatch: pytest.MonkeyPatch):
    """Prediction id, slot and version come in headers."""
    said = {
        "x-tidegate-prediction-id": "id-1",
        "x-tidegate-slot": "green",
        "x-tidegate-version": "v2",
        "content-type": "text/csv",
    }
    monkeypatch.setattr(Api, "headers_out", said)
    reply = door.predict("flights", b"{}")
    assert (reply.prediction_id, reply.slot, reply.version) == ("id-1", "green", "v2")
    assert (reply.status, reply.body, reply.content_type) == (200, b"{}", "text/csv")


def test_a_refusal_is_a_reply(door: FrontDoor, monkeypatch: pytest.MonkeyPatch):
    """A status that is no success is not raised, and nothing is made up."""
    monkeypatch.setattr(Api, "status", 502)
    reply = door.predict("flights", b"{}")
    assert (reply.status, reply.prediction_id, reply.slot) == (502, None, None)


def test_an_outcome_names_its_prediction(door: FrontDoor, monkeypatch: pytest.MonkeyPatch):
    """The outcome's body is what the front door reads."""
    monkeypatch.setattr(Api, "status", 202)
    assert door.record_outcome("id-1", wrong=True) == 202
    assert json.loads(Api.seen[0]["body"]) == {"prediction_id": "id-1", "wrong": True}
    assert Api.seen[0]["path"] == "/outcomes"


def test_nobody_there_is_an_http_error():
    """A closed port is told at once, without another try."""
    door = door_of(target(), url="http://127.0.0.1:1")
    with pytest.raises(HTTPError):
        door.predict("flights", b"{}")


def test_without_credentials_nothing_is_signed(monkeypatch: pytest.MonkeyPatch):
    """Nobody is asked as nobody."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"):
        monkeypatch.delenv(name)
    bare = Target(
        session=boto3.Session(region_name="eu-west-1"),
        endpoint_url=None,
        region="eu-west-1",
        clock=CloudClock(),
        environment={},
        embedded=False,
    )
    with pytest.raises(CommandError, match="no credentials"):
        door_of(bare, url="http://127.0.0.1:1")
