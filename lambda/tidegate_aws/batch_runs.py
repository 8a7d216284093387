"""Records of batch runs and the pointer to the live version, in one table a model."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tidegate.batch.run import RunRecord
from tidegate_aws.items import (
    DOCUMENT,
    document,
    key,
    number,
    read_document,
    when_absent,
    when_equal,
)
from tidegate_aws.table import Table

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

_RUN, _POINTER, _SLOTS = "run", "pointer", "slots"


@dataclass(frozen=True, slots=True, kw_only=True)
class DynamoRuns:
    """Port `Runs` over the table of a batch."""

    client: DynamoDBClient
    table: str

    @property
    def _rows(self) -> Table:
        return Table(client=self.client, name=self.table)

    def load(self, run: str) -> RunRecord | None:
        """The record, None when there is none."""
        item = self._rows.get(_RUN, run)
        return None if item is None else RunRecord.from_json(read_document(item))

    def save(self, record: RunRecord) -> None:
        """The record is this one."""
        item: Any = {
            **key(_RUN, record.run),
            DOCUMENT: document(record.to_json()),
            "status": {"S": record.status.value},
        }
        self.client.put_item(TableName=self.table, Item=item)

    def newest(self, count: int) -> tuple[RunRecord, ...]:
        """The newest records, the newest first: ids begin with the moment of their start."""
        told: Any = self.client.query(
            TableName=self.table,
            ConsistentRead=True,
            ScanIndexForward=False,
            Limit=count,
            KeyConditionExpression="#pk = :pk",
            ExpressionAttributeNames={"#pk": "pk"},
            ExpressionAttributeValues={":pk": {"S": _RUN}},
        )
        return tuple(RunRecord.from_json(read_document(item)) for item in told["Items"])

    def declare(self, slots: Mapping[str, Any]) -> None:
        """The versions in the slots are these, in JSON types."""
        item: Any = {**key(_SLOTS, _SLOTS), DOCUMENT: document(slots)}
        self.client.put_item(TableName=self.table, Item=item)

    def declared(self) -> Mapping[str, Any]:
        """The versions that the last admitted deploy put into the slots; none before the first."""
        item = self._rows.get(_SLOTS, _SLOTS)
        found: Mapping[str, Any] = {} if item is None else read_document(item)
        return found

    def pointer(self) -> Mapping[str, Any] | None:
        """The live pointer in JSON types, None before the first deploy."""
        item = self._rows.get(_POINTER, _POINTER)
        found: Mapping[str, Any] | None = None if item is None else read_document(item)
        return found

    def move(self, pointer: Mapping[str, Any], *, after: int | None) -> bool:
        """The pointer is this one, if its generation was `after`; whether it was."""
        generation = number(pointer["generation"])
        item: Any = {
            **key(_POINTER, _POINTER),
            DOCUMENT: document(pointer),
            "generation": generation,
        }
        there = when_absent() if after is None else when_equal(generation=number(after))
        return self._rows.put_if(item, there)
