"""What scaling policies ask for, from a metric and a capacity. Pure.

Sources: Application Auto Scaling user guide, "Step scaling policies" and "Target tracking scaling
policies". When AWS's own alarms of a tracked metric fire is not documented there; three minutes
above and fifteen minutes a tenth below the target are what they are seen to be made with.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

OUT_MINUTES, IN_MINUTES = 3, 15
_LOW = 0.9
COOLDOWN_SECONDS = 300.0
"""Where a policy says none (SageMaker, both kinds)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """The least and the greatest capacity of a scalable target."""

    least: int
    most: int

    def within(self, capacity: int) -> int:
        """The capacity, brought between them."""
        return max(self.least, min(self.most, capacity))


@dataclass(frozen=True, slots=True, kw_only=True)
class Tracked:
    """A metric's one-minute values, the newest last; None where a minute had no data."""

    values: Sequence[float | None]
    target: float

    def wanted(self, current: int) -> int:
        """The capacity that brings the metric to its target; the current one if nothing does."""
        recent = [v for v in self.values[-OUT_MINUTES:] if v is not None]
        if len(recent) == OUT_MINUTES and min(recent) > self.target:
            return max(current + 1, math.ceil(current * recent[-1] / self.target))
        calm = [v for v in self.values[-IN_MINUTES:] if v is not None]
        if len(calm) == IN_MINUTES and max(calm) < _LOW * self.target:
            return min(current, math.ceil(current * calm[-1] / self.target))
        return current


def stepped(policy: Mapping[str, Any], *, beyond: float, current: int) -> int:
    """The capacity after the step that the metric's distance from the threshold falls into."""
    kind = policy["AdjustmentType"]
    for step in policy.get("StepAdjustments", ()):
        low = float(step.get("MetricIntervalLowerBound", -math.inf))
        high = float(step.get("MetricIntervalUpperBound", math.inf))
        if low <= beyond < high:
            change = int(step["ScalingAdjustment"])
            if kind == "ExactCapacity":
                return change
            if kind == "ChangeInCapacity":
                return current + change
            return current + _percent(policy, change, current)
    return current


def _percent(policy: Mapping[str, Any], percent: int, current: int) -> int:
    """Rounded away from zero below one, towards it above; at least the least magnitude."""
    exact = current * percent / 100
    whole = math.copysign(max(1, math.floor(abs(exact))), exact) if exact else 0
    least = int(policy.get("MinAdjustmentMagnitude", 0))
    return int(math.copysign(max(abs(whole), least), percent)) if percent else 0
