"""Evidence of versions that name themselves: latencies and outcomes of both fleets, compared.

Only answers have custom attributes. A request that failed names no version, so that errors of the
fleets are still those that CloudWatch counts, by endpoint configuration. Pure.
"""

from collections.abc import Collection, Sequence
from dataclasses import replace

from tidegate.closings import closings
from tidegate.judge import Comparison, JudgeState, judge
from tidegate.observation import Observation
from tidegate.plan import Metric, ReleasePlan
from tidegate.requestlog import UNKNOWN_SLOT
from tidegate.slots import Slot
from tidegate.values import value
from tidegate.verdict import Claim, Evidence, Verdict, VerdictKind
from tidegate.words import thousands

COMPARISON = Comparison(live=Slot.BLUE.value, candidate=Slot.GREEN.value)

TOLD: Collection[Metric] = (Metric.LATENCY, Metric.OUTCOMES)
"""Guardrails that are judged by what the request log says of each version."""


@value
class Told:
    """What the request log has of a release: cumulative counters, and the last final interval."""

    counters: tuple[Observation, ...]
    closed: int

    @property
    def silent(self) -> int:
        """Answers in closed intervals that named no version of this release."""
        return sum(
            _answered(item)
            for item in self.counters
            if item.key.slot == UNKNOWN_SLOT and item.key.interval <= self.closed
        )

    @property
    def answered(self) -> int:
        """All answers in closed intervals."""
        return sum(_answered(item) for item in self.counters if item.key.interval <= self.closed)


def _answered(item: Observation) -> int:
    return item.requests - item.errors


def compared_by_version(
    plan: ReleasePlan, told: Told, *, warm_from: int, alpha: float
) -> list[tuple[Evidence, str]]:
    """Evidence of harm in latency and outcomes, each with the reason if it is proven.

    `alpha` is one metric's part of the error budget. What was served before interval `warm_from`
    was served by a cold fleet and says nothing.
    """
    guardrails = tuple(g for g in plan.guardrails if g.metric in TOLD)
    if not guardrails:
        return []
    watched = replace(plan, guardrails=guardrails, alpha=alpha * len(guardrails))
    warm = [
        item
        for item in told.counters
        if item.key.interval >= warm_from and item.key.slot != UNKNOWN_SLOT
    ]
    verdict = _last_word(watched, warm, through=told.closed)
    if verdict is None:
        return []
    why = verdict.reason if verdict.kind is VerdictKind.ROLL_BACK else ""
    harm = [item for item in verdict.evidence if item.claim is Claim.HARM]
    return [(item, why if item.reached else "") for item in harm]


def _last_word(
    plan: ReleasePlan, counters: Sequence[Observation], *, through: int
) -> Verdict | None:
    """The judge's verdict after every closing in turn, or at the one that proved harm."""
    state, verdict = JudgeState.initial(plan), None
    for _, increments in closings(
        counters,
        through=through,
        outcome_window_seconds=plan.outcome_window_seconds,
        kind=plan.outcome_kind,
    ):
        state, verdict = judge(plan, COMPARISON, state, increments)
        if verdict.kind is VerdictKind.ROLL_BACK:
            break
    return verdict


def silence(told: Told) -> str | None:
    """Why nothing can be said of outcomes, in a sentence; None where every answer was named."""
    silent = told.silent
    if silent == 0:
        return None
    return (
        f"hold because {thousands(silent)} of {thousands(told.answered)} answers did not name a "
        "version of this release, though echoes_version says that the container does: let it set "
        "the custom attribute, deploy that once without another version, then release"
    )


def is_silent(verdict: Verdict | None) -> bool:
    """Whether a verdict holds for silence: a hold for want of requests has none of them."""
    if verdict is None or verdict.kind is not VerdictKind.HOLD:
        return False
    return verdict.candidate_requests + verdict.live_requests > 0
