"""Evidence where the candidate serves alone: its counts against limits that were fixed before.

A big bang between two tracks leaves nothing to compare with once caches have run out. What the live
version did before the release comes with the first look, under the model's own key; the limits are
made of it and stay as they are (`tidegate.guardrail.limits` says what they are worth). Intervals in
which both tracks answered are compared as ever, at half of the error budget.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from tidegate import latency
from tidegate.guardrail.limits import SLOW_SHARE, FixedLimit, Measured
from tidegate.judge import latency_splits, reason
from tidegate.judge.limits import LEAST_CANDIDATE_TRIALS
from tidegate.judge.reason import Finding
from tidegate.judge.strata import Comparison
from tidegate.observation import STEADY_PREFIX, Observation
from tidegate.plan import Guardrail, Metric, ReleasePlan
from tidegate.verdict import VerdictKind
from tidegate.words import thousands

_SLOW_QUANTILE = 1 - SLOW_SHARE


def parted(
    observations: Iterable[Observation],
) -> tuple[tuple[Observation, ...], tuple[Observation, ...]]:
    """What was served before the release, and what is of the release itself."""
    before: list[Observation] = []
    since: list[Observation] = []
    for item in observations:
        (before if item.key.release_id.startswith(STEADY_PREFIX) else since).append(item)
    return tuple(before), tuple(since)


def fixed(plan: ReleasePlan, before: Sequence[Observation]) -> tuple[Measured, ...]:
    """The limits of a plan, against which nothing was measured yet.

    Latency has none where too little was served before.
    """
    found = [_limit(guardrail, before) for guardrail in plan.guardrails]
    return tuple(Measured(limit=limit, bad=0, trials=0) for limit in found if limit is not None)


def _limit(guardrail: Guardrail, before: Sequence[Observation]) -> FixedLimit | None:
    if guardrail.metric is Metric.ERRORS:
        requests = sum(item.requests for item in before)
        rate = sum(item.errors for item in before) / requests if requests > 0 else None
        share = guardrail.margin if rate is None else rate + guardrail.margin
        return FixedLimit(metric=Metric.ERRORS, share=share, baseline=rate)
    seen: latency.Histogram = {}
    for item in before:
        seen = latency.add(seen, item.latency)
    edge = latency.quantile_bucket(seen, _SLOW_QUANTILE)
    if edge is None or sum(seen.values()) < latency_splits.LEAST_LATENCIES:
        return None
    slack = latency_splits.tolerated_buckets(guardrail.tolerated_slowdown)
    return FixedLimit(
        metric=Metric.LATENCY,
        share=SLOW_SHARE + guardrail.margin,
        baseline=SLOW_SHARE,
        milliseconds=latency.upper_edge_milliseconds(edge + slack),
    )


def advance(
    plan: ReleasePlan,
    comparison: Comparison,
    known: Sequence[Measured] | None,
    observations: Sequence[Observation],
) -> tuple[Measured, ...]:
    """What was measured with these increments too; the first ones bring what was before."""
    before, since = parted(observations)
    measured = fixed(plan, before) if known is None else tuple(known)
    alone = [item for item in since if item.key.slot == comparison.candidate and item.evidence]
    both = {_stratum(item) for item in since if item.key.slot == comparison.live and _served(item)}
    return tuple(_plus(one, [a for a in alone if _stratum(a) not in both]) for one in measured)


def _served(item: Observation) -> bool:
    return item.evidence and (item.requests > 0 or bool(item.latency))


def _stratum(item: Observation) -> tuple[int, int]:
    return item.key.interval, item.key.split_version


def _plus(known: Measured, alone: Sequence[Observation]) -> Measured:
    milliseconds = known.limit.milliseconds
    if milliseconds is None:
        bad, trials = sum(item.errors for item in alone), sum(item.requests for item in alone)
    else:
        edge = latency.bucket_of(milliseconds)
        bad = sum(latency.count_above(item.latency, edge) for item in alone)
        trials = sum(sum(item.latency.values()) for item in alone)
    return replace(known, bad=known.bad + bad, trials=known.trials + trials)


def alpha_of(plan: ReleasePlan) -> float:
    """The part of the error budget that each fixed limit has; comparisons have the other half."""
    return plan.alpha / (2 * len(plan.guardrails))


def conclusion(
    plan: ReleasePlan, harm: Sequence[Finding], measured: Sequence[Measured], *, requests: int
) -> tuple[VerdictKind, str]:
    """Roll back, or go on; safety is never claimed."""
    broken = [
        (item.evidence.log_evidence, reason.rolled_back(item, alpha=plan.alpha / 2))
        for item in harm
        if item.evidence.reached
    ]
    for one in measured:
        proof = one.evidence(alpha=alpha_of(plan))
        if proof.reached:
            broken.append((proof.log_evidence, one.broken(proof)))
    if broken:
        return VerdictKind.ROLL_BACK, max(broken)[1]
    scarce = _scarce(plan, measured, requests=requests)
    if scarce is not None:
        return VerdictKind.HOLD, scarce
    alone = max((one.trials for one in measured if one.limit.milliseconds is None), default=0)
    return VerdictKind.CONTINUE, (
        f"continue because no harm is proven in {thousands(requests)} candidate requests: "
        f"{thousands(alone)} of them had nothing beside them and were held to fixed limits, of "
        "which no more is claimed than that"
    )


def _scarce(plan: ReleasePlan, measured: Sequence[Measured], *, requests: int) -> str | None:
    """Why it is too early to say that no harm shows; None where it is not.

    Harm of twice a margin would have shown by then, were it there.
    """
    alpha = alpha_of(plan)
    wanting = [
        f"{one.limit.metric} {thousands(one.trials)} of {thousands(one.needed(alpha=alpha))}"
        for one in measured
        if one.trials < one.needed(alpha=alpha)
    ]
    if wanting:
        each = ", ".join(wanting)
        return (
            f"hold because {thousands(requests)} candidate requests are too few to judge by: until "
            f"harm of twice its margin would show, each limit needs so many requests that only the "
            f"candidate serves: {each} so far"
        )
    if requests < LEAST_CANDIDATE_TRIALS:
        return (
            f"hold because {thousands(requests)} candidate requests are too few to judge by: "
            f"{LEAST_CANDIDATE_TRIALS} are needed"
        )
    return None
