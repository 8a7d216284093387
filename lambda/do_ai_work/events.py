"""SQS events to messages of the work queue, and what is done with to SQS."""

import json
from collections.abc import Iterable, Mapping
from typing import Any

from tidegate.ai.ledger import Delivery
from tidegate.ai.work import Message


def message_in(record: Mapping[str, Any]) -> Message:
    """The message of a record; one whose body is no JSON object has an empty one."""
    attributes = record["attributes"]
    return Message(
        delivery=Delivery(
            id=record["messageId"],
            sent_at=int(attributes["SentTimestamp"]) / 1000,
            receives=int(attributes["ApproximateReceiveCount"]),
        ),
        receipt=record["receiptHandle"],
        body=_body(record["body"]),
    )


def _body(text: str) -> Mapping[str, Any]:
    try:
        body = json.loads(text)
    except ValueError:
        return {}
    return body if isinstance(body, dict) else {}


def failures(ids: Iterable[str]) -> dict[str, Any]:
    """What SQS delivers again; everything else of the batch is deleted."""
    return {"batchItemFailures": [{"itemIdentifier": id_} for id_ in ids]}
