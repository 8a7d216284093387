"""What a DeploymentConfig asks for, as steps that a transition can walk. Pure.

Limits and meanings are those of the API reference of DeploymentConfig and of the developer guide's
pages on deployment guardrails (blue/green all at once, canary, linear; rolling in batches).
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from emulator.sagemaker import errors


@dataclass(frozen=True, slots=True, kw_only=True)
class ShiftStep:
    """`share` of the traffic is on the new fleet, then nothing moves for `bake_seconds`.

    `instances` is how many the new fleet has in a rolling update, the old one having the rest; None
    where the new fleet is complete before anything moves.
    """

    share: float
    bake_seconds: float
    instances: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ShiftPlan:
    """How an update moves traffic, what may stop it, and when the old fleet goes.

    `rollback_batch` is how many instances a rolling update gives back to the old fleet at once.
    """

    steps: tuple[ShiftStep, ...]
    alarms: tuple[str, ...] = ()
    termination_wait_seconds: float = 0.0
    rollback_batch: int | None = None

    @property
    def rolls(self) -> bool:
        """Whether the new fleet grows batch by batch, while the old one shrinks."""
        return self.steps[0].instances is not None


ALL_AT_ONCE = ShiftPlan(steps=(ShiftStep(share=1.0, bake_seconds=0.0),))


def plan_of(config: Mapping[str, Any] | None, instance_counts: Sequence[int]) -> ShiftPlan:
    """The plan that `config` describes for variants of these sizes; an error if it is not legal."""
    if config is None:
        return ALL_AT_ONCE
    policy, rolling = config.get("BlueGreenUpdatePolicy"), config.get("RollingUpdatePolicy")
    alarms = _alarms(config)
    if rolling is not None:
        if policy is not None:
            raise errors.validation(
                "Only one of BlueGreenUpdatePolicy and RollingUpdatePolicy can be specified."
            )
        return _rolling_plan(rolling, instance_counts, alarms)
    if policy is None:
        return ShiftPlan(steps=ALL_AT_ONCE.steps, alarms=alarms)
    plan = ShiftPlan(
        steps=_steps(policy["TrafficRoutingConfiguration"], instance_counts),
        alarms=alarms,
        termination_wait_seconds=float(policy.get("TerminationWaitInSeconds", 0)),
    )
    _check_timeout(policy, plan)
    return plan


def _check_timeout(policy: Mapping[str, Any], plan: ShiftPlan) -> None:
    """The waits fit into the maximum; an update is not cut off here when its fleets are slow."""
    limit = policy.get("MaximumExecutionTimeoutInSeconds")
    waits = sum(step.bake_seconds for step in plan.steps) + plan.termination_wait_seconds
    if limit is not None and waits >= limit:
        raise errors.validation(
            f"MaximumExecutionTimeoutInSeconds must be larger than all waits together "
            f"({waits:g} s), got {limit}."
        )


def _rolling_plan(
    policy: Mapping[str, Any], counts: Sequence[int], alarms: tuple[str, ...]
) -> ShiftPlan:
    """Batches of at most half the fleet; traffic follows the instances."""
    if len(counts) != 1:
        raise errors.validation(
            f"Rolling updates need an endpoint of one production variant, got {len(counts)}."
        )
    count, wait = counts[0], float(policy["WaitIntervalInSeconds"])
    batch = _batch(policy["MaximumBatchSize"], "MaximumBatchSize", count, _BATCH_SHARES)
    done = [*range(batch, count, batch), count]
    back = policy.get("RollbackMaximumBatchSize")
    plan = ShiftPlan(
        steps=tuple(ShiftStep(share=n / count, bake_seconds=wait, instances=n) for n in done),
        alarms=alarms,
        rollback_batch=(
            count if back is None else _batch(back, "RollbackMaximumBatchSize", count, (0.05, 1.0))
        ),
    )
    _check_timeout(policy, plan)
    return plan


_BATCH_SHARES = (0.05, 0.5)


def _batch(size: Mapping[str, Any], member: str, count: int, limits: tuple[float, float]) -> int:
    """The size in whole instances, at least one. How AWS rounds a share is not known."""
    least, most = limits
    value = float(size["Value"])
    share = value / 100.0 if size["Type"] == "CAPACITY_PERCENT" else value / count
    batch = max(1, math.floor(share * count + 1e-9))
    if not least <= share <= most or batch > most * count:
        raise errors.validation(
            f"{member} must be {least:.0%} to {most:.0%} of the variant's {count} instances, "
            f"got {size['Value']} {size['Type']}."
        )
    return batch


def _alarms(config: Mapping[str, Any]) -> tuple[str, ...]:
    rollback = config.get("AutoRollbackConfiguration")
    listed = [] if rollback is None else rollback.get("Alarms", [])
    return tuple(alarm["AlarmName"] for alarm in listed)


def _steps(routing: Mapping[str, Any], counts: Sequence[int]) -> tuple[ShiftStep, ...]:
    wait = float(routing["WaitIntervalInSeconds"])
    if routing["Type"] == "ALL_AT_ONCE":
        return (ShiftStep(share=1.0, bake_seconds=wait),)
    if routing["Type"] == "CANARY":
        first = _share(routing, "CanarySize", counts)
        return tuple(ShiftStep(share=share, bake_seconds=wait) for share in (first, 1.0))
    step = _share(routing, "LinearStepSize", counts)
    count = math.ceil(round(1.0 / step, 9))
    shares = [min(1.0, step * position) for position in range(1, count + 1)]
    return tuple(ShiftStep(share=share, bake_seconds=wait) for share in shares)


def _share(routing: Mapping[str, Any], member: str, counts: Sequence[int]) -> float:
    size = routing.get(member)
    if size is None:
        raise errors.validation(f"{member} is required for traffic routing type {routing['Type']}.")
    if size["Type"] == "CAPACITY_PERCENT":
        share = float(size["Value"]) / 100.0
    else:
        share = max(float(size["Value"]) / count for count in counts)
    floor = 0.1 if member == "LinearStepSize" else 0.0
    if not floor <= share <= 0.5:
        raise errors.validation(
            f"{member} must be at most 50 percent of the variant's instance count"
            f"{' and at least 10 percent' if floor else ''}, got {share:.0%}."
        )
    return share
