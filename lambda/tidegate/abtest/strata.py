"""Cuts observations into strata by the time at which they closed, for the arms of an A/B test.

A stratum is one interval under one split (and one delay bucket of its outcomes): a piece in which
only the random split tells the arms apart. Nothing is pooled over strata, and everything here is
sorted by time, so that it does not matter in which order, or in how many looks, increments come.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from tidegate.abtest.plan import ABPlan, Better
from tidegate.observation import Observation, OutcomeCounts, last_delay

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
    for ties and rates; with conversions the two differ. `drawn` are the requests that the split of
    this version dealt out.
    """

    at: int
    requests: list[int]
    drawn: dict[int, list[int]] = field(default_factory=dict)
    compared: list[Stratum] = field(default_factory=list)
    settled: list[Stratum] = field(default_factory=list)
    learnt: list[Learnt] = field(default_factory=list)


def add_served(plan: ABPlan, closing: Closing, observation: Observation) -> None:
    """The requests of this increment are counted into the closing."""
    arm = plan.arms.index(observation.key.slot)
    closing.requests[arm] += observation.requests
    if observation.evidence:
        drawn = closing.drawn.setdefault(observation.key.split_version, [0] * len(plan.arms))
        drawn[arm] += observation.requests


OutcomeKey = tuple[int, int, int, int]
"""When a delay bucket closed, its interval of serving, its split version, the bucket."""


def outcomes_by_key(
    plan: ABPlan, observations: Iterable[Observation]
) -> dict[OutcomeKey, list[OutcomeCounts]]:
    """Outcomes that are evidence, by arm."""
    found: dict[OutcomeKey, list[OutcomeCounts]] = {}
    for item in observations:
        if not item.evidence:
            continue
        arm = plan.arms.index(item.key.slot)
        for bucket, counts in item.outcomes.items():
            closed = item.key.interval + last_delay(bucket, window_intervals=plan.window_intervals)
            key = (closed, item.key.interval, item.key.split_version, bucket)
            arms = found.setdefault(key, [OutcomeCounts()] * len(plan.arms))
            arms[arm] = arms[arm] + counts
    return found


def labelled_closings(plan: ABPlan, observations: Sequence[Observation]) -> list[Closing]:
    """What closed, in the order of time, where every outcome is reported, right or wrong."""
    closings: dict[int, Closing] = {}

    def closing(at: int) -> Closing:
        return closings.setdefault(at, Closing(at=at, requests=[0] * len(plan.arms)))

    for item in observations:
        if item.requests > 0:
            add_served(plan, closing(item.key.interval), item)
    outcomes = outcomes_by_key(plan, observations)
    for key in sorted(outcomes):
        trials = tuple(arm.known for arm in outcomes[key])
        rights = tuple(arm.known - arm.wrong for arm in outcomes[key])
        stratum = Stratum.of(plan, trials, rights)
        at = closing(key[0])
        at.compared.append(stratum)
        at.settled.append(stratum)
        at.learnt.append(Learnt(bucket=0, trials=trials, events=rights))
    return [closings[at] for at in sorted(closings)]
