"""Cuts observations into strata by the time at which they closed, for the arms of an A/B test.

A stratum is one interval under one split (and one delay bucket of its outcomes): a piece in which
only the random split tells the arms apart. Nothing is pooled over strata, and everything here is
sorted by time, so that it does not matter in which order, or in how many looks, increments come.
How late events are closed, with those at risk, is the business of `tidegate.closing`.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from tidegate.abtest.plan import ABPlan, Better
from tidegate.errors import InvalidValueError
from tidegate.observation import MaturedCounts, Observation, OutcomeCounts, last_delay

Counts = tuple[int, ...]
"""One number an arm, in the order of the plan."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stratum:
    """Trials of each arm, and how many of them went well."""

    trials: Counts
    goods: Counts

    @classmethod
    def of(cls, plan: ABPlan, trials: Counts, events: Counts) -> "Stratum":
        """The stratum of an objective's events: going well is to have one, or to have none."""
        if plan.better is Better.LARGER:
            return cls(trials=trials, goods=events)
        return cls(trials=trials, goods=tuple(n - x for n, x in zip(trials, events, strict=True)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Learnt:
    """What assignment learns: of the trials of a delay bucket, how many had the event."""

    bucket: int
    trials: Counts
    events: Counts


@dataclass(slots=True, kw_only=True)
class Closing:
    """What closed at one time.

    `compared` is evidence of which arm is better, `settled` are outcomes that are known for good,
    for ties and rates; of events the first are those at risk in a delay bucket (the log-rank test's
    sets), the second the whole outcome window. `drawn` are the requests that the split of this
    version dealt out.
    """

    at: int
    requests: list[int]
    drawn: dict[int, list[int]] = field(default_factory=dict)
    compared: list[Stratum] = field(default_factory=list)
    settled: list[Stratum] = field(default_factory=list)
    learnt: list[Learnt] = field(default_factory=list)


def closings(plan: ABPlan, observations: Sequence[Observation]) -> list[Closing]:
    """What closed, in the order of time, whatever order the increments came in.

    InvalidValueError where there are more events than requests at risk.
    """
    found: dict[int, Closing] = {}
    for item in observations:
        if item.requests > 0:
            _serve(plan, _at(plan, found, item.key.interval), item)
    evidence = [item for item in observations if item.evidence]
    _add_buckets(plan, found, evidence)
    if plan.kind.has_events_only:
        _add_windows(plan, found, evidence)
    return [found[at] for at in sorted(found)]


def _at(plan: ABPlan, found: dict[int, Closing], at: int) -> Closing:
    return found.setdefault(at, Closing(at=at, requests=[0] * len(plan.arms)))


def _serve(plan: ABPlan, closing: Closing, item: Observation) -> None:
    arm = plan.arms.index(item.key.slot)
    closing.requests[arm] += item.requests
    if item.evidence:
        drawn = closing.drawn.setdefault(item.key.split_version, [0] * len(plan.arms))
        drawn[arm] += item.requests


def _add_buckets(plan: ABPlan, found: dict[int, Closing], evidence: Sequence[Observation]) -> None:
    """A stratum a delay bucket, at the time at which it closed."""
    sums: dict[tuple[int, int, int, int], list[OutcomeCounts]] = {}
    for item in evidence:
        for bucket, counts in item.outcomes.items():
            closed = item.key.interval + last_delay(bucket, window_intervals=plan.window_intervals)
            key = (closed, item.key.interval, item.key.split_version, bucket)
            arms = sums.setdefault(key, [OutcomeCounts()] * len(plan.arms))
            arms[plan.arms.index(item.key.slot)] += counts
    for key in sorted(sums):
        closing = _at(plan, found, key[0])
        trials, events = _trials(plan, key, sums[key])
        closing.compared.append(Stratum.of(plan, trials, events))
        bucket = key[3] if plan.kind.has_events_only else 0
        closing.learnt.append(Learnt(bucket=bucket, trials=trials, events=events))
        if not plan.kind.has_events_only:
            closing.settled.append(closing.compared[-1])


def _trials(
    plan: ABPlan, key: tuple[int, int, int, int], arms: Sequence[OutcomeCounts]
) -> tuple[Counts, Counts]:
    """Trials and events of each arm: the right ones of those known, or events of those at risk."""
    if not plan.kind.has_events_only:
        return tuple(arm.known for arm in arms), tuple(arm.known - arm.wrong for arm in arms)
    trials = tuple(arm.at_risk for arm in arms)
    events = tuple(arm.events(plan.kind) for arm in arms)
    if any(x > n for x, n in zip(events, trials, strict=True)):
        fault = (
            f"interval {key[1]}, split {key[2]}, delay bucket {key[3]}: {events} events of "
            f"{trials} requests at risk: increments must be closed with kind {plan.kind}"
        )
        raise InvalidValueError([fault])
    return trials, events


def _add_windows(plan: ABPlan, found: dict[int, Closing], evidence: Sequence[Observation]) -> None:
    """A stratum an interval of serving, at the time at which its outcome window closed."""
    sums: dict[tuple[int, int], list[MaturedCounts]] = {}
    for item in evidence:
        if item.matured.answered > 0:
            key = (item.key.interval, item.key.split_version)
            arms = sums.setdefault(key, [MaturedCounts()] * len(plan.arms))
            arms[plan.arms.index(item.key.slot)] += item.matured
    for key in sorted(sums):
        trials = tuple(arm.answered for arm in sums[key])
        events = tuple(arm.events for arm in sums[key])
        closing = _at(plan, found, key[0] + plan.window_intervals)
        closing.settled.append(Stratum.of(plan, trials, events))
