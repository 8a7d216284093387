"""Closing: which part of the counters is final, and has not been given to the judge yet.

Every (interval, slot, split) is closed once for requests, errors and latency, and once for each
outcome delay bucket; `closed` gives the increments that became final between two looks, less what
early looks gave of them before (`early.py`).

Of outcomes that are events only, what never comes is never reported. So each delay bucket is closed
with the requests that were at risk in it, events or none, and with the last one the whole outcome
window: how many requests it was about, and how many of them had the event. Both are computed here,
from the counters, so that the judge has to remember nothing about open windows.
"""

import math
from collections.abc import Iterable
from dataclasses import replace

from tidegate.errors import InvalidValueError
from tidegate.intervals import INTERVAL_SECONDS
from tidegate.observation import (
    DELAY_EDGES,
    MaturedCounts,
    Observation,
    OutcomeCounts,
    OutcomeKind,
    last_delay,
)


def window_intervals(outcome_window_seconds: int) -> int:
    """The largest delay, in intervals, of an outcome that comes within the window."""
    return max(1, math.ceil(outcome_window_seconds / INTERVAL_SECONDS))


def closed(
    counters: Iterable[Observation],
    *,
    after: int,
    through: int,
    outcome_window_seconds: int,
    kind: OutcomeKind = OutcomeKind.LABELS,
    given: Iterable[Observation] = (),
) -> tuple[Observation, ...]:
    """Increments final by interval `through` that were not yet final by interval `after`.

    `counters` are all that is known of a release, cumulative, `given` what early looks gave of
    them. The result is ordered by key, and empty increments are left out.
    """
    before = {item.key: item for item in given}
    window = window_intervals(outcome_window_seconds)
    delays = [last_delay(bucket, window_intervals=window) for bucket in range(len(DELAY_EDGES))]
    increments: list[Observation] = []
    for counter in sorted(counters, key=lambda c: c.key):
        served = after < counter.key.interval <= through
        closing = {
            bucket
            for bucket, delay in enumerate(delays)
            if after < counter.key.interval + delay <= through
        }
        # Most counters of a long window have nothing to close, and cost nothing then.
        known = outcomes_of(counter, kind=kind, window=window) if closing else {}
        outcomes = {bucket: counts for bucket, counts in known.items() if bucket in closing}
        matured = MaturedCounts()
        if after < counter.key.interval + window <= through:
            matured = matured_of(counter, kind=kind, window=window)
        empty = Observation(key=counter.key, unit=counter.unit, evidence=counter.evidence)
        rest = without(counter, before.get(counter.key)) if served else empty
        increment = replace(rest, outcomes=outcomes, matured=matured)
        if increment != empty:
            increments.append(increment)
    return tuple(increments)


def without(counter: Observation, given: Observation | None) -> Observation:
    """The counter less what was given of it; InvalidValueError where it has become smaller."""
    if given is None:
        return counter
    rest = replace(
        counter,
        requests=counter.requests - given.requests,
        errors=counter.errors - given.errors,
        clients_with_errors=counter.failed_clients - given.failed_clients,
    )
    if min(rest.requests, rest.errors, rest.failed_clients) < 0:
        fault = (
            f"counts of slot {counter.key.slot}, interval {counter.key.interval} became smaller "
            f"since an early look: {_serving(given)} then, {_serving(counter)} now; counts only "
            "grow, so the observation table was changed: restore it, or abort the release"
        )
        raise InvalidValueError([fault])
    return rest


def _serving(counter: Observation) -> str:
    return (
        f"{counter.requests} requests, {counter.errors} errors, "
        f"{counter.failed_clients} clients with errors"
    )


def outcomes_of(
    counter: Observation, *, kind: OutcomeKind, window: int
) -> dict[int, OutcomeCounts]:
    """The counter's outcomes by delay bucket, as they are closed: `window` is in intervals.

    For event kinds that is every bucket of the window in which anything was at risk. Requests and
    outcomes are counted from two logs, and if lines of the first were lost there may be more events
    than requests: then the events, which surely were at risk, are all that was.
    """
    if not kind.has_events_only:
        return dict(counter.outcomes)
    found: dict[int, OutcomeCounts] = {}
    waiting = counter.requests - counter.errors
    for bucket in _buckets(window):
        counts = counter.outcomes.get(bucket, OutcomeCounts())
        events = counts.events(kind)
        at_risk = max(waiting, events)
        if at_risk > 0:
            found[bucket] = replace(counts, at_risk=at_risk)
        waiting = at_risk - events
    return found


def matured_of(counter: Observation, *, kind: OutcomeKind, window: int) -> MaturedCounts:
    """What the counter says of its whole outcome window, once that has passed; zeros for labels."""
    if not kind.has_events_only:
        return MaturedCounts()
    events = sum(
        counter.outcomes[bucket].events(kind)
        for bucket in _buckets(window)
        if bucket in counter.outcomes
    )
    return MaturedCounts(answered=max(counter.requests - counter.errors, events), events=events)


def _buckets(window: int) -> range:
    """The delay buckets that begin within the window."""
    return range(sum(first <= window for first in DELAY_EDGES))
