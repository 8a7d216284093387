"""Where an asynchronous model's requests and answers are, and who is told what became of them.

Each slot has a topic of its own, which SageMaker publishes successes and errors to under the
model's execution role, and whose only subscriber counts them.
"""

from typing import Any

from stacks.components.arns import Arns, allow
from stacks.components.blueprint import Blueprint, att, data, ref
from stacks.components.bucket import add_bucket, objects_in
from stacks.project.names import function_name
from stacks.project.spec import AsynchronousSpec, DataOnDestroy
from tidegate.asynchronous import ANSWERS, FAILURES, INPUTS, UPLOADS
from tidegate.slots import PAIR, Slot

ANSWER_BUCKET = "AnswerBucket"
"""Its logical id, which is pinned: another one would be another bucket."""
COLLECTOR = "collect_answer"
_KEY = "alias/aws/sns"
"""Encryption by the key that AWS manages for SNS: only roles of this account publish here."""


def topic_id(slot: Slot) -> str:
    """The logical id of a slot's topic."""
    return f"{slot.value.capitalize()}Answers"


def add_answers(blueprint: Blueprint, waits: AsynchronousSpec, *, project: str, arns: Arns) -> None:
    """Bucket and topics are there, and the collector hears of every request."""
    add_answer_bucket(blueprint, keep_days=waits.keep_days, on_destroy=arns.stage.data_on_destroy)
    collector = arns.of("lambda", f"function:{function_name(project, arns.stage.name, COLLECTOR)}")
    topics = [topic_id(slot) for slot in PAIR]
    for topic in topics:
        blueprint.add(topic, "AWS::SNS::Topic", {"KmsMasterKeyId": _KEY})
        permission = blueprint.add(
            f"{topic}Permission",
            "AWS::Lambda::Permission",
            {
                "Action": "lambda:InvokeFunction",
                "FunctionName": collector,
                "Principal": "sns.amazonaws.com",
                "SourceArn": ref(topic),
            },
        )
        blueprint.add(
            f"{topic}Subscription",
            "AWS::SNS::Subscription",
            {"TopicArn": ref(topic), "Protocol": "lambda", "Endpoint": collector},
            after=[permission],
        )
        blueprint.add(
            f"{topic}Policy",
            "AWS::SNS::TopicPolicy",
            {"Topics": [ref(topic)], "PolicyDocument": _only_tls(topic)},
        )


def add_answer_bucket(blueprint: Blueprint, *, keep_days: int, on_destroy: DataOnDestroy) -> None:
    """The bucket is there; its name is generated, its content expires after so many days."""
    add_bucket(blueprint, ANSWER_BUCKET, keep_days=keep_days, kept=data(on_destroy))


def _only_tls(topic: str) -> dict[str, Any]:
    """Roles of the account say who may publish; this policy only refuses what is not TLS."""
    refusal = {
        "Sid": "OnlyTls",
        "Effect": "Deny",
        "Principal": {"AWS": "*"},
        "Action": "sns:Publish",
        "Resource": ref(topic),
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }
    return {"Version": "2012-10-17", "Statement": [refusal]}


def asynchronous_config(waits: AsynchronousSpec, slot: Slot) -> dict[str, Any]:
    """What the endpoint configuration of a slot says of its queue."""
    topic = ref(topic_id(slot))
    config: dict[str, Any] = {
        "OutputConfig": {
            "S3OutputPath": _place(ANSWERS),
            "S3FailurePath": _place(FAILURES),
            "NotificationConfig": {"SuccessTopic": topic, "ErrorTopic": topic},
        }
    }
    if waits.max_concurrency is not None:
        config["ClientConfig"] = {"MaxConcurrentInvocationsPerInstance": waits.max_concurrency}
    return config


def _place(prefix: str) -> dict[str, Any]:
    return {"Fn::Join": ["", ["s3://", ref(ANSWER_BUCKET), f"/{prefix}"]]}


def answering_statements() -> list[dict[str, Any]]:
    """What the execution role needs to read inputs, write answers and tell of them.

    Source: developer guide, "Asynchronous inference: complete the prerequisites".
    """
    read = [objects_in(ANSWER_BUCKET, f"{prefix}/*") for prefix in (INPUTS, UPLOADS)]
    written = [objects_in(ANSWER_BUCKET, f"{prefix}/*") for prefix in (ANSWERS, FAILURES)]
    return [
        allow(["s3:GetObject"], read),
        allow(["s3:AbortMultipartUpload", "s3:PutObject"], written),
        allow(["s3:ListBucket"], [att(ANSWER_BUCKET)]),
        allow(["sns:Publish"], [ref(topic_id(slot)) for slot in PAIR]),
    ]
