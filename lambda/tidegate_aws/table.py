"""One DynamoDB table: strongly consistent reads, conditional writes, transactions."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from tidegate.errors import ConflictError
from tidegate.untyped import Any
from tidegate.values import value
from tidegate_aws.errors import code_of
from tidegate_aws.items import key, text, when_absent

TYPE_CHECKING = False
if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

    from tidegate_aws.items import Item

CONDITION_FAILED = "ConditionalCheckFailed"
_CONTENDED = frozenset(
    {"TransactionConflictException", "TransactionInProgressException", "TransactionConflict"}
)
_PASSING = frozenset(
    {"None", "TransactionConflict", "ThrottlingError", "ProvisionedThroughputExceeded"}
)
"""Reasons of a cancelled transaction that say nothing against the same one a moment later."""


class CancelledError(ConflictError):
    """A transaction did not happen; `reasons` has DynamoDB's code for each of its actions."""

    def __init__(self, reasons: Sequence[str]) -> None:
        self.reasons = tuple(reasons)
        super().__init__(f"a concurrent write got there first: {', '.join(self.reasons)}")

    def failed(self, position: int) -> bool:
        """Whether the condition of the action at this position did not hold."""
        return self.reasons[position] == CONDITION_FAILED

    @property
    def contended(self) -> bool:
        """Whether only concurrent transactions stood in the way, and no condition failed."""
        return set(self.reasons) <= _PASSING


@value
class Table:
    """A table with the keys `pk` and `sk`, and the actions of transactions on it."""

    client: DynamoDBClient
    name: str

    def get(self, pk: str, sk: str) -> Item | None:
        """The item as it is now, None when there is none."""
        answer = self.client.get_item(TableName=self.name, Key=key(pk, sk), ConsistentRead=True)
        item: Item | None = answer.get("Item")
        return item

    def between(self, pk: str, first: str, last: str) -> list[Item]:
        """All items of a partition whose sort key lies between two, both included, in order."""
        pages = self.client.get_paginator("query").paginate(
            TableName=self.name,
            ConsistentRead=True,
            KeyConditionExpression="#pk = :pk AND #sk BETWEEN :first AND :last",
            ExpressionAttributeNames={"#pk": "pk", "#sk": "sk"},
            ExpressionAttributeValues={
                ":pk": text(pk),
                ":first": text(first),
                ":last": text(last),
            },
        )
        found: list[Any] = [item for page in pages for item in page["Items"]]
        return found

    def partition(self, pk: str) -> list[Item]:
        """All items of a partition, in the order of their sort keys."""
        pages = self.client.get_paginator("query").paginate(
            TableName=self.name,
            ConsistentRead=True,
            KeyConditionExpression="#pk = :pk",
            ExpressionAttributeNames={"#pk": "pk"},
            ExpressionAttributeValues={":pk": text(pk)},
        )
        found: list[Any] = [item for page in pages for item in page["Items"]]
        return found

    def last(self, pk: str, prefix: str) -> Item | None:
        """The item with the largest sort key that begins with a prefix."""
        answer = self.client.query(
            TableName=self.name,
            ConsistentRead=True,
            ScanIndexForward=False,
            Limit=1,
            KeyConditionExpression="#pk = :pk AND begins_with(#sk, :prefix)",
            ExpressionAttributeNames={"#pk": "pk", "#sk": "sk"},
            ExpressionAttributeValues={":pk": text(pk), ":prefix": text(prefix)},
        )
        found: list[Any] = answer["Items"]
        return found[0] if found else None

    def get_many(
        self, keys: Sequence[Item], *, pauses: Iterable[float], sleep: Callable[[float], None]
    ) -> list[Item]:
        """The items of at most a hundred keys, of those that are there, as they are now.

        What DynamoDB leaves for later is asked for again after each pause; ConflictError where
        there are no more pauses.
        """
        found: list[Any] = []
        asked: Any = {self.name: {"Keys": list(keys), "ConsistentRead": True}}
        for pause in pauses:
            answer = self.client.batch_get_item(RequestItems=asked)
            found.extend(answer["Responses"].get(self.name, []))
            asked = answer["UnprocessedKeys"]
            if not asked:
                return found
            sleep(pause)
        raise ConflictError(f"table {self.name} is too busy to be read: try again")

    def put_if(self, item: Item, condition: dict[str, Any]) -> bool:
        """Write an item if the condition holds; False when it does not."""
        exceptions = self.client.exceptions
        try:
            self.client.put_item(TableName=self.name, Item=item, **condition)
        except exceptions.ConditionalCheckFailedException:
            return False
        except exceptions.ClientError as error:
            raise _translated(error) from error
        return True

    def put_first(self, item: Item) -> Item:
        """Write an item unless there is one, and return the one that is there now."""
        exceptions = self.client.exceptions
        try:
            self.client.put_item(
                TableName=self.name,
                Item=item,
                ReturnValuesOnConditionCheckFailure="ALL_OLD",
                **when_absent(),
            )
        except exceptions.ConditionalCheckFailedException as error:
            response: Any = error.response
            there: Item = response["Item"]
            return there
        except exceptions.ClientError as error:
            raise _translated(error) from error
        return item

    def transact(self, actions: Sequence[dict[str, Any]]) -> None:
        """Do all actions at once, or none: then CancelledError, which is a ConflictError."""
        writes: Any = list(actions)
        exceptions = self.client.exceptions
        try:
            self.client.transact_write_items(TransactItems=writes)
        except exceptions.TransactionCanceledException as error:
            response: Any = error.response
            reasons = [reason.get("Code", "None") for reason in response["CancellationReasons"]]
            raise CancelledError(reasons) from error
        except exceptions.ClientError as error:
            raise _translated(error) from error

    def put(self, item: Item, condition: dict[str, Any] | None = None) -> dict[str, Any]:
        """The action that writes a whole item."""
        return {"Put": {"TableName": self.name, "Item": item, **(condition or {})}}

    def delete(self, pk: str, sk: str, condition: dict[str, Any] | None = None) -> dict[str, Any]:
        """The action that removes an item."""
        return {"Delete": {"TableName": self.name, "Key": key(pk, sk), **(condition or {})}}

    def check(self, pk: str, sk: str, condition: dict[str, Any]) -> dict[str, Any]:
        """The action that changes nothing, and cancels all others if the condition fails."""
        return {"ConditionCheck": {"TableName": self.name, "Key": key(pk, sk), **condition}}

    def update(self, pk: str, sk: str, expression: dict[str, Any]) -> dict[str, Any]:
        """The action that changes attributes of an item."""
        return {"Update": {"TableName": self.name, "Key": key(pk, sk), **expression}}


def _translated(error: Any) -> Exception:
    if code_of(error) in _CONTENDED:
        return ConflictError(f"a concurrent transaction got there first: {error}")
    found: Exception = error
    return found
