"""The arithmetic of rolling updates: which batch comes first, what a rollback gives back. Pure.

A rolling update takes one production variant. Its new fleet grows by a batch, gets the traffic of
that many instances, bakes, and then the old fleet loses as many (developer guide, "Use rolling
deployments"); a rollback gives instances back to the old fleet before their traffic.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace

from emulator.sagemaker.builder import same_processes
from emulator.sagemaker.deployment import ShiftPlan
from emulator.sagemaker.state import PendingUpdate, Planned, Variant


def effective(
    shift: ShiftPlan, planned: tuple[Planned, ...], running: Mapping[str, Variant]
) -> ShiftPlan:
    """The plan to walk: where the processes stay there are no batches, only their waits."""
    kept = any(p.name in running and same_processes(running[p.name], p) for p in planned)
    if not shift.rolls or not kept:
        return shift
    return replace(shift, steps=tuple(replace(step, instances=None) for step in shift.steps))


def first_batch(shift: ShiftPlan, planned: tuple[Planned, ...]) -> tuple[Planned, ...]:
    """What is built before the first step: everything, or the first batch of it."""
    instances = shift.steps[0].instances
    if instances is None:
        return planned
    return tuple(replace(plan, instance_count=instances) for plan in planned)


def given_back(shift: ShiftPlan, *, left: int, count: int) -> Iterator[int]:
    """How many instances the old fleet has after each batch of a rollback."""
    batch = count if shift.rollback_batch is None else shift.rollback_batch
    have = left
    while have < count:
        have = min(count, have + batch)
        yield have


def complete(pending: PendingUpdate) -> tuple[Variant, ...]:
    """The new variants once the update is over: all their instances are there."""
    counts = {plan.name: plan.instance_count for plan in pending.planned}
    return tuple(
        replace(
            variant,
            instance_count=counts[variant.name],
            desired_instance_count=counts[variant.name],
        )
        for variant in pending.variants
    )
