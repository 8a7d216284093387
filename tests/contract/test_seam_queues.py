"""Queues of the embedded cloud: its clock, dead-letter queues, redrive and metrics."""

import json
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import pytest
from botocore.exceptions import ClientError

from emulator.server import EmbeddedCloud
from tests.polling import until


@dataclass(frozen=True, kw_only=True, slots=True)
class Queue:
    """One queue, by a client of some caller's."""

    client: Any
    url: str
    arn: str

    def send(self, body: str, **options: Any) -> str:
        """The id of the message."""
        sent: str = self.client.send_message(QueueUrl=self.url, MessageBody=body, **options)[
            "MessageId"
        ]
        return sent

    def receive(self, **options: Any) -> list[Any]:
        """What is visible now."""
        answer = self.client.receive_message(
            QueueUrl=self.url, AttributeNames=["All"], **{"MaxNumberOfMessages": 10, **options}
        )
        found: list[Any] = answer.get("Messages", [])
        return found

    def received(self, number: int = 1) -> list[Any]:
        """So many messages, as soon as they are visible."""
        found: list[Any] = []

        def enough() -> list[Any] | None:
            found.extend(self.receive())
            return found if len(found) >= number else None

        return until(enough, seconds=10, what=f"{number} messages")

    def delete(self, message: dict[str, Any]) -> None:
        """By the handle that came with it."""
        self.client.delete_message(QueueUrl=self.url, ReceiptHandle=message["ReceiptHandle"])

    @property
    def visible(self) -> int:
        """How many messages could be received."""
        answer = self.client.get_queue_attributes(
            QueueUrl=self.url, AttributeNames=["ApproximateNumberOfMessages"]
        )
        return int(answer["Attributes"]["ApproximateNumberOfMessages"])


@pytest.fixture
def make_queue(ground_cloud: EmbeddedCloud) -> Callable[..., Queue]:
    """Makes a queue with attributes."""
    client = ground_cloud.session().client("sqs")

    def make(**attributes: Any) -> Queue:
        name = f"q-{uuid.uuid4().hex[:8]}"
        texts = {k: v if isinstance(v, str) else json.dumps(v) for k, v in attributes.items()}
        url = client.create_queue(QueueName=name, Attributes=texts)["QueueUrl"]
        arn = client.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])
        return Queue(client=client, url=url, arn=arn["Attributes"]["QueueArn"])

    return make


def redrive_to(dead_letters: Queue, most: int = 1) -> dict[str, Any]:
    """A redrive policy."""
    return {"deadLetterTargetArn": dead_letters.arn, "maxReceiveCount": most}


def refused(call: Callable[[], Any]) -> str:
    """The code of the error."""
    with pytest.raises(ClientError) as caught:
        call()
    return str(caught.value.response["Error"]["Code"])


def test_a_message_comes_back_after_its_visibility_timeout_by_the_clouds_clock(
    make_queue: Callable[..., Queue], ground_cloud: EmbeddedCloud
) -> None:
    """Twenty seconds of the cloud's are one of the wall's; the count of receives grows."""
    queue = make_queue(VisibilityTimeout=20)
    queue.send("one")
    began = ground_cloud.clock.now()
    assert [m["Body"] for m in queue.receive()] == ["one"]
    assert queue.receive() == []
    (again,) = queue.received()
    assert again["Attributes"]["ApproximateReceiveCount"] == "2"
    assert ground_cloud.clock.now() - began >= 20


def test_a_delayed_message_is_seen_when_its_time_has_come(
    make_queue: Callable[..., Queue], ground_cloud: EmbeddedCloud
) -> None:
    """A long poll waits for it."""
    queue = make_queue()
    began = ground_cloud.clock.now()
    queue.send("later", DelaySeconds=10)
    assert [m["Body"] for m in queue.receive(WaitTimeSeconds=20)] == ["later"]
    assert ground_cloud.clock.now() - began >= 10


@pytest.mark.accept
def test_a_message_expires_by_the_clouds_clock(
    make_queue: Callable[..., Queue], eventually: Callable[..., Any]
) -> None:
    """A retention of a minute is three seconds here; times of sending are the cloud's."""
    queue = make_queue(MessageRetentionPeriod=60, VisibilityTimeout=0)
    queue.send("old")
    assert len(queue.receive()) == 1
    assert eventually(lambda: not queue.receive())


def test_a_message_is_deleted_twice_without_an_error(make_queue: Callable[..., Queue]) -> None:
    """A lost answer may be asked for again, as on AWS; what never was a handle is refused."""
    queue = make_queue()
    queue.send("one")
    (message,) = queue.receive()
    queue.delete(message)
    queue.delete(message)
    entry = {"Id": "a", "ReceiptHandle": message["ReceiptHandle"]}
    answer = queue.client.delete_message_batch(QueueUrl=queue.url, Entries=[entry])
    assert answer["Successful"] == [{"Id": "a"}]
    code = refused(lambda: queue.delete({"ReceiptHandle": "x"}))
    assert code == "ReceiptHandleIsInvalid"


def test_no_message_is_lost_between_threads(
    make_queue: Callable[..., Queue], ground_cloud: EmbeddedCloud
) -> None:
    """Senders and receivers at once: everything sent is received once."""
    queue = make_queue(VisibilityTimeout=3600)
    got: list[str] = []

    def send(part: int) -> None:
        for n in range(5):
            entries = [
                {"Id": str(k), "MessageBody": f"{part}-{n}-{k}", "DelaySeconds": k % 2}
                for k in range(10)
            ]
            queue.client.send_message_batch(QueueUrl=queue.url, Entries=entries)

    def receive() -> None:
        while len(got) < 200 and (found := queue.receive(WaitTimeSeconds=10)):
            got.extend(m["Body"] for m in found)
            for message in found:
                queue.delete(message)

    with ThreadPoolExecutor(6) as threads:
        work = [threads.submit(send, part) for part in range(4)]
        work += [threads.submit(receive) for _ in range(2)]
    assert [task.exception() for task in work] == [None] * 6
    sent = [f"{part}-{n}-{k}" for part in range(4) for n in range(5) for k in range(10)]
    assert sorted(got) == sorted(sent)


def test_two_queues_share_a_dead_letter_queue(make_queue: Callable[..., Queue]) -> None:
    """A message received too often goes there, says where from, and both queues are its sources."""
    dead = make_queue()
    sources = [make_queue(VisibilityTimeout=0, RedrivePolicy=redrive_to(dead)) for _ in range(2)]
    for number, source in enumerate(sources):
        source.send(f"bad {number}")
        assert len(source.receive()) == 1
        assert source.receive() == []
    found = {m["Body"]: m["Attributes"]["DeadLetterQueueSourceArn"] for m in dead.received(2)}
    assert found == {f"bad {number}": source.arn for number, source in enumerate(sources)}
    listed = dead.client.list_dead_letter_source_queues(QueueUrl=dead.url)["queueUrls"]
    assert sorted(listed) == sorted(source.url for source in sources)


@pytest.fixture
def dead_letters(make_queue: Callable[..., Queue]) -> tuple[Queue, Queue]:
    """A queue and its dead-letter queue with one message."""
    dead = make_queue()
    source = make_queue(VisibilityTimeout=0, RedrivePolicy=redrive_to(dead))
    source.send("bad")
    source.receive()
    source.receive()
    assert dead.visible == 1
    return source, dead


def test_dead_letters_are_redriven_as_new_messages(
    dead_letters: tuple[Queue, Queue], eventually: Callable[..., Any]
) -> None:
    """Back in the queue they came from with another id, the count of receives from one."""
    source, dead = dead_letters
    (before,) = dead.receive(VisibilityTimeout=0)
    dead.client.start_message_move_task(SourceArn=dead.arn)
    (after,) = source.received()
    assert after["MessageId"] != before["MessageId"]
    assert after["Attributes"]["ApproximateReceiveCount"] == "1"
    (task,) = eventually(
        lambda: [
            task
            for task in dead.client.list_message_move_tasks(SourceArn=dead.arn)["Results"]
            if task["Status"] == "COMPLETED"
        ]
    )
    assert (
        task["ApproximateNumberOfMessagesMoved"] == task["ApproximateNumberOfMessagesToMove"] == 1
    )


def test_a_message_sent_to_the_dead_letter_queue_itself_cannot_go_back(
    dead_letters: tuple[Queue, Queue], eventually: Callable[..., Any]
) -> None:
    """The task fails and says why; another destination takes it."""
    source, dead = dead_letters
    dead.client.purge_queue(QueueUrl=dead.url)
    dead.send("from nowhere")
    dead.client.start_message_move_task(SourceArn=dead.arn)

    def failed() -> Any:
        (task,) = dead.client.list_message_move_tasks(SourceArn=dead.arn)["Results"]
        return task["Status"] == "FAILED" and task

    assert eventually(failed)["FailureReason"] == "CouldNotDetermineMessageSource"
    dead.client.start_message_move_task(SourceArn=dead.arn, DestinationArn=source.arn)
    assert [m["Body"] for m in source.received()] == ["from nowhere"]


def test_a_slow_move_task_can_be_cancelled_and_is_the_only_one(
    dead_letters: tuple[Queue, Queue],
) -> None:
    """What it had not moved by then stays."""
    source, dead = dead_letters
    entries = [{"Id": str(n), "MessageBody": "more"} for n in range(10)]
    for _ in range(20):
        dead.client.send_message_batch(QueueUrl=dead.url, Entries=entries)
    start = dead.client.start_message_move_task
    given = {"SourceArn": dead.arn, "DestinationArn": source.arn}
    handle = start(**given, MaxNumberOfMessagesPerSecond=1)["TaskHandle"]
    assert refused(lambda: start(**given)).endswith("UnsupportedOperation")
    moved = dead.client.cancel_message_move_task(TaskHandle=handle)
    assert moved["ApproximateNumberOfMessagesMoved"] < 201
    assert dead.visible > 0
    not_dead = refused(lambda: start(SourceArn=source.arn))
    assert not_dead == "InvalidParameterValue"


def test_a_redrive_needs_the_rights_of_all_that_it_does(
    dead_letters: tuple[Queue, Queue], ground_cloud: EmbeddedCloud
) -> None:
    """Taking from the dead-letter queue and sending to its source, beside its own action."""
    _, dead = dead_letters
    rights = ("StartMessageMoveTask", "ReceiveMessage", "DeleteMessage", "GetQueueAttributes")
    every = [f"sqs:{name}" for name in (*rights, "SendMessage")]

    def start(actions: list[str]) -> Any:
        iam = ground_cloud.session().client("iam")
        name = f"user-{uuid.uuid4().hex[:8]}"
        iam.create_user(UserName=name)
        statement = {"Effect": "Allow", "Action": actions, "Resource": "*"}
        document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        iam.put_user_policy(UserName=name, PolicyName="p", PolicyDocument=document)
        key = iam.create_access_key(UserName=name)["AccessKey"]
        client = ground_cloud.session().client(
            "sqs",
            aws_access_key_id=key["AccessKeyId"],
            aws_secret_access_key=key["SecretAccessKey"],
        )
        return client.start_message_move_task(SourceArn=dead.arn)

    for missing in every:
        some = [action for action in every if action != missing]
        assert refused(partial(start, some)).startswith("AccessDenied")
    assert start(every)["TaskHandle"]


@pytest.mark.accept
def test_an_alarm_on_a_dead_letter_queue_goes_off(
    dead_letters: tuple[Queue, Queue], ground_cloud: EmbeddedCloud, eventually: Callable[..., Any]
) -> None:
    """What waits is a metric of the queue once a minute of the cloud's clock."""
    _, dead = dead_letters
    name = dead.arn.rpartition(":")[2]
    cloudwatch = ground_cloud.session().client("cloudwatch")
    cloudwatch.put_metric_alarm(
        AlarmName=name,
        Namespace="AWS/SQS",
        MetricName="ApproximateNumberOfMessagesVisible",
        Dimensions=[{"Name": "QueueName", "Value": name}],
        Statistic="Maximum",
        Period=60,
        EvaluationPeriods=1,
        Threshold=0,
        ComparisonOperator="GreaterThanThreshold",
        TreatMissingData="notBreaching",
    )

    def firing() -> bool:
        (alarm,) = cloudwatch.describe_alarms(AlarmNames=[name])["MetricAlarms"]
        return bool(alarm["StateValue"] == "ALARM")

    assert eventually(firing)
    now = datetime.fromtimestamp(ground_cloud.clock.now(), UTC)
    oldest = cloudwatch.get_metric_statistics(
        Namespace="AWS/SQS",
        MetricName="ApproximateAgeOfOldestMessage",
        Dimensions=[{"Name": "QueueName", "Value": name}],
        StartTime=now - timedelta(hours=1),
        EndTime=now + timedelta(minutes=1),
        Period=60,
        Statistics=["Maximum"],
    )["Datapoints"]
    assert max(point["Maximum"] for point in oldest) > 0
