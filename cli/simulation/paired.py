"""How much pairs tell about a claim: information a pair, as `information` says it of other trials.

Both versions answer the same requests, so that a pair tells by itself what else takes a request of
each slot. That failures do not depend on each other is taken as `serving` takes it.
"""

from cli.simulation.behaviour import Behaviour
from cli.simulation.information import (
    Stream,
    divergence,
    latency_harm,
    latency_safety,
    prompt,
)
from tidegate.judge.pairs import Differences, best_stake
from tidegate.plan import Guardrail, Metric, ReleasePlan

_MANY = 10**9
"""So many pairs make a guess of shares as good as the shares themselves."""

_HALF = 0.5


def harm_of_pairs(
    plan: ReleasePlan, guardrail: Guardrail, *, live: Behaviour, candidate: Behaviour
) -> Stream:
    """What tells that the candidate is worse."""
    if guardrail.metric is Metric.LATENCY:
        return _latencies(plan, live, latency_harm(guardrail, live, candidate)(_HALF))
    if guardrail.metric is Metric.AGREEMENT:
        # The claim is that more than the margin differ: fewer tell nothing of it.
        above = max(candidate.differs, guardrail.margin)
        return _pairs(plan, _answered(live, candidate), divergence(above, guardrail.margin))
    worse, better = _failed_alone(live, candidate)
    told = max(worse / (worse + better), _HALF) if worse + better > 0 else _HALF
    return _pairs(plan, 1.0, (worse + better) * divergence(told, _HALF))


def safety_of_pairs(plan: ReleasePlan, guardrail: Guardrail, *, live: Behaviour) -> Stream:
    """What tells that a candidate that is no worse stays within the margin."""
    if guardrail.metric is Metric.LATENCY:
        return _latencies(plan, live, latency_safety(guardrail, live)(_HALF))
    if guardrail.metric is Metric.AGREEMENT:
        growth = _growth(live.differs, 0.0, guardrail.margin)
        return _pairs(plan, _answered(live, live), growth)
    return _pairs(plan, 1.0, _growth(*_failed_alone(live, live), guardrail.margin))


def _growth(worse: float, better: float, margin: float) -> float:
    """What the logarithm of the judge's own bet on safety gains in a pair, in the mean."""
    seen = Differences(worse=round(_MANY * worse), better=round(_MANY * better), pairs=_MANY)
    return max(0.0, seen.log_gain(best_stake(seen, margin), margin) / _MANY)


def _failed_alone(live: Behaviour, candidate: Behaviour) -> tuple[float, float]:
    """The shares of requests that only the candidate fails, and only the live version."""
    return (1 - live.errors) * candidate.errors, live.errors * (1 - candidate.errors)


def _answered(live: Behaviour, candidate: Behaviour) -> float:
    return (1 - live.errors) * (1 - candidate.errors)


def _pairs(plan: ReleasePlan, chance: float, told: float) -> Stream:
    return prompt(plan, chance, lambda _: told, uncompared=0.0)


def _latencies(plan: ReleasePlan, live: Behaviour, told: float) -> Stream:
    """Both latencies of a pair are trials: of 2 n in a stratum, one has nothing to compare with."""
    return prompt(plan, 1 - live.errors, lambda _: told / _HALF, uncompared=_HALF)
