"""The event store: one item an event in a DynamoDB table of the service's own."""

import json
import math
from collections.abc import Mapping
from typing import Any

from tidegate.ai.fraud.events import Judged, Label
from tidegate.ai.fraud.settings import FraudSettings
from tidegate.ai.ports import ServicePorts
from tidegate.ai.problems import CallRefusedError
from tidegate.ai.typed import to_json
from tidegate.errors import ConflictError

TABLE = "table"
"""What functions are told of the table's name."""
_DAY = 86_400
_LOST = "ConditionalCheckFailedException"


def judged_of(event: str, ports: ServicePorts) -> Judged | None:
    """The event as it is stored now."""
    answer = ports.calls.call(
        "dynamodb",
        "GetItem",
        TableName=ports.resources[TABLE],
        Key={"pk": {"S": f"event#{event}"}},
        ConsistentRead=True,
    )
    item = answer.get("Item")
    if item is None:
        return None
    found: Mapping[str, Any] = json.loads(item["document"]["S"])
    labels = tuple(Label(**label) for label in found.get("labels", ()))
    return Judged(**{**found, "labels": labels})


def save(judged: Judged, ports: ServicePorts) -> None:
    """The event is stored so; ConflictError where it is not as the revision before it says."""
    settings: FraudSettings = ports.settings
    expires = judged.at + _DAY * settings.outcome_days
    item = {
        "pk": {"S": f"event#{judged.event}"},
        "document": {"S": json.dumps(to_json(judged), sort_keys=True)},
        "revision": {"N": str(judged.revision)},
        "expires_at": {"N": str(math.ceil(expires))},
    }
    if judged.revision == 0:
        condition: dict[str, Any] = {"ConditionExpression": "attribute_not_exists(pk)"}
    else:
        condition = {
            "ConditionExpression": "revision = :before",
            "ExpressionAttributeValues": {":before": {"N": str(judged.revision - 1)}},
        }
    try:
        ports.calls.call(
            "dynamodb", "PutItem", TableName=ports.resources[TABLE], Item=item, **condition
        )
    except CallRefusedError as error:
        if error.code != _LOST:
            raise
        raise ConflictError(f"event {judged.event} was changed in between") from error
