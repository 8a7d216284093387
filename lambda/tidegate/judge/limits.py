"""What the plan's error budget and length mean for each claim about each metric."""

import math
from collections.abc import Mapping

from tidegate.intervals import INTERVAL_SECONDS
from tidegate.judge.harm import WEIGHTS, Budget
from tidegate.judge.state import MetricState
from tidegate.plan import Metric, ReleasePlan
from tidegate.values import value

LEAST_CANDIDATE_TRIALS = 30
"""Comparable candidate trials a metric needs before the judge says more than `hold`."""


@value
class Limits:
    """How much evidence a claim needs.

    alpha is shared by the guardrail metrics (union bound); each of them must be shown safe, so each
    may use all of beta (intersection-union).
    """

    budgets: Mapping[Metric, Budget]
    log_safe: float

    @classmethod
    def of(cls, plan: ReleasePlan) -> "Limits":
        """The limits of a plan."""
        seconds = sum(step.bake_seconds for step in plan.steps) + plan.hold_seconds
        whole = sum(WEIGHTS[guardrail.metric] for guardrail in plan.guardrails)
        # The other half is for fixed limits, where the candidate serves alone.
        alpha = plan.alpha / 2 if plan.held_to_limits else plan.alpha
        return cls(
            budgets={
                guardrail.metric: Budget(
                    alpha=alpha * WEIGHTS[guardrail.metric] / whole,
                    minutes=seconds / INTERVAL_SECONDS,
                )
                for guardrail in plan.guardrails
            },
            log_safe=-math.log(plan.beta),
        )

    def safe(self, state: MetricState) -> bool:
        """Whether this metric is proven to stay within its margin."""
        return state.log_safety >= self.log_safe
