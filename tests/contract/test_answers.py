"""The contract of port `Answers`: a fake and S3."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.aws import mocked_aws
from tests.request_fakes import FakeAnswers
from tests.unit.tidegate.test_notices import TICKET
from tidegate.ports import Answers
from tidegate.tickets import Ticket
from tidegate_aws import answers as adapter
from tidegate_aws import clients
from tidegate_aws.answers import S3Answers

BUCKET = "answers"
QUEUED = Ticket(
    prediction_id=TICKET.prediction_id,
    line=TICKET.line,
    output=f"s3://{BUCKET}/answers/n1.out",
    failure=f"s3://{BUCKET}/failures/n1-error.out",
)


@pytest.fixture(params=["fake", "s3"])
def port(request: pytest.FixtureRequest) -> Iterator[Answers]:
    """An empty bucket."""
    if request.param == "fake":
        yield FakeAnswers()
        return
    with mocked_aws():
        clients.s3().create_bucket(
            Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"}
        )
        yield S3Answers(client=clients.s3())


def put(port: Answers, url: str, body: bytes) -> None:
    """An object is there, as SageMaker puts it."""
    key = url.removeprefix(f"s3://{BUCKET}/")
    port.put_input(BUCKET, key, body, content_type="application/json")


def test_a_ticket_is_opened_once(port: Answers):
    """Whoever comes second reads the first one's."""
    assert port.ticket(BUCKET, "n1") is None
    assert port.open(BUCKET, "n1", TICKET)
    assert not port.open(BUCKET, "n1", QUEUED)
    assert port.ticket(BUCKET, "n1") == TICKET


def test_a_ticket_is_closed_over_what_is_there(port: Answers):
    """With the places that SageMaker named."""
    port.open(BUCKET, "n1", TICKET)
    port.close(BUCKET, "n1", QUEUED)
    assert port.ticket(BUCKET, "n1") == QUEUED


def test_an_object_has_a_size_or_is_not_there(port: Answers):
    """None is no size."""
    assert port.size(BUCKET, "uploads/x") is None
    put(port, f"s3://{BUCKET}/uploads/x", b"123")
    assert port.size(BUCKET, "uploads/x") == 3


def test_a_request_waits_fails_or_is_answered(port: Answers):
    """An answer counts before a failure."""
    assert port.answer(TICKET).status == 202
    assert port.answer(QUEUED).status == 202
    put(port, QUEUED.failure, b"why")
    assert (port.answer(QUEUED).status, port.answer(QUEUED).body) == (502, b"why")
    put(port, QUEUED.output, b"42")
    assert (port.answer(QUEUED).status, port.answer(QUEUED).body) == (200, b"42")


def test_a_large_answer_is_fetched_from_s3(monkeypatch: pytest.MonkeyPatch):
    """By a link that is good for five minutes; a function could not hand it on."""
    monkeypatch.setattr(adapter, "HANDED_ON_BYTES", 10)
    with mocked_aws():
        clients.s3().create_bucket(
            Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"}
        )
        port = S3Answers(client=clients.s3())
        put(port, QUEUED.output, json.dumps(list(range(10))).encode())
        found: Any = port.answer(QUEUED)
    assert (found.status, found.body) == (200, b"")
    assert "answers/n1.out" in found.location
