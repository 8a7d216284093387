"""What came first under a name in a release: one item each, written once."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tidegate.ports import Clock
from tidegate_aws.clock import CloudClock
from tidegate_aws.counters import COUNTERS_KEPT_SECONDS
from tidegate_aws.items import key, number, text
from tidegate_aws.table import Table

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


@dataclass(frozen=True, slots=True, kw_only=True)
class DynamoFirsts:
    """Port `Firsts` over the observation table, named by `table`.

    One conditional write a claim, which also reads what was there: no other permission is needed.
    """

    client: DynamoDBClient
    table: str
    clock: Clock = field(default_factory=CloudClock)

    def claim(self, release_id: str, name: str, mark: str) -> str:
        """The mark that was there first under this name: this one, if there was none."""
        there: Any = Table(client=self.client, name=self.table).put_first(
            {
                **key(f"first#{release_id}#{name}", "first"),
                "mark": text(mark),
                "expires_at": number(math.ceil(self.clock.now()) + COUNTERS_KEPT_SECONDS),
            }
        )
        return str(there["mark"]["S"])
