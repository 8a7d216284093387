"""The client to copy: it signs, asks once, and reports outcomes without doing harm."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from examples.client.tidegate_client import TRIES, Models, RefusedError

PREDICTED = {
    "x-tidegate-prediction-id": "id-1",
    "x-tidegate-slot": "green",
    "x-tidegate-version": "v2",
}


class Api:
    """An API on this machine that answers what a test says, in turn."""

    def __init__(self, server: ThreadingHTTPServer) -> None:
        self.url = f"http://127.0.0.1:{server.server_port}"
        self.answers: list[tuple[int, dict[str, str], Any]] = []
        self.asked: list[tuple[str, dict[str, str], Any]] = []


@pytest.fixture
def api() -> Iterator[Api]:
    """The API, until its test is over."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            headers = {name.lower(): value for name, value in self.headers.items()}
            found.asked.append((self.path, headers, json.loads(body)))
            status, told, answer = found.answers.pop(0)
            self.send_response(status)
            for name, value in told.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(json.dumps(answer).encode())

        def log_message(self, *_: Any) -> None:
            """Nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    found = Api(server)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield found
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def models(api: Api) -> Models:
    """The client, which does not wait between its tries."""
    return Models(api.url, "eu-west-1", sleep=lambda _: None)


def test_a_prediction_has_its_id(api: Api, models: Models):
    """Signed for the API, with the user that asks."""
    api.answers = [(200, PREDICTED, {"label": "late"})]
    prediction = models.predict("fl/ights", {"a": 1}, user="u-17")
    assert (prediction.prediction_id, prediction.slot, prediction.version) == (
        "id-1",
        "green",
        "v2",
    )
    assert prediction.json() == {"label": "late"}
    ((path, headers, body),) = api.asked
    assert (path, body) == ("/models/fl%2Fights/predictions", {"a": 1})
    assert headers["x-tidegate-user"] == "u-17"
    assert "/eu-west-1/execute-api/aws4_request" in headers["authorization"]
    assert "x-tidegate-user" in headers["authorization"]


def test_a_failed_prediction_is_asked_once(api: Api, models: Models):
    """A second question would be a second request, and another prediction."""
    api.answers = [(502, {}, {"message": "the model failed"})]
    with pytest.raises(RefusedError, match="the model failed"):
        models.predict("flights", {})
    assert len(api.asked) == 1


def test_an_outcome_is_reported(api: Api, models: Models):
    """By the id that came with the answer."""
    api.answers = [(202, {}, {"credited": True})]
    assert models.report_outcome("id-1", wrong=True) is True
    assert api.asked[0][::2] == ("/outcomes", {"prediction_id": "id-1", "wrong": True})


def test_an_outcome_that_was_reported_is_no_error(api: Api, models: Models):
    """Whoever repeats after a lost answer is told so."""
    api.answers = [(503, {}, None), (409, {}, {"reason": "duplicate", "message": "m"})]
    assert models.report_outcome("id-1", wrong=True) is False
    assert len(api.asked) == 2


@pytest.mark.parametrize(("status", "reason"), [(400, "forged"), (410, "late"), (403, "error")])
def test_a_refused_outcome_is_not_repeated(api: Api, models: Models, status: int, reason: str):
    """It would be refused again."""
    api.answers = [(status, {}, {"reason": reason, "message": "m"})]
    with pytest.raises(RefusedError) as refusal:
        models.report_outcome("id-1", wrong=True)
    assert (refusal.value.status, refusal.value.reason) == (status, reason)
    assert len(api.asked) == 1


@pytest.mark.parametrize("status", [429, 500, 503])
def test_a_busy_api_is_asked_again_and_then_given_up(api: Api, models: Models, status: int):
    """The last answer is the error."""
    api.answers = [(status, {}, {})] * TRIES
    with pytest.raises(RefusedError) as refusal:
        models.report_outcome("id-1", wrong=True)
    assert refusal.value.status == status
    assert len(api.asked) == TRIES


def test_an_address_without_tls_is_refused():
    """What is signed is not secret, but what is asked may be."""
    with pytest.raises(ValueError, match="https://"):
        Models("http://example.com", "eu-west-1")


def test_an_api_that_is_not_there_is_an_error():
    """After all tries."""
    models = Models("http://127.0.0.1:9", "eu-west-1", sleep=lambda _: None)
    with pytest.raises(OSError, match="refused"):
        models.report_outcome("id-1", wrong=True)
