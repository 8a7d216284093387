"""The release table's stream, announced."""

import json
from typing import Any

import pytest

from announce_release.handler import handle
from emulator.cloudwatch.embedded import embedded_values
from tests import samples
from tidegate.errors import NotFoundError
from tidegate.release import LogEntry
from tidegate_aws import clients, world
from tidegate_aws.release_items import log_item, record_item
from tidegate_aws.release_store import DynamoReleaseStore

ENTRY = LogEntry(
    at=samples.START,
    who="ann",
    what="pause",
    why="holiday",
    before={"blue": 100, "green": 0},
    after={"blue": 100, "green": 0},
)


@pytest.fixture
def queue(store: DynamoReleaseStore, monkeypatch: pytest.MonkeyPatch) -> str:
    """The queue that gets what is announced; a release is open."""
    record = samples.record()
    store.open(record, ENTRY)
    topic = clients.sns().create_topic(Name="releases")["TopicArn"]
    sqs = clients.session().client("sqs")
    url = str(sqs.create_queue(QueueName="q")["QueueUrl"])
    found = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])
    clients.sns().subscribe(
        TopicArn=topic, Protocol="sqs", Endpoint=found["Attributes"]["QueueArn"]
    )
    monkeypatch.setenv("NOTIFICATION_TOPIC_ARN", topic)
    monkeypatch.setenv("DASHBOARD_URL", "https://example.com")
    monkeypatch.setenv("PROJECT", "shop")
    monkeypatch.setenv("STAGE", "dev")
    world.forget()
    return url


def change(item: Any, position: str = "1", **more: Any) -> dict[str, Any]:
    """A change of the stream."""
    keys = {name: item[name] for name in ("pk", "sk")}
    return {
        "eventName": "INSERT",
        "dynamodb": {"Keys": keys, "NewImage": item, "SequenceNumber": position, **more},
    }


def logged(release_id: str = samples.RELEASE, *, revision: int = 1, position: str = "1") -> Any:
    """The change by which a log entry is written."""
    return change(log_item(release_id, ENTRY, revision=revision, place=0), position)


def messages(queue: str) -> list[Any]:
    """The announcements in the queue."""
    found = clients.session().client("sqs").receive_message(QueueUrl=queue, MaxNumberOfMessages=10)
    return [json.loads(json.loads(m["Body"])["Message"]) for m in found.get("Messages", [])]


def test_a_log_entry_is_one_message(queue: str):
    """Whoever wrote it: an operator's pause is told as well."""
    assert handle({"Records": [logged()]}, None) == {"batchItemFailures": []}
    (message,) = messages(queue)
    assert (message["what"], message["why"], message["who"]) == ("pause", "holiday", "ann")
    assert message["id"] == f"{samples.RELEASE}/00000100"


def test_a_record_is_metrics_and_no_message(queue: str, capsys: pytest.CaptureFixture[str]):
    """The dashboard shows what every look found."""
    handle({"Records": [change(record_item(samples.record()))]}, None)
    lines = capsys.readouterr().out.splitlines()
    names = {found.name for line in lines for found in embedded_values(line)}
    assert names == {"SharePercent"}
    assert messages(queue) == []


def test_what_is_neither_is_passed_over(queue: str):
    """Pointers, locks and removed items are nobody's news."""
    other = {"pk": {"S": "model#m"}, "sk": {"S": "pointer"}, "json": {"S": "{}"}}
    gone = logged()
    del gone["dynamodb"]["NewImage"]
    assert handle({"Records": [change(other), gone]}, None) == {"batchItemFailures": []}
    assert messages(queue) == []


def test_a_failure_has_the_batch_delivered_from_there(queue: str):
    """What was told before it is not told again."""
    batch = [logged(position="1"), logged("nowhere", position="2"), logged(position="3")]
    told = handle({"Records": batch}, None)
    assert told == {"batchItemFailures": [{"itemIdentifier": "2"}]}
    assert len(messages(queue)) == 1


def test_a_batch_of_which_nothing_can_be_told_is_an_error(queue: str):
    """An alarm counts errors of the function."""
    with pytest.raises(NotFoundError):
        handle({"Records": [logged("nowhere")]}, None)
