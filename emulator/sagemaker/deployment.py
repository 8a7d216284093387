"""What a DeploymentConfig asks for, as steps that a transition can walk. Pure.

Limits and meanings are those of the API reference of DeploymentConfig and of the developer guide's
pages on deployment guardrails (blue/green all at once, canary, linear). Rolling updates are
refused, by name, until they are emulated.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from emulator.sagemaker import errors


@dataclass(frozen=True, slots=True, kw_only=True)
class ShiftStep:
    """`share` of the traffic is on the new fleet, then nothing moves for `bake_seconds`."""

    share: float
    bake_seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class ShiftPlan:
    """How an update moves traffic, what may stop it, and when the old fleet goes."""

    steps: tuple[ShiftStep, ...]
    alarms: tuple[str, ...] = ()
    termination_wait_seconds: float = 0.0


ALL_AT_ONCE = ShiftPlan(steps=(ShiftStep(share=1.0, bake_seconds=0.0),))


def plan_of(config: Mapping[str, Any] | None, instance_counts: Sequence[int]) -> ShiftPlan:
    """The plan that `config` describes for variants of these sizes; an error if it is not legal."""
    if config is None:
        return ALL_AT_ONCE
    _refuse_rolling(config)
    policy = config.get("BlueGreenUpdatePolicy")
    alarms = _alarms(config)
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


def _refuse_rolling(config: Mapping[str, Any]) -> None:
    rolling = config.get("RollingUpdatePolicy") is not None
    if rolling and config.get("BlueGreenUpdatePolicy") is not None:
        raise errors.validation(
            "Only one of BlueGreenUpdatePolicy and RollingUpdatePolicy can be specified."
        )
    if rolling:
        raise errors.not_emulated("RollingUpdatePolicy of a DeploymentConfig")


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
