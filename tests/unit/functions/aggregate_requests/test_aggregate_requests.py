"""The request log becomes counts."""

import base64
import gzip
import json
from dataclasses import replace
from typing import Any

import pytest

from aggregate_requests.events import log_batch
from aggregate_requests.handler import handle
from tests.aws import OBSERVATION_TABLE
from tests.samples import MODEL, RELEASE, START
from tidegate.observation import Unit
from tidegate.requestlog import OutcomeLine, ServedLine
from tidegate_aws import clients
from tidegate_aws.counters import DynamoCounters

SERVED = ServedLine(
    model=MODEL,
    release_id=RELEASE,
    slot="green",
    version="abc",
    split_version=3,
    settling=False,
    served_at=START,
    status=200,
    milliseconds=8.0,
    client="c1",
)
OUTCOME = OutcomeLine(
    model=MODEL,
    release_id=RELEASE,
    slot="green",
    split_version=3,
    served_at=START,
    known_at=START + 61,
    wrong=True,
)


def an_event(*messages: str, **changes: Any) -> dict[str, Any]:
    """What a CloudWatch Logs subscription delivers."""
    data = {
        "messageType": "DATA_MESSAGE",
        "owner": "123456789012",
        "logGroup": "/aws/lambda/route-request",
        "logStream": "2027/01/15/[$LATEST]abc",
        "subscriptionFilters": ["requests"],
        "logEvents": [
            {"id": f"event-{i}", "timestamp": 1, "message": m} for i, m in enumerate(messages)
        ],
        **changes,
    }
    return {
        "awslogs": {"data": base64.b64encode(gzip.compress(json.dumps(data).encode())).decode()}
    }


def counted() -> DynamoCounters:
    """What the table knows."""
    return DynamoCounters(client=clients.dynamodb(), table=OBSERVATION_TABLE)


@pytest.mark.usefixtures("aws")
def test_a_batch_is_counted_once_however_often_it_comes():
    """AWS delivers at least once."""
    event = an_event(SERVED.to_line(), OUTCOME.to_line())
    assert handle(event, None) == {"counted": True, "lines": 2, "ignored": 0}
    assert handle(event, None) == {"counted": False, "lines": 2, "ignored": 0}
    (observation,) = counted().read(RELEASE)
    assert observation.requests == 1
    assert {bucket: o.wrong for bucket, o in observation.outcomes.items()} == {1: 1}


@pytest.mark.usefixtures("aws")
def test_of_users_each_is_counted_once_however_often_he_comes():
    """In whatever batch, and his first outcome where he was first seen."""
    ada = replace(SERVED, unit=Unit.USER)
    again = replace(ada, served_at=START + 130, status=503)
    told = replace(OUTCOME, unit=Unit.USER, client="c1", served_at=START + 130)
    assert handle(an_event(ada.to_line()), None)["counted"]
    handle(an_event(again.to_line(), told.to_line(), logStream="another"), None)
    (observation,) = counted().read(RELEASE)
    assert (observation.unit, observation.requests, observation.errors) == (Unit.USER, 1, 0)
    assert {bucket: o.wrong for bucket, o in observation.outcomes.items()} == {1: 1}


@pytest.mark.usefixtures("aws")
def test_other_text_and_damaged_lines_do_not_stop_the_rest():
    """They are told of, and a batch with a bad line is not delivered for ever."""
    damaged = json.dumps({"log": "tidegate", "kind": "served", "unit": "request"})
    event = an_event("START RequestId: 1", damaged, SERVED.to_line())
    assert handle(event, None) == {"counted": True, "lines": 1, "ignored": 2}


@pytest.mark.usefixtures("aws")
def test_a_control_message_counts_nothing():
    """AWS sends one to test the subscription."""
    event = an_event("CWL CONTROL MESSAGE", messageType="CONTROL_MESSAGE")
    assert handle(event, None) == {"counted": False, "lines": 0, "ignored": 0}


def test_the_same_lines_of_another_stream_are_another_batch():
    """Two processes may log at the same time."""
    line = SERVED.to_line()
    assert log_batch(an_event(line)).batch_id == log_batch(an_event(line)).batch_id
    other = log_batch(an_event(line, logStream="another"))
    assert other.batch_id != log_batch(an_event(line)).batch_id
