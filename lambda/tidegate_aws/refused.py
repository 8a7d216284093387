"""Counts of refused outcomes in DynamoDB: one item a model and reason."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tidegate_aws.items import key, number, read_number
from tidegate_aws.table import Table

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


@dataclass(frozen=True, slots=True, kw_only=True)
class DynamoRefused:
    """Port `Refused` over the observation table, named by `table`."""

    client: DynamoDBClient
    table: str

    def count(self, model: str, reason: str) -> None:
        """Count one refused outcome."""
        self.client.update_item(
            TableName=self.table,
            Key=key(f"refused#{model}", reason),
            UpdateExpression="ADD #refused :one",
            ExpressionAttributeNames={"#refused": "refused"},
            ExpressionAttributeValues={":one": number(1)},
        )

    def read(self, model: str) -> dict[str, int]:
        """Reason to how many outcomes were refused for it."""
        found = Table(client=self.client, name=self.table).partition(f"refused#{model}")
        return {str(item["sk"]["S"]): read_number(item, "refused") for item in found}
