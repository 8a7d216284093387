"""Early looks: which part of open intervals the judge may see before they are closed.

A total outage shows in a handful of requests, and an interval with its lag is a long time to serve
them. Between closings the judge is given what open intervals have more than was given of them
before, and closing gives the rest: every request counts once.

A part is what the request log brought by one moment, so it must be fair to compare. It is while a
request that does not know its slot is logged as late in one slot as in the other, and three rules
keep it so. Only requests and errors are given, latencies are not: those of slow requests come last.
What is given, and when, depends on totals of both slots, never on how the errors fell. And parts
wait in which the candidate's requests are missing, by the share that it should have: a candidate
whose answers take longer has its errors counted before its successes.

Pure; it reads no counters and writes no looks.
"""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from tidegate.closing import without
from tidegate.observation import Observation, ObservationKey

LEAST_ERRORS = 2
"""New errors of both slots that an early look is worth: a single one proves nothing by itself."""

_EVERYTHING = 100

MISSING_DEVIATIONS = 1.0
"""By how many standard deviations the candidate's requests may be fewer than its share.

Chance alone holds one part in six back by this.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Missing:
    """How many requests the candidate has too few for its share, and the variance of that number.

    While the split alone decides who counts where, that is 0 but for chance. Successes that are
    counted late add up in it, whatever the load: the errors that they should have been compared
    with are then too many by at most MISSING_DEVIATIONS times the square root of the error rate, in
    their own standard deviations (0.14 at 2 % errors).
    """

    requests: float = 0.0
    variance: float = 0.0

    def plus(self, other: "Missing") -> "Missing":
        """Both together."""
        return Missing(
            requests=self.requests + other.requests, variance=self.variance + other.variance
        )

    def within(self, deviations: float) -> bool:
        """Whether chance explains it."""
        return self.requests <= deviations * math.sqrt(self.variance)


@dataclass(frozen=True, slots=True, kw_only=True)
class Watched:
    """Who is compared under which split, and the candidate's share of it in percent.

    `missing` is of all parts that early looks of the release gave so far.
    """

    live: str
    candidate: str
    split_version: int
    candidate_share: int
    missing: Missing = Missing()
    deviations: float = MISSING_DEVIATIONS

    def alone(self, slots: Mapping[str, Observation]) -> bool:
        """Whether the candidate has all of the traffic, and counts that may prove something.

        Nothing is missing then, and nothing is compared: it is held to a fixed limit.
        """
        live, candidate = slots.get(self.live), slots.get(self.candidate)
        if self.candidate_share < _EVERYTHING or candidate is None:
            return False
        return (live is None or live.requests == 0) and candidate.errors >= LEAST_ERRORS


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """What to give of open intervals, ordered by key, and what is missing once it is given."""

    observations: tuple[Observation, ...]
    missing: Missing


def early(
    counters: Iterable[Observation], given: Iterable[Observation], *, watched: Watched
) -> Part | None:
    """What to give of open intervals now, None where nothing is worth a look.

    `counters` are those of open intervals, cumulative and read at one moment, `given` what was
    given of them before. An interval's increments of both slots come together or not at all.
    """
    before = {item.key: item for item in given}
    by_interval: dict[int, dict[str, Observation]] = {}
    for counter in counters:
        if counter.evidence and counter.key.split_version == watched.split_version:
            slots = by_interval.setdefault(counter.key.interval, {})
            slots[counter.key.slot] = _new(counter, before.get(counter.key))
    found: list[Observation] = []
    missing = watched.missing
    for interval in sorted(by_interval):
        slots = by_interval[interval]
        if watched.alone(slots):
            found.append(slots[watched.candidate])
            continue
        more = _missing(slots, watched) if _worth(slots, watched) else None
        together = None if more is None else missing.plus(more)
        if more is None or together is None or not more.within(watched.deviations):
            continue
        if together.within(watched.deviations):
            found += [slots[watched.live], slots[watched.candidate]]
            missing = together
    ordered = tuple(sorted(found, key=lambda item: item.key))
    return Part(observations=ordered, missing=missing) if ordered else None


def unchanged(
    before: Iterable[Observation], counters: Iterable[Observation]
) -> tuple[Observation, ...]:
    """Counters of intervals and splits in which no slot served more since they were read before."""
    known = {item.key: _new(item, None) for item in before}
    counted = tuple(counters)
    moved = {_piece(item) for item in counted if known.get(item.key) != _new(item, None)}
    return tuple(item for item in counted if _piece(item) not in moved)


def _piece(counter: Observation) -> tuple[int, int]:
    return counter.key.interval, counter.key.split_version


def given_after(
    given: Iterable[Observation], increments: Iterable[Observation], *, through: int
) -> tuple[Observation, ...]:
    """What was given of intervals after `through`, once these increments are given too."""
    total: dict[ObservationKey, Observation] = {}
    for item in (*given, *increments):
        if item.key.interval > through:
            known = total.get(item.key)
            total[item.key] = item if known is None else _sum(known, item)
    return tuple(total[key] for key in sorted(total))


def _new(counter: Observation, given: Observation | None) -> Observation:
    """What the counter has more, of what early looks give."""
    rest = without(counter, given)
    return Observation(
        key=rest.key,
        unit=rest.unit,
        requests=rest.requests,
        errors=rest.errors,
        clients_with_errors=rest.failed_clients,
    )


def _sum(left: Observation, right: Observation) -> Observation:
    return Observation(
        key=left.key,
        unit=left.unit,
        requests=left.requests + right.requests,
        errors=left.errors + right.errors,
        clients_with_errors=left.failed_clients + right.failed_clients,
    )


def _worth(slots: Mapping[str, Observation], watched: Watched) -> bool:
    """Whether these counts of one interval can be compared, and may prove something."""
    live, candidate = slots.get(watched.live), slots.get(watched.candidate)
    if live is None or candidate is None or not live.requests or not candidate.requests:
        return False
    return live.errors + candidate.errors >= LEAST_ERRORS


def _missing(slots: Mapping[str, Observation], watched: Watched) -> Missing:
    candidate = slots[watched.candidate].requests
    requests, share = slots[watched.live].requests + candidate, watched.candidate_share / 100
    return Missing(requests=requests * share - candidate, variance=requests * share * (1 - share))
