"""Custom resources always answer."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest

from tidegate.errors import DeployRefusedError
from tidegate_aws.cloudformation import RESPONSE_BYTES, CustomResourceRequest, Done, answer, put


def an_event(**changes: Any) -> dict[str, Any]:
    """What CloudFormation sends."""
    return {
        "RequestType": "Update",
        "ResponseURL": "https://example.invalid/answer",
        "StackId": "arn:aws:cloudformation:eu-west-1:123456789012:stack/s/1",
        "RequestId": "request-1",
        "LogicalResourceId": "ReleaseGuard",
        "PhysicalResourceId": "flights",
        "ResourceProperties": {"Model": "flights"},
        "OldResourceProperties": {"Model": "older"},
        **changes,
    }


def told(event: dict[str, Any], work: Any) -> dict[str, Any]:
    """What CloudFormation reads."""
    sent: list[bytes] = []
    answer(event, work, send=lambda _url, body: sent.append(body))
    (body,) = sent
    assert len(body) <= RESPONSE_BYTES
    found: dict[str, Any] = json.loads(body)
    return found


def raising(error: Exception) -> Any:
    """Work that fails."""

    def work(_request: CustomResourceRequest) -> Done:
        raise error

    return work


def test_done_is_success_under_a_stable_id():
    """The ids of the request come back, or CloudFormation waits on."""
    response = told(an_event(), lambda _: Done(physical_id="flights", data={"Reason": "fine"}))
    assert response == {
        "Status": "SUCCESS",
        "PhysicalResourceId": "flights",
        "Data": {"Reason": "fine"},
        "StackId": "arn:aws:cloudformation:eu-west-1:123456789012:stack/s/1",
        "RequestId": "request-1",
        "LogicalResourceId": "ReleaseGuard",
    }


def test_a_refusal_is_failed_with_its_reason():
    """The sentence is what CloudFormation's event list shows."""
    response = told(an_event(), raising(DeployRefusedError("slot blue is live")))
    assert (response["Status"], response["Reason"]) == ("FAILED", "slot blue is live")
    assert response["PhysicalResourceId"] == "flights"


def test_a_crash_is_failed_with_its_name(capsys: pytest.CaptureFixture[str]):
    """CloudFormation does not wait an hour for a function with a bug, and the log has the trace."""
    response = told(an_event(), raising(ZeroDivisionError("by zero")))
    assert response["Status"] == "FAILED"
    assert response["Reason"].startswith("ZeroDivisionError: by zero")
    assert "Traceback" in capsys.readouterr().err


def test_a_failed_creation_gets_the_model_as_its_id():
    """Its deletion, which follows, is then of that model."""
    event = an_event(RequestType="Create")
    del event["PhysicalResourceId"]
    assert told(event, raising(DeployRefusedError("no")))["PhysicalResourceId"] == "flights"


@pytest.mark.parametrize("character", ["x", "ü", "\N{WATER WAVE}"])
def test_a_long_reason_is_cut_to_what_cloudformation_reads(character: str):
    """However many bytes a character takes."""
    response = told(an_event(), raising(DeployRefusedError(character * 9_000)))
    assert response["Reason"].startswith(character * 100)


def test_the_request_has_both_old_and_new_properties():
    """An update that is rolled back is an update to the old ones."""
    request = CustomResourceRequest.from_event(an_event())
    assert (request.kind, request.properties["Model"]) == ("Update", "flights")
    assert request.old_properties == {"Model": "older"}


class Inbox(HTTPServer):
    """What was put, after so many failures."""

    failures = 0

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.bodies: list[tuple[bytes, str]] = []


class _Handler(BaseHTTPRequestHandler):
    server: Inbox

    def do_PUT(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.server.failures > 0:
            self.server.failures -= 1
            self.send_error(500)
            return
        self.server.bodies.append((body, self.headers["Content-Type"]))
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_: Any) -> None:
        """Tests are quiet."""


@pytest.fixture
def inbox() -> Iterator[Inbox]:
    """A place to put answers to."""
    server = Inbox()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def test_an_answer_is_put_with_an_empty_content_type(inbox: Inbox):
    """The URL is signed for exactly that."""
    put(f"http://127.0.0.1:{inbox.server_port}/answer", b"{}")
    assert inbox.bodies == [(b"{}", "")]


def test_an_answer_is_put_again_if_that_fails(inbox: Inbox):
    """It matters too much to be tried once."""
    inbox.failures = 2
    slept: list[float] = []
    put(f"http://127.0.0.1:{inbox.server_port}/answer", b"{}", sleep=slept.append)
    assert inbox.bodies == [(b"{}", "")]
    assert slept == [1.0, 2.0]


@pytest.mark.parametrize("url", ["http://example.invalid/a", "file:///etc/passwd"])
def test_an_answer_goes_nowhere_else(url: str):
    """HTTPS, or this machine."""
    with pytest.raises(ValueError, match="must be https"):
        put(url, b"{}")
