"""What the plan's error budget and length mean for each claim about each metric."""

import math
from dataclasses import dataclass

from tidegate.intervals import INTERVAL_SECONDS
from tidegate.judge.state import MetricState
from tidegate.plan import ReleasePlan

LEAST_CANDIDATE_TRIALS = 30
"""Comparable candidate trials a metric needs before the judge says more than `hold`."""

SHORTEST_WATCH_INTERVALS, LONGEST_WATCH_INTERVALS = 20, 240


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How much evidence a claim needs, and how fast money is staked on a late turn for the worse.

    alpha is shared equally by the guardrail metrics (union bound); each of them must be shown safe,
    so each may use all of beta (intersection-union).
    """

    log_harm: float
    log_safe: float
    restart_rate: float

    @classmethod
    def of(cls, plan: ReleasePlan) -> "Limits":
        """The limits of a plan."""
        seconds = sum(step.bake_seconds for step in plan.steps) + plan.hold_seconds
        intervals = seconds / INTERVAL_SECONDS
        watch = min(max(intervals, SHORTEST_WATCH_INTERVALS), LONGEST_WATCH_INTERVALS)
        return cls(
            log_harm=math.log(len(plan.guardrails) / plan.alpha),
            log_safe=-math.log(plan.beta),
            restart_rate=1 / watch,
        )

    def harmful(self, state: MetricState) -> bool:
        """Whether harm to this metric is proven."""
        return state.harm.log_evidence >= self.log_harm

    def safe(self, state: MetricState) -> bool:
        """Whether this metric is proven to stay within its margin."""
        return state.safe.log_evidence >= self.log_safe
