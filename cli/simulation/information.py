"""How much the traffic tells about a claim: information a trial, and when trials become known.

Information is the Kullback-Leibler divergence between what happens and the nearest thing that the
claim excludes, in nats: what the logarithm of the best evidence gains in the mean (Wald 1945). For
two samples of which only the split is known to be fair, the nearest "no difference" is that both
have the common rate.
"""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from cli.simulation.behaviour import Behaviour
from cli.simulation.harms import MARGIN_QUANTILE, tolerated_buckets
from tidegate.closing import window_intervals
from tidegate.intervals import INTERVAL_SECONDS
from tidegate.observation import DELAY_EDGES, OutcomeKind, last_delay
from tidegate.plan import Guardrail, Metric, ReleasePlan

QUANTILES = (0.5, 0.75, 0.9, 0.95, 0.99)
"""Quantiles of live latency beyond which a slower candidate is looked for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stream:
    """Trials of one kind: how long after serving they are known, and how many a request makes.

    `information` is of one trial, by the candidate's share of the traffic (of 1). Of each stratum
    `uncompared` trials tell nothing: a single one has nothing to be compared with.
    """

    minutes: float
    chance: float
    information: Callable[[float], float]
    uncompared: float = 1.0


def of_harm(
    plan: ReleasePlan, guardrail: Guardrail, *, live: Behaviour, candidate: Behaviour
) -> tuple[Stream, ...]:
    """What tells that the candidate is worse."""
    answered = 1 - live.errors
    if guardrail.metric is Metric.ERRORS:
        return (prompt(plan, 1.0, _differing(live.errors, candidate.errors)),)
    if guardrail.metric is Metric.LATENCY:
        return (prompt(plan, answered, latency_harm(guardrail, live, candidate)),)
    if guardrail.kind is OutcomeKind.LABELS:
        information = _differing(live.wrong, candidate.wrong)
        return tuple(_labels(plan, live, information))
    return tuple(_events(plan, guardrail.kind, live, candidate))


def of_safety(plan: ReleasePlan, guardrail: Guardrail, *, live: Behaviour) -> tuple[Stream, ...]:
    """What tells that a candidate that is no worse stays within the margin."""
    margin = guardrail.margin
    if guardrail.metric is Metric.ERRORS:
        return (prompt(plan, 1.0, _excluding((live.errors, live.errors), margin)),)
    if guardrail.metric is Metric.LATENCY:
        return (prompt(plan, 1 - live.errors, latency_safety(guardrail, live)),)
    harmed = live.harmed(guardrail.kind)
    information = _excluding((harmed, harmed), margin)
    if guardrail.kind is OutcomeKind.LABELS:
        return tuple(_labels(plan, live, information))
    # That no event came is known when the whole window has passed.
    minutes = _closing_minutes(plan) + window_intervals(plan.outcome_window_seconds)
    return (Stream(minutes=minutes, chance=1 - live.errors, information=information),)


def prompt(
    plan: ReleasePlan,
    chance: float,
    information: Callable[[float], float],
    *,
    uncompared: float = 1.0,
) -> Stream:
    """Trials that are known as soon as their interval is closed."""
    return Stream(
        minutes=_closing_minutes(plan),
        chance=chance,
        information=information,
        uncompared=uncompared,
    )


def _closing_minutes(plan: ReleasePlan) -> float:
    """From a request, somewhere in its interval, to the look that counts it."""
    return (INTERVAL_SECONDS / 2 + plan.lag_seconds) / 60


def _delays(plan: ReleasePlan) -> list[float]:
    window = window_intervals(plan.outcome_window_seconds)
    ends = (last_delay(bucket, window_intervals=window) for bucket in range(len(DELAY_EDGES)))
    return [_closing_minutes(plan) + end for end in ends]


def _labels(
    plan: ReleasePlan, live: Behaviour, information: Callable[[float], float]
) -> Iterator[Stream]:
    for minutes, known in zip(_delays(plan), live.known, strict=True):
        if known > 0:
            chance = (1 - live.errors) * known
            yield Stream(minutes=minutes, chance=chance, information=information)


def _events(
    plan: ReleasePlan, kind: OutcomeKind, live: Behaviour, candidate: Behaviour
) -> Iterator[Stream]:
    """Each delay bucket is a trial of those whose event had not come before (log-rank)."""
    waiting = [1.0, 1.0]
    for bucket, minutes in enumerate(_delays(plan)):
        chances = (live.known[bucket], candidate.known[bucket])
        rates = [c / w if w > 0 else 0.0 for c, w in zip(chances, waiting, strict=True)]
        if kind is OutcomeKind.CONVERSIONS:
            rates = [1 - rate for rate in rates]
        if max(chances) > 0:
            yield Stream(
                minutes=minutes,
                chance=(1 - live.errors) * waiting[0],
                information=_differing(rates[0], rates[1]),
            )
        waiting = [max(0.0, w - c) for c, w in zip(chances, waiting, strict=True)]


def latency_safety(guardrail: Guardrail, live: Behaviour) -> Callable[[float], float]:
    """Of a candidate as fast as the live version, beyond the quantile that the margin is about."""
    edge = live.quantile_bucket(MARGIN_QUANTILE)
    rates = (live.slower_than(edge + tolerated_buckets(guardrail)), live.slower_than(edge))
    return _excluding(rates, guardrail.margin)


def latency_harm(
    guardrail: Guardrail, live: Behaviour, candidate: Behaviour
) -> Callable[[float], float]:
    """Beyond the quantile where the candidate stands out most."""
    tolerated = tolerated_buckets(guardrail)
    edges = [live.quantile_bucket(quantile) for quantile in QUANTILES]
    rates = [(live.slower_than(e), candidate.slower_than(e + tolerated)) for e in edges]
    return lambda share: max(_difference(low, high, share) for low, high in rates)


def _differing(live: float, candidate: float) -> Callable[[float], float]:
    return lambda share: _difference(live, candidate, share)


def _difference(live: float, candidate: float, share: float) -> float:
    """Divergence from the nearest pair of rates that do not differ, a trial of both together."""
    if candidate <= live:
        return 0.0
    common = share * candidate + (1 - share) * live
    return share * divergence(candidate, common) + (1 - share) * divergence(live, common)


def _excluding(rates: tuple[float, float], margin: float) -> Callable[[float], float]:
    """Divergence from the nearest pair of rates (candidate, live) that differ by the margin."""

    def excluded(share: float) -> float:
        def at(live: float) -> float:
            return share * divergence(rates[0], live + margin) + (1 - share) * divergence(
                rates[1], live
            )

        low, high = 0.0, 1 - margin
        for _ in range(60):
            third = (high - low) / 3
            if at(low + third) < at(high - third):
                high -= third
            else:
                low += third
        return at(low)

    return excluded


def divergence(true: float, other: float) -> float:
    """Kullback-Leibler divergence of two chances, in nats."""
    other = min(max(other, 1e-12), 1 - 1e-12)
    total = 0.0
    if true > 0:
        total += true * math.log(true / other)
    if true < 1:
        total += (1 - true) * math.log((1 - true) / (1 - other))
    return max(0.0, total)
