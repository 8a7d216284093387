"""The judge itself: newly closed increments in, next state and verdict out, and nothing else.

Pure and deterministic: no clock, no chance, no I/O. `docs/explanation/judge.md` says what is
guaranteed and why.
"""

from collections.abc import Sequence
from dataclasses import replace

from tidegate.errors import InvalidValueError
from tidegate.judge import alone, latency_splits, pair_reason, pairs, reason
from tidegate.judge.advance import advance
from tidegate.judge.forecast import requests_needed
from tidegate.judge.interval import difference_bounds, rate_bounds
from tidegate.judge.limits import LEAST_CANDIDATE_TRIALS, Limits
from tidegate.judge.reason import Early, Finding
from tidegate.judge.state import JudgeState, MetricState
from tidegate.judge.strata import Comparison, faults_of
from tidegate.judge.tally import Tally
from tidegate.observation import Observation
from tidegate.plan import Guardrail, Metric, ReleasePlan
from tidegate.strategies import Strategy
from tidegate.verdict import Claim, Evidence, Verdict, VerdictKind

__all__ = ["Comparison", "JudgeState", "judge"]


def judge(
    plan: ReleasePlan,
    comparison: Comparison,
    state: JudgeState,
    observations: Sequence[Observation],
) -> tuple[JudgeState, Verdict]:
    """The state and the verdict after every increment that closed since the last look.

    Increments may come in any order and from any number of intervals; both slots' increments of one
    interval belong into one look. Impossible counts raise InvalidValueError with every fault.
    """
    state.check(plan)
    faults = faults_of(observations)
    if faults:
        raise InvalidValueError(faults)
    limits = Limits.of(plan)
    take_in = pairs.advance if plan.strategy is Strategy.SHADOW else advance
    if not plan.held_to_limits:
        following = take_in(plan, comparison, state, observations, limits=limits)
        return following, _verdict(plan, following, limits=limits)
    _, since = alone.parted(observations)
    measured = alone.advance(plan, comparison, state.alone, observations)
    following = replace(take_in(plan, comparison, state, since, limits=limits), alone=measured)
    return following, _limited_verdict(plan, following, limits=limits)


def _verdict(plan: ReleasePlan, state: JudgeState, *, limits: Limits) -> Verdict:
    guarded = list(zip(state.metrics, plan.guardrails, strict=True))
    harm = [_harm(item, guardrail, limits, state) for item, guardrail in guarded]
    safe = [_safe(item, guardrail, limits, state) for item, guardrail in guarded]
    needed = requests_needed(safe, candidate_requests=state.candidate_requests)
    kind, why = _conclusion(harm, safe, plan=plan, requests=state.candidate_requests)
    return Verdict(
        kind=kind,
        reason=why,
        evidence=tuple(item.evidence for pair in zip(harm, safe, strict=True) for item in pair),
        candidate_requests=state.candidate_requests,
        live_requests=state.live_requests,
        requests_needed=needed,
    )


def _limited_verdict(plan: ReleasePlan, state: JudgeState, *, limits: Limits) -> Verdict:
    """The verdict of a release that leaves nothing to compare with: it is never to promote."""
    guarded = list(zip(state.metrics, plan.guardrails, strict=True))
    harm = [_harm(item, guardrail, limits, state) for item, guardrail in guarded]
    measured = () if state.alone is None else state.alone
    kind, why = alone.conclusion(plan, harm, measured, requests=state.candidate_requests)
    proofs = [one.evidence(alpha=alone.alpha_of(plan)) for one in measured]
    return Verdict(
        kind=kind,
        reason=why,
        evidence=(*(item.evidence for item in harm), *proofs),
        candidate_requests=state.candidate_requests,
        live_requests=state.live_requests,
    )


def _harm(item: MetricState, guardrail: Guardrail, limits: Limits, state: JudgeState) -> Finding:
    """The claim of harm, told by the channel that shows most of it."""
    reading = item.harm.reading(item.metric, limits.budgets[item.metric])
    channel = item.worst_channel
    tally = item.tallies[channel]
    lower, upper = _bounds(item, tally)
    if lower is not None and reading.proven:
        # What is proven bounds the difference too; the interval's stated coverage allows for it.
        lower = max(lower, 0.0)
    evidence = Evidence(
        metric=item.metric.value,
        claim=Claim.HARM,
        log_evidence=reading.log_evidence,
        log_limit=reading.log_limit,
        live_rate=tally.live_rate,
        candidate_rate=tally.candidate_rate,
        lower=lower,
        upper=upper,
    )
    unseen = item.metric is Metric.LATENCY and tally.weight <= 0
    return Finding(
        guardrail=guardrail,
        evidence=evidence,
        tally=tally,
        edge=_edge(state, item, channel),
        early=Early.of(state, guardrail.tolerated_slowdown) if unseen else None,
    )


def _safe(item: MetricState, guardrail: Guardrail, limits: Limits, state: JudgeState) -> Finding:
    """The claim of safety, told by the channel that the margin is about."""
    tally = item.tally
    lower, upper = _bounds(item, tally)
    if upper is not None and limits.safe(item):
        upper = min(upper, guardrail.margin)
    evidence = Evidence(
        metric=item.metric.value,
        claim=Claim.SAFE,
        log_evidence=item.log_safety,
        log_limit=limits.log_safe,
        live_rate=tally.live_rate,
        candidate_rate=tally.candidate_rate,
        lower=lower,
        upper=upper,
    )
    edge = _edge(state, item, item.margin_channel)
    return Finding(guardrail=guardrail, evidence=evidence, tally=tally, edge=edge)


def _bounds(item: MetricState, tally: Tally) -> tuple[float | None, float | None]:
    """What people see of the difference; answers that differ are bounded as the share they are."""
    if tally.weight <= 0:
        return None, None
    if item.metric is not Metric.AGREEMENT:
        return difference_bounds(tally) or (None, None)
    return rate_bounds(
        score=tally.candidate_score, weight=tally.weight, scale=tally.candidate_scale
    )


def _edge(state: JudgeState, item: MetricState, channel: int) -> int | None:
    edges = latency_splits.edges(state.live_latency)
    return None if edges is None or item.metric is not Metric.LATENCY else edges[channel]


def _conclusion(
    harm: list[Finding], safe: list[Finding], *, plan: ReleasePlan, requests: int
) -> tuple[VerdictKind, str]:
    """Harm that is proven wins over everything; safety must be proven of every metric."""
    if plan.strategy is Strategy.SHADOW:
        return _conclusion_of_pairs(harm, safe, plan=plan, requests=requests)
    harmed = [item for item in harm if item.evidence.reached]
    if harmed:
        worst = max(harmed, key=lambda item: item.evidence.log_evidence)
        return VerdictKind.ROLL_BACK, reason.rolled_back(worst, alpha=plan.alpha)
    unproven = [item for item in safe if not item.evidence.reached]
    if not unproven:
        return VerdictKind.PROMOTE, reason.promoted(safe, candidate_requests=requests)
    scarce = [item for item in safe if item.tally.candidate_trials < LEAST_CANDIDATE_TRIALS]
    if scarce:
        return VerdictKind.HOLD, reason.held(scarce, candidate_requests=requests)
    needed = requests_needed(safe, candidate_requests=requests)
    why = reason.continued(unproven, candidate_requests=requests, needed=needed)
    return VerdictKind.CONTINUE, why


def _conclusion_of_pairs(
    harm: list[Finding], safe: list[Finding], *, plan: ReleasePlan, requests: int
) -> tuple[VerdictKind, str]:
    """The same of a shadow, which is told of pairs: to promote means that it passes."""
    harmed = [item for item in harm if item.evidence.reached]
    if harmed:
        worst = max(harmed, key=lambda item: item.evidence.log_evidence)
        return VerdictKind.ROLL_BACK, pair_reason.failed(worst, alpha=plan.alpha)
    unproven = [item for item in safe if not item.evidence.reached]
    if not unproven:
        return VerdictKind.PROMOTE, pair_reason.passed(safe, candidate_requests=requests)
    scarce = [item for item in safe if item.tally.candidate_trials < LEAST_CANDIDATE_TRIALS]
    if scarce:
        return VerdictKind.HOLD, pair_reason.held(scarce, candidate_requests=requests)
    return VerdictKind.CONTINUE, pair_reason.continued(unproven, candidate_requests=requests)
