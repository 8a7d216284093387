"""The observation record, version 1: what one slot did in one interval, as counts.

An observation is an *increment*: observations of one key (release, slot, interval, split) add up,
and the sum over all increments is all that is known of that key. Requests, errors and latency of an
interval come in one increment, when the interval is closed (its end plus the plan's lag has
passed). Outcomes come later, by delay bucket: how many intervals after the interval of serving they
became known. A delay bucket too is closed once, and then never changes, so that a judge that has
seen it need not see it again.

What is counted depends on the unit of randomisation, since the judge takes what it counts as drawn
one by one. For `request` and `resolver` every count is of requests. For `user` every count is of
users, and each user counts once a release, where he is first seen: one request with its latency or
its error, in the interval, split and slot of his first served request; and his first outcome, which
is credited there too, its delay counted from there, whichever slot he is in by then. What else he
does is exposure and no evidence: users who stay in their slot and differ for good would otherwise
be counted again and again as if they were many (`tidegate/users.py` does this).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from tidegate.latency import add
from tidegate.untyped import Any
from tidegate.values import value

VERSION = 1

STEADY_PREFIX = "steady/"
"""Requests outside a release are counted under this prefix and the model's name."""


class Unit(StrEnum):
    """The unit of randomisation: what was drawn independently when traffic was split."""

    REQUEST = "request"
    USER = "user"
    RESOLVER = "resolver"
    DEVICE = "device"


_LIMITS: Mapping[Unit, str] = {
    Unit.REQUEST: (
        "each request is taken as drawn by itself: of what one client repeats, only errors are "
        "also counted by client"
    ),
    Unit.USER: (
        "each user counts once, where he was first seen: a version that turns bad later is seen "
        "through users who are new then"
    ),
    Unit.RESOLVER: (
        "resolvers were drawn, not requests: there is no sample-ratio test, and the chances of a "
        "false verdict hold only as far as the clients behind each resolver are alike"
    ),
    Unit.DEVICE: (
        "devices were put into rings, not requests: what is wrong with a device itself counts "
        "against the version that it runs, and of one device at most 60 requests an interval count"
    ),
}


def limits_of(unit: Unit) -> str:
    """What the judge's guarantee does not cover with this unit, in one sentence for people."""
    return _LIMITS[unit]


class OutcomeKind(StrEnum):
    """Which outcomes are reported, and so what it means that none was.

    `labels`: an outcome comes whichever way it went, right or wrong. `conversions`: only good
    events come (known and not wrong), such as a purchase. `complaints`: only bad events come (known
    and wrong), such as a chargeback. Of an event kind that nothing came is only known when the
    outcome window has passed.
    """

    LABELS = "labels"
    CONVERSIONS = "conversions"
    COMPLAINTS = "complaints"

    @property
    def has_events_only(self) -> bool:
        """Whether non-events are never reported."""
        return self is not OutcomeKind.LABELS

    def accepts(self, *, wrong: bool) -> bool:
        """Whether an outcome that went this way is one of this kind."""
        return self is OutcomeKind.LABELS or wrong is (self is OutcomeKind.COMPLAINTS)


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


@value
class OutcomeCounts:
    """Outcomes that became known in one delay bucket: how many, and how many of them were wrong.

    `at_risk` is for event kinds: the requests answered without error whose event had not come
    before this bucket. It is 0 for labels and in counters that were not closed yet.
    """

    known: int = 0
    wrong: int = 0
    at_risk: int = 0

    def __add__(self, other: "OutcomeCounts") -> "OutcomeCounts":
        return OutcomeCounts(
            known=self.known + other.known,
            wrong=self.wrong + other.wrong,
            at_risk=self.at_risk + other.at_risk,
        )

    def events(self, kind: OutcomeKind) -> int:
        """How many of them are events of this kind; of labels, the wrong ones."""
        return self.known - self.wrong if kind is OutcomeKind.CONVERSIONS else self.wrong

    def to_json(self) -> dict[str, int]:
        """The counts in JSON types; `at_risk` is left out where it says nothing."""
        counts = {"known": self.known, "wrong": self.wrong}
        return counts if self.at_risk == 0 else {**counts, "at_risk": self.at_risk}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "OutcomeCounts":
        """The counts that `to_json` wrote."""
        return cls(
            known=int(data["known"]),
            wrong=int(data["wrong"]),
            at_risk=int(data.get("at_risk", 0)),
        )


@value
class MaturedCounts:
    """Event kinds only: answered requests whose outcome window has passed, and their events.

    Given once, in the increment that closes the window; zeros before that.
    """

    answered: int = 0
    events: int = 0

    def __add__(self, other: "MaturedCounts") -> "MaturedCounts":
        return MaturedCounts(
            answered=self.answered + other.answered, events=self.events + other.events
        )


@value
class SliceCounts:
    """Pairs of requests that are alike in one field, and those that differed or failed anew."""

    pairs: int = 0
    bad: int = 0

    def __add__(self, other: "SliceCounts") -> "SliceCounts":
        return SliceCounts(pairs=self.pairs + other.pairs, bad=self.bad + other.bad)


@value
class PairCounts:
    """Shadow evidence: one request answered by both slots, so the comparison is paired.

    `distances` of numbers in the answers are by decade (`shadow.join.distance_bucket`). Latencies
    are how long the models took, in the buckets of `tidegate.latency`; they are not paired.
    """

    agreed: int = 0
    differed: int = 0
    live_only_error: int = 0
    candidate_only_error: int = 0
    both_error: int = 0
    distances: Mapping[int, int] = field(default_factory=dict)
    live_latency: Mapping[int, int] = field(default_factory=dict)
    candidate_latency: Mapping[int, int] = field(default_factory=dict)
    slices: Mapping[str, SliceCounts] = field(default_factory=dict)

    @property
    def answered(self) -> int:
        """Pairs that both answered, which alone can agree or differ."""
        return self.agreed + self.differed

    @property
    def pairs(self) -> int:
        """All pairs."""
        return self.answered + self.live_only_error + self.candidate_only_error + self.both_error

    def __add__(self, other: "PairCounts") -> "PairCounts":
        slices = dict(self.slices)
        for name, counts in other.slices.items():
            slices[name] = slices.get(name, SliceCounts()) + counts
        return PairCounts(
            agreed=self.agreed + other.agreed,
            differed=self.differed + other.differed,
            live_only_error=self.live_only_error + other.live_only_error,
            candidate_only_error=self.candidate_only_error + other.candidate_only_error,
            both_error=self.both_error + other.both_error,
            distances=add(self.distances, other.distances),
            live_latency=add(self.live_latency, other.live_latency),
            candidate_latency=add(self.candidate_latency, other.candidate_latency),
            slices=slices,
        )

    def to_json(self) -> dict[str, Any]:
        """The counts in JSON types; histograms and slices are left out where they are empty."""
        record: dict[str, Any] = {name: getattr(self, name) for name in PAIRED}
        for name in _PAIR_HISTOGRAMS:
            if getattr(self, name):
                record[name] = {str(b): n for b, n in sorted(getattr(self, name).items())}
        if self.slices:
            record["slices"] = {n: [c.pairs, c.bad] for n, c in sorted(self.slices.items())}
        return record

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "PairCounts":
        """The counts that `to_json` wrote."""
        counts: dict[str, Any] = {name: int(data[name]) for name in PAIRED}
        histograms: dict[str, Any] = {
            name: {int(b): int(n) for b, n in data.get(name, {}).items()}
            for name in _PAIR_HISTOGRAMS
        }
        slices = {
            name: SliceCounts(pairs=int(pairs), bad=int(bad))
            for name, (pairs, bad) in data.get("slices", {}).items()
        }
        return cls(**counts, **histograms, slices=slices)


PAIRED = ("agreed", "differed", "live_only_error", "candidate_only_error", "both_error")
"""What may have become of a pair, as records name it."""
_PAIR_HISTOGRAMS = ("distances", "live_latency", "candidate_latency")


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class ObservationKey:
    """What an observation is of. `interval` counts interval lengths since the epoch (UTC)."""

    release_id: str
    interval: int
    split_version: int
    slot: str


@value
class Observation:
    """An increment of what one slot did in one interval of serving under one split.

    `clients_with_errors` are the distinct clients among the errors that no earlier increment of the
    key had; a request without a client's name is one of its own, and None says that clients were
    not counted. `at_risk` of outcomes and `matured` were added to version 1 with a
    default of 0, so that older records of it still read.
    """

    key: ObservationKey
    unit: Unit = Unit.REQUEST
    requests: int = 0
    errors: int = 0
    clients_with_errors: int | None = None
    latency: Mapping[int, int] = field(default_factory=dict)
    outcomes: Mapping[int, OutcomeCounts] = field(default_factory=dict)
    matured: MaturedCounts = field(default_factory=MaturedCounts)
    pairs: PairCounts | None = None
    evidence: bool = True
    """False where the split was changing: such requests are exposure, but prove nothing."""

    @property
    def failed_clients(self) -> int:
        """Clients with errors; where clients were not counted, each error is one of its own."""
        return self.errors if self.clients_with_errors is None else self.clients_with_errors

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
            "outcomes": {str(b): o.to_json() for b, o in sorted(self.outcomes.items())},
            "evidence": self.evidence,
        }
        if self.matured != MaturedCounts():
            record["matured"] = {
                "answered": self.matured.answered,
                "events": self.matured.events,
            }
        if self.pairs is not None:
            record["pairs"] = self.pairs.to_json()
        return record

    @classmethod
    def from_json(cls, record: Mapping[str, Any]) -> "Observation":
        """The observation of a version 1 record; another version raises ValueError."""
        if record["v"] != VERSION:
            raise ValueError(
                f"observation record version {record['v']!r} is unknown, read: {VERSION}"
            )
        pairs, clients = record.get("pairs"), record["clients_with_errors"]
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
            clients_with_errors=None if clients is None else int(clients),
            latency={int(b): int(n) for b, n in record["latency"].items()},
            outcomes={int(b): OutcomeCounts.from_json(o) for b, o in record["outcomes"].items()},
            matured=MaturedCounts(**{k: int(v) for k, v in record.get("matured", {}).items()}),
            pairs=None if pairs is None else PairCounts.from_json(pairs),
            evidence=bool(record["evidence"]),
        )
