"""Closing: which part of the counters is final, and has not been given to the judge yet.

Every (interval, slot, split) is closed once for requests, errors and latency, and once for each
outcome delay bucket; `closed` gives the increments that became final between two looks.
"""

import math
from collections.abc import Iterable
from dataclasses import replace

from tidegate.intervals import INTERVAL_SECONDS
from tidegate.observation import Observation, OutcomeCounts, last_delay


def window_intervals(outcome_window_seconds: int) -> int:
    """The largest delay, in intervals, of an outcome that comes within the window."""
    return max(1, math.ceil(outcome_window_seconds / INTERVAL_SECONDS))


def closed(
    counters: Iterable[Observation], *, after: int, through: int, outcome_window_seconds: int
) -> tuple[Observation, ...]:
    """Increments final by interval `through` that were not yet final by interval `after`.

    `counters` are all that is known of a release, cumulative; the result is ordered by key, and
    empty increments are left out.
    """
    window = window_intervals(outcome_window_seconds)
    increments: list[Observation] = []
    for counter in sorted(counters, key=lambda c: c.key):
        served = after < counter.key.interval <= through
        outcomes = _closed_outcomes(counter, after=after, through=through, window=window)
        if served:
            increments.append(replace(counter, outcomes=outcomes))
        elif outcomes:
            increments.append(_late(counter, outcomes))
    return tuple(increments)


def _closed_outcomes(
    counter: Observation, *, after: int, through: int, window: int
) -> dict[int, OutcomeCounts]:
    return {
        bucket: counts
        for bucket, counts in counter.outcomes.items()
        if after < counter.key.interval + last_delay(bucket, window_intervals=window) <= through
    }


def _late(counter: Observation, outcomes: dict[int, OutcomeCounts]) -> Observation:
    return Observation(
        key=counter.key, unit=counter.unit, outcomes=outcomes, evidence=counter.evidence
    )
