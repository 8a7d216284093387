"""The functions of the delivery machine, as deployed."""

import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

import follow_delivery.handler
import open_delivery.handler
import prepare_release.handler
import send_traffic.events
import send_traffic.handler
from emulator.clock import Course, write_course
from tests.aws import ROLE
from tests.samples import MODEL
from tidegate.errors import InvalidValueError
from tidegate.sending import TrafficRefusedError
from tidegate_aws import clients, world
from tidegate_aws.release_store import DynamoReleaseStore

START = {"delivery_id": "0a1b2c3d-4e5f", "round": 1, "who": "pipeline demo-pipeline"}
RELEASE = f"{MODEL}-0a1b2c3d-1-1"


@pytest.fixture
def machine(store: DynamoReleaseStore, monkeypatch: pytest.MonkeyPatch) -> DynamoReleaseStore:
    """There is a release machine."""
    made = clients.stepfunctions().create_state_machine(
        name="release-machine",
        definition=json.dumps({"StartAt": "End", "States": {"End": {"Type": "Succeed"}}}),
        roleArn=ROLE,
    )
    monkeypatch.setenv("RELEASE_MACHINE_ARN", made["stateMachineArn"])
    world.forget()
    return store


def _executions() -> list[str]:
    arn = clients.stepfunctions().list_state_machines()["stateMachines"][0]["stateMachineArn"]
    listed = clients.stepfunctions().list_executions(stateMachineArn=arn)["executions"]
    return [execution["name"] for execution in listed]


@pytest.mark.usefixtures("machine")
def test_opening_starts_the_release_machine():
    """Once, however often it is asked."""
    told = open_delivery.handler.handle(START, None)
    again = open_delivery.handler.handle(START, None)
    assert (told["standing"], told["started"]) == ("open", {MODEL: RELEASE})
    assert again["started"] == told["started"]
    assert _executions() == [f"{RELEASE}-e1"]
    json.dumps(told)


@pytest.mark.usefixtures("machine")
def test_following_takes_what_opening_told():
    """The machine hands it on as it is."""
    told = open_delivery.handler.handle(START, None)
    prepare_release.handler.handle(
        {"release_id": RELEASE, "model": MODEL, "who": "pipeline", "epoch": 1}, None
    )
    seen = follow_delivery.handler.handle(told, None)
    assert (seen["standing"], seen["started"]) == ("open", {MODEL: RELEASE})
    assert seen["started_at"] == told["started_at"]


@pytest.mark.usefixtures("machine")
def test_verifying_needs_no_start():
    """It says what was not delivered."""
    told = follow_delivery.handler.handle(START, None)
    assert told["standing"] == "failed"
    assert "nobody released it" in told["reason"]


def test_a_start_without_its_members_names_them_all():
    """Before anything is read."""
    with pytest.raises(InvalidValueError, match="delivery_id is missing; member round is missing"):
        open_delivery.handler.handle({}, None)
    with pytest.raises(InvalidValueError, match="round is 3"):
        open_delivery.handler.handle({**START, "round": 3}, None)
    with pytest.raises(InvalidValueError, match="member who is missing"):
        follow_delivery.handler.handle({"delivery_id": "x", "round": 1}, None)


class _Door(BaseHTTPRequestHandler):
    """Answers predictions, and keeps what it was asked."""

    status = 200
    asked: list[tuple[str, str, bytes]]

    def do_POST(self) -> None:
        """Every route."""
        body = self.rfile.read(int(self.headers["content-length"]))
        type(self).asked.append((self.path, self.headers["authorization"], body))
        self.send_response(self.status)
        self.send_header("x-tidegate-prediction-id", "id-1")
        answer = b'{"label": "late"}'
        self.send_header("content-length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - as the base class has it
        """Nothing is printed."""


@pytest.fixture
def door() -> Iterator[tuple[str, type[_Door]]]:
    """An HTTP API on this machine."""
    handler = type("Door", (_Door,), {"asked": []})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}", handler
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def sending(
    aws: None, door: tuple[str, type[_Door]], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> type[_Door]:
    """A file of requests in S3, and a clock on which a round takes a third of a second."""
    body = json.dumps({"body": {"a": 1}, "expect": {"/label": "late"}})
    s3 = clients.s3()
    s3.create_bucket(
        Bucket="assets", CreateBucketConfiguration={"LocationConstraint": s3.meta.region_name}
    )
    s3.put_object(Bucket="assets", Key="requests.jsonl", Body=body.encode())
    traffic = {
        MODEL: {
            "kind": "synthetic",
            "requests_per_minute": 2,
            "bucket": "assets",
            "key": "requests.jsonl",
        }
    }
    monkeypatch.setenv("API_URL", door[0])
    monkeypatch.setenv("TRAFFIC", json.dumps(traffic))
    course = Course(wall=1_800_000_000.0, cloud=1_800_000_000.0, rate=900.0)
    write_course(tmp_path / "clock.json", course, scale=900.0)
    monkeypatch.setenv("EMBEDDED_CLOCK_FILE", str(tmp_path / "clock.json"))
    world.forget()
    return door[1]


def test_a_round_of_traffic_goes_through_the_front_door(sending: type[_Door]):
    """Signed; what was right is reported."""
    now = world.world(()).clock.now()
    counts = send_traffic.handler.handle({"started_at": now}, None)
    predictions = [asked for asked in sending.asked if asked[0].endswith("/predictions")]
    outcomes = [json.loads(asked[2]) for asked in sending.asked if asked[0] == "/outcomes"]
    assert counts["sent"] == len(predictions) > 0
    assert counts["sent"] + counts.get("left", 0) in {9, 10}
    assert all("AWS4-HMAC-SHA256" in asked[1] for asked in sending.asked)
    assert outcomes == [{"prediction_id": "id-1", "wrong": False}] * counts["outcomes"]


def test_a_door_that_lets_nothing_in_fails_the_round(sending: type[_Door]):
    """The machine goes on without traffic, and its history says why."""
    sending.status = 403
    now = world.world(()).clock.now()
    with pytest.raises(TrafficRefusedError):
        send_traffic.handler.handle({"started_at": now}, None)


def test_a_round_without_a_start_is_refused(sending: type[_Door]):
    """Requests are due by the time since the delivery began."""
    with pytest.raises(InvalidValueError, match="started_at"):
        send_traffic.handler.handle({}, None)
