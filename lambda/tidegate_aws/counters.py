"""Counts of the request log in DynamoDB: one item a key, growing by ADD, each batch once.

A batch is written in transactions of at most 99 keys. Each transaction carries a marker of its own
chunk of the batch, so that a batch that is delivered again finds its markers and counts nothing.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tidegate.errors import ConflictError
from tidegate.observation import Observation, ObservationKey, OutcomeCounts, PairCounts, Unit
from tidegate.ports import Clock
from tidegate.requestlog import Tally
from tidegate_aws.clock import CloudClock
from tidegate_aws.items import key, number, read_number, text, when_absent
from tidegate_aws.table import CancelledError, Table

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

    from tidegate_aws.items import Item

KEYS_A_TRANSACTION = 99
"""TransactWriteItems takes 100 actions (DynamoDB service quotas); one is the marker."""

CLIENTS_KEPT = 1_000
"""Distinct clients with errors that a key remembers. Those of later batches are only counted, once
a batch each, so that `clients_with_errors` is exact up to here and an upper bound beyond. Errors
without a client's name are only counted too, each as a client of its own."""

COUNTERS_KEPT_SECONDS = 90 * 86_400
BATCHES_KEPT_SECONDS = 3 * 86_400
"""CloudWatch Logs tries to deliver a batch for 24 hours."""

_TRIES = 8
_FIRST_PAUSE_SECONDS = 0.05
_SPLIT_DIGITS = 8
_INTERVAL_DIGITS = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class DynamoCounters:
    """Port `Counters` over the observation table, named by `table`."""

    client: DynamoDBClient
    table: str
    clock: Clock = field(default_factory=CloudClock)
    sleep: Callable[[float], None] = time.sleep

    @property
    def _rows(self) -> Table:
        return Table(client=self.client, name=self.table)

    def add(self, batch_id: str, tallies: Sequence[Tally]) -> bool:
        """Add a batch once; False when this batch was added before."""
        ordered = sorted(tallies, key=lambda tally: tally.key)
        chunks = [
            ordered[start : start + KEYS_A_TRANSACTION]
            for start in range(0, len(ordered), KEYS_A_TRANSACTION)
        ]
        added = [self._add_chunk(f"{batch_id}#{i:04d}", chunk) for i, chunk in enumerate(chunks)]
        return any(added)

    def _add_chunk(self, chunk_id: str, chunk: Sequence[Tally]) -> bool:
        full: frozenset[ObservationKey] = frozenset()
        for pause in _pauses():
            updates = [self._update(tally, full=full) for tally in chunk]
            try:
                self._rows.transact([self._marker(chunk_id), *updates])
            except CancelledError as error:
                if error.failed(0):
                    return False
                full |= {tally.key for i, tally in enumerate(chunk, start=1) if error.failed(i)}
                contended = error.contended
            except ConflictError:
                contended = True
            else:
                return True
            if contended:
                self.sleep(pause)
        raise ConflictError(f"batch {chunk_id} met other writers {_TRIES} times, deliver it again")

    def _marker(self, chunk_id: str) -> dict[str, Any]:
        marker: Item = {
            **key(f"batch#{chunk_id}", "batch"),
            "expires_at": number(int(self.clock.now()) + BATCHES_KEPT_SECONDS),
        }
        return self._rows.put(marker, when_absent())

    def _update(self, tally: Tally, *, full: frozenset[ObservationKey]) -> dict[str, Any]:
        expires_at = int(self.clock.now()) + COUNTERS_KEPT_SECONDS
        return self._rows.update(
            _partition(tally.key.release_id),
            _sort_key(tally.key),
            _expression(tally, full=full, expires_at=expires_at),
        )

    def read(self, release_id: str, *, from_interval: int = 0) -> tuple[Observation, ...]:
        """All that is known of what was served since an interval: cumulative, ordered by key."""
        first = f"{from_interval:0{_INTERVAL_DIGITS}d}#"
        found = self._rows.between(_partition(release_id), first, "~")
        return tuple(sorted((_observation(release_id, i) for i in found), key=lambda o: o.key))


def _pauses() -> Iterator[float]:
    for attempt in range(_TRIES):
        yield _FIRST_PAUSE_SECONDS * 2**attempt


def _partition(release_id: str) -> str:
    return f"counter#{release_id}"


def _sort_key(counted: ObservationKey) -> str:
    interval = f"{counted.interval:0{_INTERVAL_DIGITS}d}"
    return f"{interval}#{counted.split_version:0{_SPLIT_DIGITS}d}#{counted.slot}"


def _expression(
    tally: Tally, *, full: frozenset[ObservationKey], expires_at: int
) -> dict[str, Any]:
    """The update that adds a tally to its key; clients of a full key are only counted."""
    settled: Item = {"unit": text(tally.unit.value), "expires_at": number(expires_at)}
    if tally.settling:
        settled["settling"] = {"BOOL": True}
    if tally.pairs is not None:
        # Pairs of a key come in one batch, all at once, so that they are set and never grow.
        settled["pairs"] = text(json.dumps(tally.pairs.to_json(), sort_keys=True))
    grown = {**_growth(tally), **_clients(tally, full)}
    both = {**settled, **grown}
    sets = ", ".join(f"#{name} = :{name}" for name in settled)
    adds = ", ".join(f"#{name} :{name}" for name in grown)
    expression: dict[str, Any] = {
        "UpdateExpression": f"SET {sets}" + (f" ADD {adds}" if adds else ""),
        "ExpressionAttributeNames": {f"#{name}": name for name in both},
        "ExpressionAttributeValues": {f":{name}": value for name, value in both.items()},
    }
    if "error_clients" in grown:
        expression["ConditionExpression"] = (
            "attribute_not_exists(#error_clients) OR size(#error_clients) < :most_clients"
        )
        expression["ExpressionAttributeValues"][":most_clients"] = number(CLIENTS_KEPT)
    return expression


def _growth(tally: Tally) -> Item:
    """Attribute to what it grows by; those that do not grow are left out."""
    counts = {"requests": tally.requests, "errors": tally.errors}
    counts |= {f"l{bucket}": count for bucket, count in tally.latency.items()}
    for bucket, outcome in tally.outcomes.items():
        counts |= {f"known{bucket}": outcome.known, f"wrong{bucket}": outcome.wrong}
    return {name: number(count) for name, count in counts.items() if count != 0}


def _clients(tally: Tally, full: frozenset[ObservationKey]) -> Item:
    """Named clients as a set while there is room; all others only as a number."""
    is_full = tally.key in full
    beyond = tally.nameless_errors + (len(tally.error_clients) if is_full else 0)
    grown: Item = {} if beyond == 0 else {"clients_beyond": number(beyond)}
    if tally.error_clients and not is_full:
        grown["error_clients"] = {"SS": sorted(tally.error_clients)}
    return grown


def _observation(release_id: str, item: Any) -> Observation:
    interval, split_version, slot = item["sk"]["S"].split("#", maxsplit=2)
    errors = read_number(item, "errors")
    clients = len(item["error_clients"]["SS"]) if "error_clients" in item else 0
    return Observation(
        key=ObservationKey(
            release_id=release_id,
            interval=int(interval),
            split_version=int(split_version),
            slot=slot,
        ),
        unit=Unit(item["unit"]["S"]),
        requests=read_number(item, "requests"),
        errors=errors,
        clients_with_errors=min(errors, clients + read_number(item, "clients_beyond")),
        latency=_numbered(item, "l"),
        outcomes=_outcomes(item),
        pairs=_pairs(item),
        evidence="settling" not in item,
    )


def _outcomes(item: Any) -> dict[int, OutcomeCounts]:
    wrong = _numbered(item, "wrong")
    return {
        bucket: OutcomeCounts(known=known, wrong=wrong.get(bucket, 0))
        for bucket, known in _numbered(item, "known").items()
    }


def _pairs(item: Any) -> PairCounts | None:
    return PairCounts.from_json(json.loads(item["pairs"]["S"])) if "pairs" in item else None


def _numbered(item: Any, prefix: str) -> dict[int, int]:
    found = {
        int(name.removeprefix(prefix)): read_number(item, name)
        for name in item
        if name.startswith(prefix) and name.removeprefix(prefix).isdecimal()
    }
    return dict(sorted(found.items()))
