"""What the service needs on AWS beside its functions: the table of items and annotators."""

from collections.abc import Mapping
from typing import Any

from tidegate.ai.kind import Place, Resources
from tidegate.ai.labelling.settings import LabellingSettings
from tidegate.ai.labelling.store import INDEX, TABLE

Template = Mapping[str, Any]
TABLE_ID = "Items"
"""Logical id."""


def resources_of(_settings: LabellingSettings, _place: Place) -> Resources:
    """The table with its index of lists."""
    return Resources(
        templates={TABLE_ID: {"Type": "AWS::DynamoDB::Table", "Properties": _table()}},
        told={TABLE: f"${{{TABLE_ID}}}"},
    )


def _table() -> Template:
    return {
        "KeySchema": _keys("pk", "sk"),
        "AttributeDefinitions": [
            {"AttributeName": name, "AttributeType": "S"} for name in ("pk", "sk", "list", "place")
        ],
        "GlobalSecondaryIndexes": [
            {
                "IndexName": INDEX,
                "KeySchema": _keys("list", "place"),
                "Projection": {"ProjectionType": "ALL"},
            }
        ],
        "BillingMode": "PAY_PER_REQUEST",
        "PointInTimeRecoverySpecification": {"PointInTimeRecoveryEnabled": True},
        "SSESpecification": {"SSEEnabled": True},
        "TimeToLiveSpecification": {"AttributeName": "expires_at", "Enabled": True},
    }


def _keys(partition: str, order: str) -> list[Template]:
    return [
        {"AttributeName": partition, "KeyType": "HASH"},
        {"AttributeName": order, "KeyType": "RANGE"},
    ]
