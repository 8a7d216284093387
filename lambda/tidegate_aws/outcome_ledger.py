"""Which predictions had their outcome credited: one item each, until the window is over."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tidegate_aws.items import key, number, when_absent
from tidegate_aws.table import Table

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


@dataclass(frozen=True, slots=True, kw_only=True)
class DynamoOutcomeLedger:
    """Port `OutcomeLedger` over the observation table, named by `table`."""

    client: DynamoDBClient
    table: str

    def credit(self, fingerprint: str, *, expires_at: float) -> bool:
        """Credit a prediction's outcome; False when it was credited before.

        DynamoDB may keep an item after `expires_at`, but never removes one earlier.
        """
        item = {
            **key(f"outcome#{fingerprint}", "outcome"),
            "expires_at": number(math.ceil(expires_at)),
        }
        return Table(client=self.client, name=self.table).put_if(item, when_absent())
