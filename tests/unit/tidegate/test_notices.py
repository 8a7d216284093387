"""What SageMaker tells of an asynchronous request, and what it counts as."""

import json
from typing import Any

import pytest

from tests.samples import RELEASE
from tidegate.collecting import answered_line
from tidegate.errors import InvalidValueError
from tidegate.notices import notice_in
from tidegate.requestlog import ServedLine
from tidegate.tickets import Ticket

LINE = ServedLine(
    model="flights",
    release_id=RELEASE,
    slot="green",
    version="abc",
    split_version=4,
    settling=False,
    served_at=1_800_000_000.25,
    status=202,
    milliseconds=0.0,
    client="c1",
)
TICKET = Ticket(prediction_id="signed", line=LINE)


def message(**changes: Any) -> str:
    """The message of the developer guide."""
    told = {
        "awsRegion": "us-east-1",
        "eventTime": "2027-01-25T22:46:00.608Z",
        "receivedTime": "2027-01-25T22:45:58.455Z",
        "invocationStatus": "Completed",
        "requestParameters": {
            "contentType": "text/csv",
            "endpointName": "demo-test-flights-green",
            "inputLocation": "s3://answers/inputs/n1",
        },
        "inferenceId": "n1",
        "eventVersion": "1.0",
        "eventSource": "aws:sagemaker",
        "eventName": "InferenceResult",
    }
    return json.dumps({**told, **changes})


def test_a_success_has_its_time_from_the_queue_to_the_answer():
    """Waiting and processing together, in milliseconds."""
    notice = notice_in(message())
    assert notice is not None
    assert (notice.status, notice.bucket, notice.inference_id) == (200, "answers", "n1")
    assert notice.milliseconds == pytest.approx(2_153)


@pytest.mark.parametrize(
    ("reason", "status"),
    [
        ("Received client error (413) from primary with message", 413),
        ("Received server error (500) from primary with message", 500),
        ("The request expired in the queue.", 504),
        ("Your invocation timed out.", 504),
        ("", 500),
    ],
)
def test_a_failure_counts_as_at_the_front_door(reason: str, status: int):
    """Only what the caller did is no failure of the version; an expiry is one."""
    notice = notice_in(message(invocationStatus="Failed", failureReason=reason))
    assert notice is not None
    assert notice.status == status


def test_the_test_of_a_new_topic_is_of_nobody():
    """SageMaker greets each topic of a new endpoint."""
    assert notice_in(json.dumps({"eventName": "TestNotification"})) is None


def test_a_result_of_another_shape_is_an_error():
    """It must be delivered again and be seen, not get lost."""
    with pytest.raises(InvalidValueError, match="receivedTime"):
        notice_in(message(receivedTime="soon"))
    with pytest.raises(InvalidValueError, match="inputLocation"):
        notice_in(message(requestParameters={"endpointName": "e"}))


def test_the_line_is_of_the_interval_of_the_submission():
    """Where the request was drawn, with what became of it."""
    notice = notice_in(message(invocationStatus="Failed", failureReason="expired"))
    assert notice is not None
    line = answered_line(notice, Ticket.from_text(TICKET.to_text()))
    assert line is not None
    assert (line.served_at, line.split_version, line.client) == (LINE.served_at, 4, "c1")
    assert (line.status, round(line.milliseconds)) == (504, 2_153)


def test_a_result_of_another_slot_than_the_tickets_is_of_nobody():
    """A submission that died was taken over by the slot that the ticket names."""
    asked = {"endpointName": "demo-test-flights-blue", "inputLocation": "s3://answers/inputs/n1"}
    notice = notice_in(message(requestParameters=asked))
    assert notice is not None
    assert answered_line(notice, TICKET) is None
    assert answered_line(notice, None) is None


def test_a_ticket_without_its_line_is_refused():
    """Damaged, it says what it has."""
    with pytest.raises(InvalidValueError, match="without the line"):
        Ticket.from_text(json.dumps({"prediction_id": "p", "line": "x", "output": ""}))
