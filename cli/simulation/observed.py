"""What a model's recent requests say about its traffic, from counters that are kept anyway.

Requests outside a release are counted under the model's own key (`tidegate.requestlog.tally_key`),
so that nobody has to guess. Pure: from counts to figures, None where there are too few.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from cli.simulation.behaviour import Chances
from tidegate import latency
from tidegate.closing import window_intervals
from tidegate.observation import (
    DELAY_EDGES,
    Observation,
    OutcomeCounts,
    last_delay,
)
from tidegate.totals import Totals

RECENT_INTERVALS = 60
"""Intervals that count as recent: an hour."""

LONGEST_INTERVALS = 1_440
"""Outcomes are read a day back at most: they come late, and a longer history costs to read."""

LEAST_COUNT = 50
"""Requests, latencies or outcomes below which a rate says too little to be taken."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Observed:
    """Traffic as it was; each figure None where too little was seen of it."""

    intervals: int
    requests: int
    requests_per_minute: float | None = None
    errors: float | None = None
    latency: Chances | None = None
    wrong: float | None = None
    known: Chances | None = None


def observe(
    steady: Sequence[Observation],
    *,
    others: Sequence[Observation] = (),
    through: int,
    outcome_window_seconds: int,
) -> Observed:
    """What is known of the live slot through an interval.

    `steady` was served outside of releases; `others` within one, which counts as traffic but says
    nothing about the live version alone.
    """
    first = through - RECENT_INTERVALS + 1
    recent = [item for item in steady if first <= item.key.interval <= through]
    both = [*recent, *(o for o in others if first <= o.key.interval <= through)]
    total = _total(recent)
    latencies = sum(total.latency.values())
    served = [item.key.interval for item in both if item.requests > 0]
    intervals = through - min(served) + 1 if served else 0
    requests = sum(item.requests for item in both)
    history = [item for item in steady if item.key.interval <= through]
    outcomes = _total(history).outcomes
    return Observed(
        intervals=intervals,
        requests=requests,
        requests_per_minute=requests / intervals if intervals else None,
        errors=total.errors / total.requests if total.requests >= LEAST_COUNT else None,
        latency=_chances(total.latency, latencies) if latencies >= LEAST_COUNT else None,
        wrong=outcomes.wrong / outcomes.known if outcomes.known >= LEAST_COUNT else None,
        known=_known(history, through=through, window=window_intervals(outcome_window_seconds)),
    )


def _total(items: Iterable[Observation]) -> Totals:
    total = Totals()
    for item in items:
        total = total.plus(item)
    return total


def _chances(histogram: latency.Histogram, count: int) -> Chances:
    return tuple(histogram.get(bucket, 0) / count for bucket in range(latency.BUCKET_COUNT))


def _known(items: Sequence[Observation], *, through: int, window: int) -> Chances | None:
    """The chance of each delay bucket; None where there are few outcomes and more may yet come."""
    if sum(counts.known for item in items for counts in item.outcomes.values()) >= LEAST_COUNT:
        return _delays(items, through=through, window=window)
    served = [item.key.interval for item in items if item.requests > 0]
    whole = min(window, LONGEST_INTERVALS - RECENT_INTERVALS)
    if served and through - min(served) >= whole:
        return _delays(items, through=through, window=window)
    return None


def _delays(items: Sequence[Observation], *, through: int, window: int) -> Chances:
    """Each delay bucket from intervals of which it is over by now.

    To count younger intervals too would take outcomes that are only late for ones that never come.
    """
    chances = []
    for bucket, first in enumerate(DELAY_EDGES):
        last = last_delay(bucket, window_intervals=window)
        old = [item for item in items if item.key.interval + last <= through]
        answered = sum(item.requests - item.errors for item in old)
        known = sum(item.outcomes.get(bucket, OutcomeCounts()).known for item in old)
        chances.append(known / answered if answered > 0 and first <= window else 0.0)
    total = math.fsum(chances)
    # Buckets come from different intervals: together they may pass 1 by chance.
    return tuple(chance / max(1.0, total) for chance in chances)
