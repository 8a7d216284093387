"""What SageMaker's deployment guardrails ask of a plan. Pure, and knows plans by their numbers.

Limits: DeploymentConfig, TrafficRoutingConfig and RollingUpdatePolicy in SageMaker's API reference.
"""

import math
from collections.abc import Sequence

from tidegate.strategies import Strategy

LONGEST_BAKE_SECONDS = 3_600
"""WaitIntervalInSeconds."""

LONGEST_SECONDS = 28_800
"""MaximumExecutionTimeoutInSeconds."""

FLEET_SECONDS = 3_600
"""What is kept of the maximum for starting and stopping instances."""

LARGEST_FIRST_PERCENT = 50
LEAST_LINEAR_PERCENT = 10


def course_faults(
    strategy: Strategy, shares: Sequence[int], bakes: Sequence[int]
) -> tuple[str, ...]:
    """Why SageMaker cannot move traffic so: a sentence each."""
    faults = list(_share_faults(strategy, shares))
    longest = max(bakes, default=0)
    if longest > LONGEST_BAKE_SECONDS:
        faults.append(
            f"bake_seconds by guardrail is at most {LONGEST_BAKE_SECONDS} (WaitIntervalInSeconds), "
            f"got {longest}: use mechanism weights for longer steps"
        )
    waits = shifts(strategy, shares) * longest
    if waits > LONGEST_SECONDS - FLEET_SECONDS:
        faults.append(
            f"bake_seconds of all shifts by guardrail are {waits} together, at most "
            f"{LONGEST_SECONDS - FLEET_SECONDS}: SageMaker ends an update after {LONGEST_SECONDS} s"
        )
    return tuple(faults)


def _share_faults(strategy: Strategy, shares: Sequence[int]) -> tuple[str, ...]:
    first = min(shares, default=0)
    if strategy is Strategy.CANARY and (len(shares) != 1 or first > LARGEST_FIRST_PERCENT):
        return (
            (
                f"steps of canary by guardrail are one of at most {LARGEST_FIRST_PERCENT} percent, "
                f"got {tuple(shares)}: SageMaker moves the rest at once; use mechanism weights for "
                "more"
            ),
        )
    if strategy is Strategy.LINEAR and first < LEAST_LINEAR_PERCENT:
        return (
            (
                f"a step of linear by guardrail is at least {LEAST_LINEAR_PERCENT} percent "
                f"(LinearStepSize), got {first}: use mechanism weights for smaller ones"
            ),
        )
    return ()


def shifts(strategy: Strategy, shares: Sequence[int]) -> int:
    """How often SageMaker moves traffic and waits: after the last shift, to everything, too."""
    return 1 if strategy is Strategy.BIG_BANG else len(shares) + 1


def batch_instances(share_percent: int, *, instances: int) -> int:
    """The instances that a rolling step is worth, from its share in whole percents."""
    return max(1, math.floor(share_percent * instances / 100 + 0.5))
