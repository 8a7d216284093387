"""The request log: a line a served prediction, a line a credited outcome, and their counts.

Lines are JSON objects marked `"log": "tidegate"`, written to standard output by `route_request` and
`record_outcome`; payloads are never in them. A subscription delivers them in batches to
`aggregate_requests`, which turns a batch into tallies: counts by (release, interval, split, slot).
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import field

from tidegate import latency
from tidegate.intervals import interval_of
from tidegate.observation import (
    STEADY_PREFIX,
    ObservationKey,
    OutcomeCounts,
    PairCounts,
    Unit,
    delay_bucket,
)
from tidegate.split import NO_RELEASE, NO_SPLIT
from tidegate.values import value

MARK = "tidegate"
UNKNOWN_SLOT = "unknown"
"""The slot of a request that failed before anything said which variant had it."""


@value
class ServedLine:
    """One prediction was asked for.

    `client` is a hash of the caller, empty where nothing said who it was. Where no split drew the
    request, its `split_version` is NO_SPLIT: it is exposure, and evidence for nothing.
    """

    model: str
    release_id: str
    slot: str
    version: str
    split_version: int
    settling: bool
    served_at: float
    status: int
    milliseconds: float
    client: str
    unit: Unit = Unit.REQUEST

    def to_line(self) -> str:
        """The line to write: one JSON object."""
        return json.dumps(
            {
                "log": MARK,
                "kind": "served",
                "model": self.model,
                "release_id": self.release_id,
                "slot": self.slot,
                "version": self.version,
                "split_version": self.split_version,
                "settling": self.settling,
                "served_at": self.served_at,
                "status": self.status,
                "milliseconds": self.milliseconds,
                "client": self.client,
                "unit": self.unit.value,
            },
            separators=(",", ":"),
        )


@value
class OutcomeLine:
    """One outcome was credited to the prediction served at `served_at`.

    `client` is who asked for that prediction, where its id says so: unit `user` needs it.
    """

    model: str
    release_id: str
    slot: str
    split_version: int
    served_at: float
    known_at: float
    wrong: bool
    unit: Unit = Unit.REQUEST
    client: str = ""

    def to_line(self) -> str:
        """The line to write: one JSON object."""
        return json.dumps(
            {
                "log": MARK,
                "kind": "outcome",
                "model": self.model,
                "release_id": self.release_id,
                "slot": self.slot,
                "split_version": self.split_version,
                "served_at": self.served_at,
                "known_at": self.known_at,
                "wrong": self.wrong,
                "unit": self.unit.value,
                "client": self.client,
            },
            separators=(",", ":"),
        )


def parse_line(text: str) -> ServedLine | OutcomeLine | None:
    """The line that `to_line` wrote, or None for any other text in the log.

    A damaged line is other text: it must not keep the rest of its batch from being counted.
    """
    try:
        data = json.loads(text)
    except ValueError:
        return None
    if not isinstance(data, dict) or data.pop("log", None) != MARK:
        return None
    kind = _KINDS.get(data.pop("kind", ""))
    try:
        return None if kind is None else kind(**{**data, "unit": Unit(data["unit"])})
    except (KeyError, TypeError, ValueError):
        return None


_KINDS: Mapping[str, type[ServedLine] | type[OutcomeLine]] = {
    "served": ServedLine,
    "outcome": OutcomeLine,
}


@value
class Tally:
    """Counts to be added to what is known of a key. Outcomes are by delay bucket of arrival.

    `nameless_errors` are those of requests without a client: each is a client of its own.
    `settling` is set where the counts are no evidence: the split was changing, or drew nothing.
    """

    key: ObservationKey
    unit: Unit = Unit.REQUEST
    settling: bool = False
    requests: int = 0
    errors: int = 0
    error_clients: frozenset[str] = frozenset()
    nameless_errors: int = 0
    latency: Mapping[int, int] = field(default_factory=dict)
    outcomes: Mapping[int, OutcomeCounts] = field(default_factory=dict)
    pairs: PairCounts | None = None
    """Of a shadow: pairs by interval, which come from captures and not from the log."""

    def plus(self, other: "Tally") -> "Tally":
        """Both tallies of one key together."""
        outcomes = dict(self.outcomes)
        for bucket, counts in other.outcomes.items():
            outcomes[bucket] = outcomes.get(bucket, OutcomeCounts()) + counts
        return Tally(
            key=self.key,
            unit=self.unit,
            settling=self.settling or other.settling,
            requests=self.requests + other.requests,
            errors=self.errors + other.errors,
            error_clients=self.error_clients | other.error_clients,
            nameless_errors=self.nameless_errors + other.nameless_errors,
            latency=latency.add(self.latency, other.latency),
            outcomes=outcomes,
            pairs=_both(self.pairs, other.pairs),
        )


def _both(left: PairCounts | None, right: PairCounts | None) -> PairCounts | None:
    if left is None or right is None:
        return right if left is None else left
    return left + right


def tally_key(*, model: str, release_id: str) -> str:
    """The release id under which a line is counted: a model's steady traffic has one of its own."""
    return f"{STEADY_PREFIX}{model}" if release_id == NO_RELEASE else release_id


def tally(lines: Iterable[ServedLine | OutcomeLine]) -> tuple[Tally, ...]:
    """The counts of a batch of lines, one tally a key, in the order of the keys."""
    by_key: dict[ObservationKey, Tally] = {}
    for line in lines:
        single = _served(line) if isinstance(line, ServedLine) else _outcome(line)
        known = by_key.get(single.key)
        by_key[single.key] = single if known is None else known.plus(single)
    return tuple(by_key[key] for key in sorted(by_key))


def _key(line: ServedLine | OutcomeLine) -> ObservationKey:
    return ObservationKey(
        release_id=tally_key(model=line.model, release_id=line.release_id),
        interval=interval_of(line.served_at),
        split_version=line.split_version,
        slot=line.slot,
    )


def _served(line: ServedLine) -> Tally:
    failed, named = line.status >= 500, line.client != ""
    return Tally(
        key=_key(line),
        unit=line.unit,
        settling=line.settling or line.split_version == NO_SPLIT,
        requests=1,
        errors=1 if failed else 0,
        error_clients=frozenset({line.client}) if failed and named else frozenset(),
        nameless_errors=1 if failed and not named else 0,
        latency={} if failed else {latency.bucket_of(line.milliseconds): 1},
    )


def _outcome(line: OutcomeLine) -> Tally:
    delay = max(0, interval_of(line.known_at) - interval_of(line.served_at))
    counts = OutcomeCounts(known=1, wrong=1 if line.wrong else 0)
    return Tally(
        key=_key(line),
        unit=line.unit,
        settling=line.split_version == NO_SPLIT,
        outcomes={delay_bucket(delay): counts},
    )
