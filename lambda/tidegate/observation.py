"""The observation record, version 1: what one slot did in one interval, as counts.

An observation is an *increment*: observations of one key (release, slot, interval, split) add up,
and the sum over all increments is all that is known of that key. Requests, errors and latency of an
interval come in one increment, when the interval is closed (its end plus the plan's lag has
passed). Outcomes come later, by delay bucket: how many intervals after the interval of serving they
became known. A delay bucket too is closed once, and then never changes, so that a judge that has
seen it need not see it again.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from tidegate import latency

VERSION = 1


class Unit(StrEnum):
    """The unit of randomisation: what was drawn independently when traffic was split."""

    REQUEST = "request"
    USER = "user"
    RESOLVER = "resolver"


DELAY_EDGES: tuple[int, ...] = (0, 1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64, 96, 128, 192, 256)
"""First delay, in intervals, of each delay bucket; the last one is open to the outcome window."""


def delay_bucket(delay_intervals: int) -> int:
    """The index in DELAY_EDGES of the bucket that holds a delay of so many intervals (>= 0)."""
    index = 0
    for position, first in enumerate(DELAY_EDGES):
        if delay_intervals >= first:
            index = position
    return index


def last_delay(bucket: int, *, window_intervals: int) -> int:
    """The largest delay, in intervals, that falls in the bucket, given the outcome window."""
    following = bucket + 1
    if following < len(DELAY_EDGES) and DELAY_EDGES[following] <= window_intervals:
        return DELAY_EDGES[following] - 1
    return max(DELAY_EDGES[bucket], window_intervals)


@dataclass(frozen=True, slots=True, kw_only=True)
class OutcomeCounts:
    """Outcomes that became known in one delay bucket: how many, and how many of them were wrong."""

    known: int = 0
    wrong: int = 0

    def __add__(self, other: "OutcomeCounts") -> "OutcomeCounts":
        return OutcomeCounts(known=self.known + other.known, wrong=self.wrong + other.wrong)


@dataclass(frozen=True, slots=True, kw_only=True)
class PairCounts:
    """Shadow evidence: one request answered by both slots, so the comparison is paired."""

    agreed: int = 0
    differed: int = 0
    live_only_error: int = 0
    candidate_only_error: int = 0
    both_error: int = 0

    def __add__(self, other: "PairCounts") -> "PairCounts":
        return PairCounts(
            agreed=self.agreed + other.agreed,
            differed=self.differed + other.differed,
            live_only_error=self.live_only_error + other.live_only_error,
            candidate_only_error=self.candidate_only_error + other.candidate_only_error,
            both_error=self.both_error + other.both_error,
        )


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class ObservationKey:
    """What an observation is of. `interval` counts interval lengths since the epoch (UTC)."""

    release_id: str
    interval: int
    split_version: int
    slot: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Observation:
    """An increment of what one slot did in one interval of serving under one split."""

    key: ObservationKey
    unit: Unit = Unit.REQUEST
    requests: int = 0
    errors: int = 0
    clients_with_errors: int = 0
    latency: Mapping[int, int] = field(default_factory=dict)
    outcomes: Mapping[int, OutcomeCounts] = field(default_factory=dict)
    pairs: PairCounts | None = None
    evidence: bool = True
    """False where the split was changing: such requests are exposure, but prove nothing."""

    def to_json(self) -> dict[str, Any]:
        """The versioned record, made of JSON types only; `from_json` reads it back."""
        record: dict[str, Any] = {
            "v": VERSION,
            "release_id": self.key.release_id,
            "interval": self.key.interval,
            "split_version": self.key.split_version,
            "slot": self.key.slot,
            "unit": self.unit.value,
            "requests": self.requests,
            "errors": self.errors,
            "clients_with_errors": self.clients_with_errors,
            "latency": {str(b): n for b, n in sorted(self.latency.items())},
            "outcomes": {
                str(b): {"known": o.known, "wrong": o.wrong}
                for b, o in sorted(self.outcomes.items())
            },
            "evidence": self.evidence,
        }
        if self.pairs is not None:
            record["pairs"] = {
                "agreed": self.pairs.agreed,
                "differed": self.pairs.differed,
                "live_only_error": self.pairs.live_only_error,
                "candidate_only_error": self.pairs.candidate_only_error,
                "both_error": self.pairs.both_error,
            }
        return record

    @classmethod
    def from_json(cls, record: Mapping[str, Any]) -> "Observation":
        """The observation of a version 1 record; another version raises ValueError."""
        if record["v"] != VERSION:
            raise ValueError(
                f"observation record version {record['v']!r} is unknown, read: {VERSION}"
            )
        pairs = record.get("pairs")
        return cls(
            key=ObservationKey(
                release_id=record["release_id"],
                interval=int(record["interval"]),
                split_version=int(record["split_version"]),
                slot=record["slot"],
            ),
            unit=Unit(record["unit"]),
            requests=int(record["requests"]),
            errors=int(record["errors"]),
            clients_with_errors=int(record["clients_with_errors"]),
            latency={int(b): int(n) for b, n in record["latency"].items()},
            outcomes={
                int(b): OutcomeCounts(known=int(o["known"]), wrong=int(o["wrong"]))
                for b, o in record["outcomes"].items()
            },
            pairs=None if pairs is None else PairCounts(**{k: int(v) for k, v in pairs.items()}),
            evidence=bool(record["evidence"]),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Totals:
    """What a slot did so far, over all intervals: for people, never for the judge."""

    requests: int = 0
    errors: int = 0
    latency: Mapping[int, int] = field(default_factory=dict)
    outcomes: OutcomeCounts = field(default_factory=OutcomeCounts)

    def plus(self, observation: Observation) -> "Totals":
        """These totals with one more increment counted in."""
        outcomes = self.outcomes
        for counts in observation.outcomes.values():
            outcomes = outcomes + counts
        return Totals(
            requests=self.requests + observation.requests,
            errors=self.errors + observation.errors,
            latency=latency.add(self.latency, observation.latency),
            outcomes=outcomes,
        )


def totals_by_slot(observations: Iterable[Observation]) -> dict[str, Totals]:
    """What each slot did, over all the increments given."""
    totals: dict[str, Totals] = {}
    for observation in observations:
        slot = observation.key.slot
        totals[slot] = totals.get(slot, Totals()).plus(observation)
    return totals
