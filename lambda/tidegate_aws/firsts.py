"""What came first under a name in a release: one item each, written once."""

from __future__ import annotations

import math
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

from tidegate.ports import Clock
from tidegate_aws.clock import CloudClock
from tidegate_aws.counters import COUNTERS_KEPT_SECONDS
from tidegate_aws.items import key, number, text
from tidegate_aws.table import Table

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

AT_ONCE = 8
"""Claims under way at one time; botocore keeps ten connections."""

REMEMBERED = 50_000
"""Marks that a process remembers. One that was first is first for good, so none is ever wrong."""


class DynamoFirsts:
    """Port `Firsts` over the observation table, named by `table`.

    One conditional write a claim, which also reads what was there: no other permission is needed.
    What this process has claimed before costs nothing.
    """

    def __init__(self, *, client: DynamoDBClient, table: str, clock: Clock | None = None) -> None:
        self._rows = Table(client=client, name=table)
        self._clock = CloudClock() if clock is None else clock
        self._known: dict[tuple[str, str], str] = {}

    def claim(self, release_id: str, marks: Mapping[str, str]) -> dict[str, str]:
        """By name the mark that was there first under it: the one given, if there was none."""
        new = [name for name in marks if (release_id, name) not in self._known]
        with ThreadPoolExecutor(AT_ONCE) as pool:
            claimed = pool.map(lambda name: self._first(release_id, name, marks[name]), new)
            found = dict(zip(new, claimed, strict=True))
        result = {
            name: found[name] if name in found else self._known[release_id, name] for name in marks
        }
        if len(self._known) + len(found) > REMEMBERED:
            self._known.clear()
        self._known |= {(release_id, name): mark for name, mark in found.items()}
        return result

    def _first(self, release_id: str, name: str, mark: str) -> str:
        there: Any = self._rows.put_first(
            {
                **key(f"first#{release_id}#{name}", "first"),
                "mark": text(mark),
                "expires_at": number(math.ceil(self._clock.now()) + COUNTERS_KEPT_SECONDS),
            }
        )
        return str(there["mark"]["S"])
