"""S3, EventBridge and SNS deliver to a queue as far as its policy lets them."""

import json
import uuid
from collections.abc import Callable
from typing import Any

import pytest

from emulator.server import EmbeddedCloud


class Box:
    """A queue that services may send to, each for one source."""

    def __init__(self, cloud: EmbeddedCloud) -> None:
        self.clock = cloud.clock
        self._client = cloud.session().client("sqs")
        self._url = self._client.create_queue(QueueName=f"box-{uuid.uuid4().hex[:8]}")["QueueUrl"]
        name = ["QueueArn"]
        got = self._client.get_queue_attributes(QueueUrl=self._url, AttributeNames=name)
        self.arn = got["Attributes"]["QueueArn"]

    def admit(self, service: str, source: str) -> None:
        """Its policy lets the service send for this source, and nobody else."""
        statement = {
            "Effect": "Allow",
            "Principal": {"Service": f"{service}.amazonaws.com"},
            "Action": "sqs:SendMessage",
            "Resource": self.arn,
            "Condition": {"ArnEquals": {"aws:SourceArn": source}},
        }
        only_tls = {
            "Effect": "Deny",
            "Principal": {"AWS": "*"},
            "Action": "sqs:*",
            "Resource": self.arn,
            "Condition": {"Bool": {"aws:SecureTransport": "false"}},
        }
        policy = json.dumps({"Version": "2012-10-17", "Statement": [statement, only_tls]})
        self._client.set_queue_attributes(QueueUrl=self._url, Attributes={"Policy": policy})

    def take(self) -> list[Any]:
        """What is in it now, parsed, after the moment at which it was sent."""
        answer = self._client.receive_message(
            QueueUrl=self._url, MaxNumberOfMessages=10, AttributeNames=["SentTimestamp"]
        )
        return [
            (int(m["Attributes"]["SentTimestamp"]) / 1000, json.loads(m["Body"]))
            for m in answer.get("Messages", [])
        ]


@pytest.fixture
def box(ground_cloud: EmbeddedCloud) -> Box:
    """A queue with no policy."""
    return Box(ground_cloud)


def test_an_object_reaches_a_queue_by_a_rule_that_its_policy_names(
    ground_cloud: EmbeddedCloud, box: Box, eventually: Callable[..., Any]
) -> None:
    """The event has S3's form and the cloud's time; a rule that is not named delivers nothing."""
    session = ground_cloud.session()
    s3, events, bucket = session.client("s3"), session.client("events"), f"b-{uuid.uuid4().hex[:8]}"
    s3.create_bucket(Bucket=bucket)
    configuration: Any = {"EventBridgeConfiguration": {}}
    s3.put_bucket_notification_configuration(Bucket=bucket, NotificationConfiguration=configuration)
    pattern = {"source": ["aws.s3"], "detail": {"bucket": {"name": [bucket]}}}
    rule = events.put_rule(Name=bucket, EventPattern=json.dumps(pattern))["RuleArn"]
    events.put_targets(Rule=bucket, Targets=[{"Id": "box", "Arn": box.arn}])
    s3.put_object(Bucket=bucket, Key="dropped", Body=b"x")
    box.admit("events", f"{rule}-other")
    s3.put_object(Bucket=bucket, Key="dropped too", Body=b"x")
    box.admit("events", rule)
    began = ground_cloud.clock.now()
    s3.put_object(Bucket=bucket, Key="in/kept file.txt", Body=b"x")
    ((sent, event),) = eventually(box.take)
    assert (event["detail-type"], event["detail"]["reason"]) == ("Object Created", "PutObject")
    assert event["detail"]["object"]["key"] == "in/kept file.txt"
    assert began - 1 <= sent <= ground_cloud.clock.now()


@pytest.mark.accept
def test_a_rule_by_time_reaches_a_queue_that_demands_tls(
    ground_cloud: EmbeddedCloud, box: Box, eventually: Callable[..., Any]
) -> None:
    """Services come over TLS, also when no request is behind it."""
    events, name = ground_cloud.session().client("events"), f"r-{uuid.uuid4().hex[:8]}"
    rule = events.put_rule(Name=name, ScheduleExpression="rate(1 minute)")["RuleArn"]
    box.admit("events", rule)
    target = {"Id": "box", "Arn": box.arn, "Input": json.dumps({"from": name})}
    events.put_targets(Rule=name, Targets=[target])
    found = eventually(box.take)
    assert {body["from"] for _, body in found} == {name}
    events.remove_targets(Rule=name, Ids=["box"])
    events.delete_rule(Name=name)


@pytest.mark.accept
def test_a_schedule_reaches_a_queue_with_a_role_that_may(
    ground_cloud: EmbeddedCloud,
    box: Box,
    make_role: Callable[..., str],
    eventually: Callable[..., Any],
) -> None:
    """Schedules act with a role of their own, so the queue needs no policy."""
    scheduler = ground_cloud.session().client("scheduler")
    for name, actions in (("may-not", "sqs:ReceiveMessage"), ("may", "sqs:SendMessage")):
        scheduler.create_schedule(
            Name=f"{name}-{uuid.uuid4().hex[:8]}",
            ScheduleExpression="rate(1 minutes)",
            FlexibleTimeWindow={"Mode": "OFF"},
            Target={
                "Arn": box.arn,
                "RoleArn": make_role("scheduler", actions),
                "Input": json.dumps({"from": name}),
            },
        )
    found = eventually(box.take)
    assert {body["from"] for _, body in found} == {"may"}


def test_a_topic_reaches_a_queue_whose_policy_names_it(
    ground_cloud: EmbeddedCloud, box: Box, eventually: Callable[..., Any]
) -> None:
    """A message before that is dropped; times of sending are the cloud's."""
    sns = ground_cloud.session().client("sns")
    topic = sns.create_topic(Name=f"t-{uuid.uuid4().hex[:8]}")["TopicArn"]
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=box.arn)
    sns.publish(TopicArn=topic, Message="dropped")
    box.admit("sns", topic)
    began = ground_cloud.clock.now()
    sns.publish(TopicArn=topic, Message="kept")
    ((sent, note),) = eventually(box.take)
    assert note["Message"] == "kept"
    assert began - 1 <= sent <= ground_cloud.clock.now()
