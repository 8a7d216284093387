"""What every queue has: encrypted, over TLS only."""

from collections.abc import Mapping, Sequence
from typing import Any

from stacks.components.blueprint import Blueprint, att, ref


def add_queue(
    blueprint: Blueprint,
    id_: str,
    properties: Mapping[str, Any],
    *,
    statements: Sequence[dict[str, Any]],
) -> str:
    """The queue and its policy are there; returns the policy's id."""
    blueprint.add(id_, "AWS::SQS::Queue", {"SqsManagedSseEnabled": True, **properties})
    document = {"Version": "2012-10-17", "Statement": list(statements)}
    return blueprint.add(
        f"{id_}Policy",
        "AWS::SQS::QueuePolicy",
        {"Queues": [ref(id_)], "PolicyDocument": document},
    )


def deny_plain(id_: str) -> dict[str, Any]:
    """The statement that refuses whatever does not come over TLS."""
    return {
        "Effect": "Deny",
        "Principal": {"AWS": "*"},
        "Action": "sqs:*",
        "Resource": att(id_),
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }


def let_send(id_: str, service: str, source: Any) -> dict[str, Any]:
    """The statement that lets a service put messages in on behalf of one of its resources."""
    return {
        "Effect": "Allow",
        "Principal": {"Service": service},
        "Action": "sqs:SendMessage",
        "Resource": att(id_),
        "Condition": {"ArnEquals": {"aws:SourceArn": source}},
    }
