"""A queue of the embedded cloud that hears what services tell."""

import json
import uuid
from typing import Any

import boto3


def listening_queue(session: boto3.Session) -> tuple[Any, str, str]:
    """A queue that SNS and EventBridge may write to: client, URL and ARN."""
    client = session.client("sqs")
    url = client.create_queue(QueueName=f"q-{uuid.uuid4().hex[:8]}")["QueueUrl"]
    attributes = client.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])
    arn = attributes["Attributes"]["QueueArn"]
    senders = {"Service": ["sns.amazonaws.com", "events.amazonaws.com"]}
    statement = {
        "Effect": "Allow",
        "Principal": senders,
        "Action": "sqs:SendMessage",
        "Resource": arn,
    }
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    client.set_queue_attributes(QueueUrl=url, Attributes={"Policy": policy})
    return client, url, arn


def taken(client: Any, url: str, *, wait_seconds: int = 0) -> list[dict[str, Any]]:
    """What a queue has, told once: in a cloud whose clock runs, what is not deleted comes again."""
    answer = client.receive_message(
        QueueUrl=url, MaxNumberOfMessages=10, WaitTimeSeconds=wait_seconds
    )
    found = answer.get("Messages", [])
    for message in found:
        client.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
    return [json.loads(message["Body"]) for message in found]
