"""What the judge says of a fleet that SageMaker brings into service. Pure and without memory.

Intervals in which both fleets answered are compared by the judge of every release: errors, since
CloudWatch has no counts of latencies, and latency and outcomes where the container names its
version. All others, of `big-bang` nearly all and of every strategy those after its last shift, have
nothing to be compared with: there the limits are fixed ones, and of latency that no version is
named of they always are.
Everything is judged anew at each look, an interval after the other, so that a look may be lost.
"""

from collections.abc import Sequence
from dataclasses import replace

from tidegate.guardrail.echoes import COMPARISON, Told, compared_by_version, silence
from tidegate.guardrail.fleets import FleetCounts, totals
from tidegate.guardrail.limits import fixed_limits, measured
from tidegate.intervals import INTERVAL_SECONDS
from tidegate.judge import JudgeState, judge
from tidegate.observation import Observation, ObservationKey
from tidegate.plan import Metric, ReleasePlan
from tidegate.values import value
from tidegate.verdict import Claim, Evidence, Verdict, VerdictKind
from tidegate.words import thousands


@value
class FleetEvidence:
    """Counts before the release, and of both fleets since; `closed` is the last final interval."""

    baseline: tuple[FleetCounts, ...]
    live: tuple[FleetCounts, ...]
    candidate: tuple[FleetCounts, ...]
    closed: int
    told: Told | None = None
    """What the request log says of each version; None where no answer names its version."""


def judge_fleets(plan: ReleasePlan, evidence: FleetEvidence) -> Verdict:
    """Roll back, or go on: SageMaker promotes by itself, so that no safety is ever claimed."""
    candidate = _warm(plan, evidence.candidate)
    live = {item.interval: item for item in evidence.live if item.requests > 0}
    alone = [item for item in candidate if item.interval not in live]
    pairs = [
        (live[item.interval], item)
        for item in candidate
        if item.interval in live and item.interval <= evidence.closed
    ]
    found = [
        *_compared(plan, pairs),
        *_named(plan, evidence, candidate),
        *_limited(plan, evidence, candidate=candidate, alone=alone),
    ]
    served = totals(evidence.candidate).requests
    silent = None if evidence.told is None else silence(evidence.told)
    harmed = any(why for _, why in found)
    return Verdict(
        kind=VerdictKind.HOLD if silent and not harmed else _kind(found, served),
        reason=silent if silent and not harmed else _reason(found, candidate, alone, pairs),
        evidence=tuple(proof for proof, _ in found),
        candidate_requests=served,
        live_requests=totals(evidence.live).requests,
    )


_Found = tuple[Evidence, str]


def _warm(plan: ReleasePlan, candidate: Sequence[FleetCounts]) -> list[FleetCounts]:
    """What counts: a cold fleet's first requests say nothing about the version."""
    served = [item for item in candidate if item.requests > 0]
    if not served:
        return []
    first = min(item.interval for item in served)
    cold = -(-plan.warm_up_seconds // INTERVAL_SECONDS)
    return [item for item in served if item.interval >= first + cold]


def _compared(plan: ReleasePlan, pairs: Sequence[tuple[FleetCounts, FleetCounts]]) -> list[_Found]:
    errors = [g for g in plan.guardrails if g.metric is Metric.ERRORS]
    if not errors or not pairs:
        return []
    watched = replace(plan, guardrails=tuple(errors), alpha=_alpha(plan))
    state, verdict = JudgeState.initial(watched), None
    for live, candidate in sorted(pairs, key=lambda pair: pair[1].interval):
        both = [_observed(live, COMPARISON.live), _observed(candidate, COMPARISON.candidate)]
        state, verdict = judge(watched, COMPARISON, state, both)
        if verdict.kind is VerdictKind.ROLL_BACK:
            break
    if verdict is None:
        return []
    harm = verdict.evidence[0]
    return [(harm, verdict.reason if verdict.kind is VerdictKind.ROLL_BACK else "")]


def _observed(counts: FleetCounts, slot: str) -> Observation:
    key = ObservationKey(release_id="", interval=counts.interval, split_version=0, slot=slot)
    return Observation(
        key=key,
        requests=counts.requests,
        errors=counts.errors,
        clients_with_errors=counts.errors,
    )


def _named(
    plan: ReleasePlan, evidence: FleetEvidence, candidate: Sequence[FleetCounts]
) -> list[_Found]:
    """Latency and outcomes of versions that name themselves, once the new fleet is warm."""
    if evidence.told is None or not candidate:
        return []
    warm_from = min(item.interval for item in candidate)
    return compared_by_version(plan, evidence.told, warm_from=warm_from, alpha=_alpha(plan))


def _limited(
    plan: ReleasePlan,
    evidence: FleetEvidence,
    *,
    candidate: Sequence[FleetCounts],
    alone: Sequence[FleetCounts],
) -> list[_Found]:
    """Where nothing is compared; of latency that is everywhere, unless the log tells versions."""
    found: list[_Found] = []
    for limit in fixed_limits(plan, evidence.baseline):
        everywhere = limit.metric is Metric.LATENCY and evidence.told is None
        seen = measured(limit, candidate if everywhere else alone)
        proof = seen.evidence(alpha=_alpha(plan))
        # The same metric may be compared too: people have to tell the two apart.
        named = replace(proof, claim=Claim.LIMIT)
        found.append((named, seen.broken(proof) if proof.reached else ""))
    return found


def _alpha(plan: ReleasePlan) -> float:
    """Each metric has its part of the budget, half of it for either kind of interval."""
    return plan.alpha / (2 * len(plan.guardrails))


def _kind(found: Sequence[_Found], served: int) -> VerdictKind:
    if any(why for _, why in found):
        return VerdictKind.ROLL_BACK
    return VerdictKind.CONTINUE if served > 0 else VerdictKind.HOLD


def _reason(
    found: Sequence[_Found],
    candidate: Sequence[FleetCounts],
    alone: Sequence[FleetCounts],
    pairs: Sequence[object],
) -> str:
    broken = [(proof.log_evidence, why) for proof, why in found if why]
    if broken:
        return max(broken)[1]
    if not candidate:
        return "hold because nothing that the candidate served counts yet"
    return (
        f"continue because no harm is proven: {len(pairs)} intervals compared with the live fleet, "
        f"and {thousands(totals(alone).requests)} requests that only the candidate served measured "
        "against fixed limits, of which no more is claimed than that"
    )
