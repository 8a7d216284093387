"""What a service remembers, in a DynamoDB table of its own; everything in it expires."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import Any

from tidegate.ai.ledger import Answered, WorkRecord, WorkState
from tidegate.ai.ports import Time
from tidegate.errors import ConflictError
from tidegate_aws.items import (
    DOCUMENT,
    document,
    key,
    number,
    read_document,
    read_number,
    text,
    when_absent,
    when_equal,
)
from tidegate_aws.table import Table

WORK_SECONDS = 90 * 86_400
"""How long a work is known: longer than any message lives (14 days), and than its job."""
ANSWER_SECONDS = 86_400
"""How long an idempotency key has its answer."""
COUNT_SECONDS = 600


@dataclass(frozen=True, slots=True, kw_only=True)
class DynamoServiceLedger:
    """Port `Ledger`."""

    client: Any
    table: str
    clock: Time

    @property
    def _rows(self) -> Table:
        return Table(client=self.client, name=self.table)

    def work(self, work: str) -> WorkRecord | None:
        """The record as it is now."""
        item = self._rows.get(f"work#{work}", "work")
        if item is None:
            return None
        fields = read_document(item)
        return WorkRecord(**{**fields, "state": WorkState(fields["state"])})

    def save_work(self, record: WorkRecord, *, after: WorkRecord | None) -> None:
        """The record is there; ConflictError where it is no longer as `after` says."""
        item = self._item(f"work#{record.work}", "work", asdict(record), WORK_SECONDS)
        if after is None:
            newest = {
                **key(f"key#{record.key}", "newest"),
                "work": text(record.work),
                "expires_at": item["expires_at"],
            }
            rows = self._rows
            rows.transact([rows.put(item, when_absent()), rows.put(newest)])
            return
        if not self._rows.put_if(item, when_equal(revision=number(after.revision))):
            raise ConflictError(f"work {record.work} was taken on by another message")

    def newest(self, key: str) -> str | None:
        """The newest work of a file's key."""
        item: Any = self._rows.get(f"key#{key}", "newest")
        return None if item is None else str(item["work"]["S"])

    def answered(self, name: str) -> Answered | None:
        """The request of that name, if it came before and has not expired."""
        item = self._rows.get(f"answer#{name}", "answer")
        # DynamoDB removes expired items some days later only.
        if item is None or read_number(item, "expires_at") < self.clock.now():
            return None
        return Answered(**read_document(item))

    def save_answer(self, answered: Answered, *, after: Answered | None) -> None:
        """The request is known; ConflictError where another came in between."""
        item = self._item(f"answer#{answered.name}", "answer", asdict(answered), ANSWER_SECONDS)
        condition = self._expired() if after is None else self._unchanged(after)
        if not self._rows.put_if(item, condition):
            raise ConflictError("another request with this key came in between")

    def count(self, name: str, *, minute: int) -> int:
        """How many requests of that name came in that minute, this one included."""
        answer = self.client.update_item(
            TableName=self.table,
            Key=key(f"count#{name}", str(minute)),
            UpdateExpression="ADD #came :one SET #until = :until",
            ExpressionAttributeNames={"#came": "came", "#until": "expires_at"},
            ExpressionAttributeValues={
                ":one": number(1),
                ":until": number(60 * minute + COUNT_SECONDS),
            },
            ReturnValues="UPDATED_NEW",
        )
        return int(answer["Attributes"]["came"]["N"])

    def _item(self, pk: str, sk: str, fields: dict[str, Any], seconds: int) -> dict[str, Any]:
        return {
            **key(pk, sk),
            DOCUMENT: document(fields),
            "revision": number(fields["revision"]),
            "expires_at": number(math.ceil(self.clock.now()) + seconds),
        }

    def _expired(self) -> dict[str, Any]:
        """Nothing is there, or nothing that still counts."""
        return {
            "ConditionExpression": "attribute_not_exists(#pk) OR #until < :now",
            "ExpressionAttributeNames": {"#pk": "pk", "#until": "expires_at"},
            "ExpressionAttributeValues": {":now": number(math.floor(self.clock.now()))},
        }

    @staticmethod
    def _unchanged(after: Answered) -> dict[str, Any]:
        return when_equal(revision=number(after.revision))
