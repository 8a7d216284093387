"""Which predictions had their outcome credited: one item each, until the window is over."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tidegate.errors import ConflictError
from tidegate_aws.items import key, number, text, when_absent, when_absent_or_equal
from tidegate_aws.table import CancelledError, Table

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

    from tidegate.ports import Credit
    from tidegate_aws.items import Item

CLAIMS_A_TRANSACTION = 100
"""What TransactWriteItems takes (DynamoDB service quotas)."""

KEYS_A_READ = 100
"""What BatchGetItem takes (DynamoDB service quotas)."""

_PREFIX = "outcome#"
_TRIES = 8
_FIRST_PAUSE_SECONDS = 0.05


@dataclass(frozen=True, slots=True, kw_only=True)
class DynamoOutcomeLedger:
    """Port `OutcomeLedger` over the observation table, named by `table`.

    DynamoDB may keep an item after `expires_at`, but never removes one earlier. Of a claim, so
    many transactions are under way `at_once`.
    """

    client: DynamoDBClient
    table: str
    at_once: int = 8
    sleep: Callable[[float], None] = time.sleep

    @property
    def _rows(self) -> Table:
        return Table(client=self.client, name=self.table)

    def credit(self, fingerprint: str, credit: Credit) -> bool:
        """Credit a prediction's outcome; False when it was credited before."""
        return self._rows.put_if(_item(fingerprint, credit), when_absent())

    def claim(self, credits_: Mapping[str, Credit], *, by: str) -> frozenset[str]:
        """Credit many outcomes, by fingerprint; returns those that `by` has credited.

        By the hundred in transactions: a repeated one finds what it wrote itself.
        """
        wanted = sorted(credits_)
        parts = [
            wanted[start : start + CLAIMS_A_TRANSACTION]
            for start in range(0, len(wanted), CLAIMS_A_TRANSACTION)
        ]
        with ThreadPoolExecutor(self.at_once) as pool:
            claimed = pool.map(lambda part: self._claim_part(part, credits_, by), parts)
            return frozenset(one for part in claimed for one in part)

    def _claim_part(
        self, part: Sequence[str], credits_: Mapping[str, Credit], by: str
    ) -> Sequence[str]:
        """Those of a part that are credited by `by`: without the ones that somebody else has."""
        left = list(part)
        for pause in _pauses():
            if not left:
                return []
            own = when_absent_or_equal(by=text(by))
            items = ({**_item(one, credits_[one]), "by": text(by)} for one in left)
            try:
                self._rows.transact([self._rows.put(item, own) for item in items])
            except CancelledError as error:
                contended = error.contended
                left = [one for place, one in enumerate(left) if not error.failed(place)]
            except ConflictError:
                contended = True
            else:
                return left
            if contended:
                self.sleep(pause)
        raise ConflictError(f"{len(left)} outcomes met other writers {_TRIES} times: try again")

    def wrong(self, fingerprints: Collection[str]) -> Mapping[str, bool]:
        """Whether each of these was wrong, of those whose outcome is credited and kept.

        Outcomes that were credited before it was kept how they went are not among them.
        """
        found: dict[str, bool] = {}
        wanted = sorted(fingerprints)
        for start in range(0, len(wanted), KEYS_A_READ):
            keys = [_key(one) for one in wanted[start : start + KEYS_A_READ]]
            for item in self._rows.get_many(keys, pauses=_pauses(), sleep=self.sleep):
                if "wrong" in item:
                    found[item["pk"]["S"].removeprefix(_PREFIX)] = item["wrong"]["BOOL"]
        return found


def _key(fingerprint: str) -> Item:
    return key(f"{_PREFIX}{fingerprint}", "outcome")


def _item(fingerprint: str, credit: Credit) -> Item:
    return {
        **_key(fingerprint),
        "expires_at": number(math.ceil(credit.expires_at)),
        "wrong": {"BOOL": credit.wrong},
    }


def _pauses() -> Iterator[float]:
    for attempt in range(_TRIES):
        yield _FIRST_PAUSE_SECONDS * 2**attempt
