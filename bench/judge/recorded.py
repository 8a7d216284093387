"""What simulated releases left behind, as arrays, and one of them as the judge sees it."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from bench.judge.worlds import LOOKS, WINDOW_INTERVALS, Scenario
from tidegate.closing import outcomes_of
from tidegate.judge import Comparison
from tidegate.observation import (
    DELAY_EDGES,
    Observation,
    ObservationKey,
    OutcomeCounts,
    last_delay,
)
from tidegate.plan import Guardrail, Metric, ReleasePlan, Step

Counts = NDArray[np.int64]
Histograms = NDArray[np.signedinteger[Any]]

SLOTS = Comparison(live="blue", candidate="green")

CLOSES_AFTER = tuple(
    last_delay(bucket, window_intervals=WINDOW_INTERVALS) for bucket in range(len(DELAY_EDGES))
)
"""Looks between the interval of serving and the look at which each delay bucket is closed."""

_Value = TypeVar("_Value", bound=np.number[Any])


@dataclass(frozen=True, slots=True, kw_only=True)
class SlotCounts:
    """One slot in every run and look; the last axis of the last three is the bucket.

    `known` and `wrong` are by interval of serving and delay bucket, whenever that closes.
    """

    requests: Counts
    errors: Counts
    clients_with_errors: Counts
    latency: Histograms
    known: Counts
    wrong: Counts


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """All runs of one scenario."""

    scenario: Scenario
    live: SlotCounts
    candidate: SlotCounts

    @property
    def runs(self) -> int:
        """How many releases these are."""
        return int(self.live.requests.shape[0])


def when_closed(values: NDArray[_Value]) -> NDArray[_Value]:
    """Values by interval of serving and delay bucket, added up by the look they are closed at."""
    moved = np.zeros(values.shape[:2], dtype=values.dtype)
    for bucket, later in enumerate(CLOSES_AFTER):
        if later < LOOKS:
            moved[:, later:] += values[:, : LOOKS - later, bucket]
    return moved


def looks(recorded: Recorded, run: int) -> Iterator[list[Observation]]:
    """The increments of one run look by look, as `tidegate.closing` closes them with no lag.

    No outcome window ends within a release, so that nothing matures.
    """
    late: dict[int, list[Observation]] = {}
    for interval in range(LOOKS):
        for slot, counts in ((SLOTS.live, recorded.live), (SLOTS.candidate, recorded.candidate)):
            for look, increment in _increments(recorded.scenario, counts, run, (interval, slot)):
                late.setdefault(look, []).append(increment)
        yield sorted(late.pop(interval, []), key=lambda item: item.key)


def _increments(
    scenario: Scenario, counts: SlotCounts, run: int, where: tuple[int, str]
) -> Iterator[tuple[int, Observation]]:
    """What one slot did in one interval, with the look that each part is known at."""
    interval, slot = where
    requests = int(counts.requests[run, interval])
    if requests == 0:
        return
    key = ObservationKey(
        release_id="r-1",
        interval=interval,
        split_version=scenario.split_version(interval),
        slot=slot,
    )
    known, wrong = counts.known[run, interval], counts.wrong[run, interval]
    histogram = counts.latency[run, interval]
    counter = Observation(
        key=key,
        unit=scenario.unit,
        requests=requests,
        errors=int(counts.errors[run, interval]),
        clients_with_errors=int(counts.clients_with_errors[run, interval]),
        latency={b: int(histogram[b]) for b in np.flatnonzero(histogram).tolist()},
        outcomes={
            bucket: OutcomeCounts(known=int(known[bucket]), wrong=int(wrong[bucket]))
            for bucket in np.flatnonzero(known).tolist()
        },
    )
    outcomes = outcomes_of(counter, kind=scenario.delay.outcomes, window=WINDOW_INTERVALS)
    at_once = {bucket: counted for bucket, counted in outcomes.items() if CLOSES_AFTER[bucket] == 0}
    yield interval, replace(counter, outcomes=at_once)
    for bucket, counted in outcomes.items():
        if CLOSES_AFTER[bucket] > 0:
            late = Observation(key=key, unit=scenario.unit, outcomes={bucket: counted})
            yield interval + CLOSES_AFTER[bucket], late


def plan_of(scenario: Scenario, *, alpha: float = 0.01) -> ReleasePlan:
    """The plan such a release follows: its steps, three guardrails, one error budget."""
    firsts = [first for first, _ in scenario.shares] + [LOOKS]
    steps = tuple(
        Step(share_percent=round(100 * share), bake_seconds=60 * (following - first))
        for (first, share), following in zip(scenario.shares, firsts[1:], strict=True)
    )
    return ReleasePlan(
        steps=steps,
        guardrails=(
            Guardrail(metric=Metric.ERRORS, margin=0.02),
            Guardrail(metric=Metric.LATENCY, margin=0.10),
            Guardrail(metric=Metric.OUTCOMES, margin=0.05, kind=scenario.delay.outcomes),
        ),
        lag_seconds=0,
        outcome_window_seconds=60 * WINDOW_INTERVALS,
        hold_seconds=0,
        warm_up_seconds=0,
        alpha=alpha,
    )
