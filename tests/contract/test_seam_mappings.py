"""Functions fed by a queue: rights, batches, partial failures, and what a lost function leaves."""

import json
import uuid
from collections.abc import Callable, Mapping
from typing import Any

import pytest
from botocore.exceptions import ClientError

from emulator.server import EmbeddedCloud
from tests.polling import until

RIGHTS = ("sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes")
RECORDING = """
import boto3, json, os, signal, time
table = boto3.resource("dynamodb").Table(os.environ["TABLE"])
def handle(event, context):
    failures = []
    for record in event["Records"]:
        body = json.loads(record["body"])
        count = int(record["attributes"]["ApproximateReceiveCount"])
        item = {"id": f"{body['name']}-{count}", "batch": context.aws_request_id}
        table.put_item(Item=item)
        if body.get("do") == "die" and count == 1:
            os.kill(os.getpid(), signal.SIGKILL)
        if body.get("do") == "raise":
            raise ValueError("no")
        if body.get("do") == "fail":
            failures.append({"itemIdentifier": record["messageId"]})
        if body.get("do") == "lie":
            return {"batchItemFailures": [{"itemIdentifier": "unknown"}]}
        if body.get("do") == "wait":
            began = time.monotonic()
            time.sleep(0.5)
            table.put_item(Item={**item, "time": f"{began} {time.monotonic()}"})
    return {"batchItemFailures": failures}
"""


class Feed:
    """A queue, a function that writes down what it gets, and the mapping between them."""

    def __init__(
        self,
        cloud: EmbeddedCloud,
        make_function: Callable[..., str],
        make_role: Callable[..., str],
        attributes: Mapping[str, Any],
    ) -> None:
        session = cloud.session()
        self.sqs, self.functions = session.client("sqs"), session.client("lambda")
        self.dead = self._queue({})
        redrive = {"deadLetterTargetArn": self.arn(self.dead), "maxReceiveCount": 3}
        self.url = self._queue({"RedrivePolicy": json.dumps(redrive), **attributes})
        name = f"seen-{uuid.uuid4().hex[:8]}"
        session.client("dynamodb").create_table(
            TableName=name,
            KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
            BillingMode="PAY_PER_REQUEST",
        )
        self._table = session.resource("dynamodb").Table(name)
        self.function = make_function(
            RECORDING,
            role=make_role("lambda", *RIGHTS, "dynamodb:PutItem"),
            Environment={"Variables": {"TABLE": name}},
        )

    def _queue(self, attributes: Mapping[str, Any]) -> str:
        url: str = self.sqs.create_queue(
            QueueName=f"q-{uuid.uuid4().hex[:8]}",
            Attributes={k: str(v) for k, v in attributes.items()},
        )["QueueUrl"]
        return url

    def arn(self, url: str) -> str:
        """Its ARN."""
        got = self.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])
        return str(got["Attributes"]["QueueArn"])

    def map(self, **options: Any) -> Any:
        """The mapping is there."""
        return self.functions.create_event_source_mapping(
            EventSourceArn=self.arn(self.url),
            FunctionName=self.function,
            **{"FunctionResponseTypes": ["ReportBatchItemFailures"], **options},
        )

    def send(self, *bodies: Mapping[str, Any]) -> None:
        """The messages are in the queue, all at once."""
        entries = [{"Id": str(n), "MessageBody": json.dumps(b)} for n, b in enumerate(bodies)]
        self.sqs.send_message_batch(QueueUrl=self.url, Entries=entries)

    def seen(self) -> dict[str, str]:
        """The batch of each `NAME-RECEIVES`."""
        items = self._table.scan()["Items"]
        return {str(item["id"]): str(item["batch"]) for item in items}

    def waits(self) -> list[tuple[float, float]]:
        """From when till when each message that is to wait was waiting."""
        items = self._table.scan()["Items"]
        times = [str(item["time"]).split() for item in items if "time" in item]
        return [(float(began), float(ended)) for began, ended in times]

    def left(self, url: str) -> int:
        """How many messages are in a queue, seen or unseen."""
        names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        got = self.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=names)
        return sum(int(value) for value in got["Attributes"].values())


@pytest.fixture
def make_feed(
    ground_cloud: EmbeddedCloud, make_function: Callable[..., str], make_role: Callable[..., str]
) -> Callable[..., Feed]:
    """Makes a queue with attributes and a function that may read it."""

    def make(**attributes: Any) -> Feed:
        return Feed(ground_cloud, make_function, make_role, attributes)

    return make


def test_a_function_that_may_not_read_the_queue_gets_no_mapping(
    make_feed: Callable[..., Feed], make_role: Callable[..., str]
) -> None:
    """Each of the three rights is asked for, in AWS's words."""
    feed = make_feed()
    for missing in RIGHTS:
        role = make_role("lambda", *(right for right in RIGHTS if right != missing))
        feed.functions.update_function_configuration(FunctionName=feed.function, Role=role)
        with pytest.raises(ClientError, match=f"call {missing.partition(':')[2]} on SQS") as caught:
            feed.map()
        assert caught.value.response["Error"]["Code"] == "InvalidParameterValueException"


def test_a_queue_hides_messages_at_least_as_long_as_the_function_may_run(
    make_feed: Callable[..., Feed],
) -> None:
    """Else the mapping is refused, as on AWS."""
    feed = make_feed(VisibilityTimeout=2)
    with pytest.raises(ClientError, match="less than Function timeout: 3 seconds"):
        feed.map()


def test_only_what_failed_comes_back_and_ends_in_the_dead_letter_queue(
    make_feed: Callable[..., Feed],
) -> None:
    """Three receives are allowed; the good message of the same batch is done with."""
    feed = make_feed(VisibilityTimeout=15)
    feed.send({"name": "good"}, {"name": "bad", "do": "fail"})
    feed.map()
    until(lambda: feed.left(feed.dead) or None, seconds=10, what="a dead letter")
    assert set(feed.seen()) == {"good-1", "bad-1", "bad-2", "bad-3"}
    assert feed.left(feed.url) == 0


def test_an_answer_that_names_no_message_fails_the_whole_batch(
    make_feed: Callable[..., Feed],
) -> None:
    """As does an exception; nothing of the batch is deleted."""
    feed = make_feed(VisibilityTimeout=15)
    feed.send({"name": "beside"}, {"name": "liar", "do": "lie"})
    feed.map()
    until(lambda: "liar-2" in feed.seen() or None, seconds=10, what="a second receive")
    assert {"beside-1", "beside-2"} <= set(feed.seen())


def test_a_killed_function_leaves_its_batch_for_another(make_feed: Callable[..., Feed]) -> None:
    """The messages come back after the visibility timeout and are done with then."""
    feed = make_feed(VisibilityTimeout=15)
    feed.send({"name": "one", "do": "die"}, {"name": "two"})
    feed.map()
    until(lambda: feed.left(feed.url) == 0 or None, seconds=10, what="an empty queue")
    seen = feed.seen()
    assert {"one-1", "one-2", "two-2"} <= set(seen)
    assert seen["one-1"] != seen["one-2"]
    assert feed.left(feed.dead) == 0


@pytest.mark.accept
def test_no_more_batches_run_at_once_than_the_mapping_allows(
    make_feed: Callable[..., Feed],
) -> None:
    """Six messages of half a second each take two lanes at least a second and a half."""
    feed = make_feed(VisibilityTimeout=60)
    feed.send(*({"name": f"n{n}", "do": "wait"} for n in range(6)))
    feed.map(BatchSize=1, ScalingConfig={"MaximumConcurrency": 2})
    until(lambda: feed.left(feed.url) == 0 or None, seconds=30, what="an empty queue")
    waits = feed.waits()
    at_once = [sum(a <= began < b for a, b in waits) for began, _ in waits]
    assert len(waits) == 6
    assert max(at_once) == 2
    assert len(set(feed.seen().values())) == 6


def test_a_mapping_whose_role_lost_its_right_takes_nothing(
    make_feed: Callable[..., Feed], make_role: Callable[..., str]
) -> None:
    """Messages wait until the role may read again."""
    feed = make_feed()
    role = feed.functions.get_function_configuration(FunctionName=feed.function)["Role"]
    feed.map()
    update = feed.functions.update_function_configuration
    update(FunctionName=feed.function, Role=make_role("lambda", "sqs:ReceiveMessage"))
    feed.send({"name": "waits"})
    other = make_feed()
    other.map()
    other.send({"name": "goes"})
    until(lambda: other.seen() or None, seconds=10, what="the other's message")
    assert feed.seen() == {}
    update(FunctionName=feed.function, Role=role)
    until(lambda: feed.seen() or None, seconds=10, what="the message that waited")


@pytest.mark.accept
def test_a_mapping_waits_for_more_messages_as_long_as_its_window(
    make_feed: Callable[..., Feed],
) -> None:
    """Two messages sent apart come in one batch."""
    feed = make_feed(VisibilityTimeout=300)
    feed.map(BatchSize=10, MaximumBatchingWindowInSeconds=20)
    feed.send({"name": "first"})
    feed.send({"name": "second"})
    until(lambda: len(feed.seen()) == 2 or None, seconds=10, what="both messages")
    assert len(set(feed.seen().values())) == 1
