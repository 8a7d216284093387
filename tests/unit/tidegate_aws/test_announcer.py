"""Announcements of releases, on the bus and by the topic."""

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from botocore.stub import Stubber

from tests.aws import mocked_aws
from tests.botocore_model import watched_requests
from tidegate.announcement import Announcement
from tidegate_aws import clients
from tidegate_aws.announcer import AnnouncementError, AwsAnnouncer

NEWS = Announcement(
    id="r-1/00000100",
    subject="[shop-prod] flights v2: promoted, 50 % -> 100 %",
    text="What: promoted\n",
    detail={"id": "r-1/00000100", "model": "flights", "what": "promoted", "phase": "promoted"},
)


@pytest.fixture
def topic() -> Iterator[str]:
    """A topic; every request keeps AWS's own rules."""
    with mocked_aws(), watched_requests() as requests:
        yield str(clients.sns().create_topic(Name="releases")["TopicArn"])
    assert requests.faults == []


def announcer(topic: str) -> AwsAnnouncer:
    """An announcer on the default bus."""
    return AwsAnnouncer(
        events=clients.events(), sns=clients.sns(), event_bus_name="default", topic_arn=topic
    )


def received(topic: str, protocol: str = "sqs") -> dict[str, Any]:
    """What a subscriber got of the news."""
    sqs = clients.session().client("sqs")
    queue = sqs.create_queue(QueueName="q")["QueueUrl"]
    found = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])
    clients.sns().subscribe(
        TopicArn=topic, Protocol=protocol, Endpoint=found["Attributes"]["QueueArn"]
    )
    announcer(topic).announce(NEWS)
    (message,) = sqs.receive_message(QueueUrl=queue)["Messages"]
    body: dict[str, Any] = json.loads(message["Body"])
    return body


def test_a_program_gets_the_json(topic: str):
    """With attributes by which a subscription chooses."""
    message = received(topic)
    assert json.loads(message["Message"]) == NEWS.detail
    assert message["Subject"] == NEWS.subject
    values = {name: given["Value"] for name, given in message["MessageAttributes"].items()}
    assert values == {
        "id": "r-1/00000100",
        "model": "flights",
        "what": "promoted",
        "phase": "promoted",
    }


class Kept:
    """A client that keeps what it gets."""

    def __init__(self) -> None:
        self.sent: list[dict[str, Any]] = []

    def put_events(self, **request: Any) -> Any:
        """Taken."""
        self.sent.extend(request["Entries"])
        return {"FailedEntryCount": 0, "Entries": [{"EventId": "1"}]}

    def publish(self, **request: Any) -> Any:
        """Taken."""
        self.sent.append(request)


def test_a_person_gets_the_text():
    """E-mail has no use for JSON."""
    kept = Kept()
    AwsAnnouncer(events=Kept(), sns=kept, event_bus_name="b", topic_arn="t").announce(NEWS)
    texts = json.loads(kept.sent[0]["Message"])
    assert texts["default"] == NEWS.text
    assert "email" not in texts
    assert json.loads(texts["https"]) == NEWS.detail


def test_the_event_is_the_detail():
    """Other systems match on what happened to which model."""
    kept = Kept()
    AwsAnnouncer(events=kept, sns=Kept(), event_bus_name="b", topic_arn="t").announce(NEWS)
    (event,) = kept.sent
    assert (event["Source"], event["DetailType"]) == ("tidegate", "Tidegate Release State Change")
    assert json.loads(event["Detail"]) == NEWS.detail


def test_an_event_that_the_bus_refuses_is_an_error(topic: str):
    """EventBridge answers 200 to what it does not take."""
    refused = {"FailedEntryCount": 1, "Entries": [{"ErrorCode": "E", "ErrorMessage": "too big"}]}
    with Stubber(clients.events()) as stub:
        stub.add_response("put_events", refused)
        with pytest.raises(AnnouncementError, match="too big"):
            replace(announcer(topic), events=clients.events()).announce(NEWS)
