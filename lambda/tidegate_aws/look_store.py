"""Looks and the judge's state in DynamoDB.

The observations of a look are stored compressed: an item may have 400 KB, and a look closes up to
thirty intervals of serving and the outcomes of as many delay buckets. What early looks gave of open
intervals is stored in the same way, where there is any.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tidegate.early import Missing
from tidegate.errors import ConflictError
from tidegate.observation import Observation
from tidegate.ports import Look
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
from tidegate_aws.release_items import release_key
from tidegate_aws.table import CancelledError, Table

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_dynamodb.type_defs import AttributeValueTypeDef

    from tidegate_aws.items import Item

_LOOK = "look#"
_JUDGEMENT = "judgement"
_VERDICT = "verdict"


@dataclass(frozen=True, slots=True, kw_only=True)
class DynamoLookStore:
    """Port `LookStore` over the release table, named by `table`."""

    client: DynamoDBClient
    table: str

    @property
    def _rows(self) -> Table:
        return Table(client=self.client, name=self.table)

    def put_look(self, release_id: str, look: Look) -> Look:
        """Write a look once; writing its number again returns the look that is there."""
        if self._rows.put_if(_look_item(release_id, look), when_absent()):
            return look
        there = self._rows.get(release_key(release_id), _sort_key(look.number))
        return look if there is None else _look_of(there)

    def looks(self, release_id: str, *, after: int = 0) -> tuple[Look, ...]:
        """The looks with a number above `after`, in order."""
        first = _sort_key(after + 1)
        found = self._rows.between(release_key(release_id), first, f"{_LOOK}~")
        return tuple(_look_of(item) for item in found)

    def last_look(self, release_id: str) -> Look | None:
        """The newest look."""
        item = self._rows.last(release_key(release_id), _LOOK)
        return None if item is None else _look_of(item)

    def judge_state(self, release_id: str) -> tuple[int, dict[str, Any]] | None:
        """Number of the last look judged and the judge's state after it, in JSON types."""
        item = self._rows.get(release_key(release_id), _JUDGEMENT)
        return None if item is None else (read_number(item, "number"), read_document(item))

    def put_judgement(self, release_id: str, look: Look, state: dict[str, Any]) -> None:
        """Store the verdict of a look and the state after it; repeating it does nothing."""
        partition = release_key(release_id)
        previous = look.number - 1
        in_order = when_absent() if previous == 0 else when_equal(number=number(previous))
        judgement: Item = {
            **key(partition, _JUDGEMENT),
            DOCUMENT: document(state),
            "number": number(look.number),
        }
        verdict = {
            "UpdateExpression": "SET #verdict = :verdict",
            "ConditionExpression": "attribute_exists(#pk)",
            "ExpressionAttributeNames": {"#verdict": _VERDICT, "#pk": "pk"},
            "ExpressionAttributeValues": {":verdict": document(look.verdict or {})},
        }
        try:
            self._rows.transact(
                [
                    self._rows.put(judgement, in_order),
                    self._rows.update(partition, _sort_key(look.number), verdict),
                ]
            )
        except CancelledError:
            self._repeated(release_id, look)

    def _repeated(self, release_id: str, look: Look) -> None:
        judged = self.judge_state(release_id)
        if judged is None or judged[0] < look.number:
            at = "none" if judged is None else str(judged[0])
            raise ConflictError(
                f"look {look.number} of {release_id} cannot be judged after look {at}: "
                "looks are judged in order, once each"
            )


def _sort_key(look_number: int) -> str:
    return f"{_LOOK}{look_number:08d}"


def _look_item(release_id: str, look: Look) -> Item:
    given: Item = {"given": _packed(look.given)} if look.given else {}
    if look.missing != Missing():
        given["missing"] = document([look.missing.requests, look.missing.variance])
    return {
        **key(release_key(release_id), _sort_key(look.number)),
        "number": number(look.number),
        "after": number(look.after),
        "through": number(look.through),
        "at": text(repr(look.at)),
        "observations": _packed(look.observations),
        **given,
    }


def _look_of(item: Any) -> Look:
    return Look(
        number=read_number(item, "number"),
        after=read_number(item, "after"),
        through=read_number(item, "through"),
        at=float(item["at"]["S"]),
        observations=_unpacked(item["observations"]),
        given=_unpacked(item["given"]) if "given" in item else (),
        missing=_missing_of(item),
        verdict=read_document(item, _VERDICT) if _VERDICT in item else None,
    )


def _packed(observations: Sequence[Observation]) -> AttributeValueTypeDef:
    text_of_all = json.dumps([o.to_json() for o in observations], separators=(",", ":"))
    return {"B": zlib.compress(text_of_all.encode())}


def _unpacked(attribute: Any) -> tuple[Observation, ...]:
    found = json.loads(zlib.decompress(attribute["B"]))
    return tuple(Observation.from_json(data) for data in found)


def _missing_of(item: Any) -> Missing:
    if "missing" not in item:
        return Missing()
    requests, variance = read_document(item, "missing")
    return Missing(requests=requests, variance=variance)
