"""Shares of a fleet's slots, kept in the release table, and the instances that really serve them.

Instances are read from EC2 Auto Scaling, and from the target groups of their groups whether they
answer: a group counts an instance as healthy long before its container does.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol

from tidegate.ec2 import groups_in
from tidegate.errors import DeployRefusedError
from tidegate.ports import Clock, EndpointState, VariantState
from tidegate.resting import Crew
from tidegate_aws.managed_shares import ManagedShares

HEALTHY = "healthy"
POLL_SECONDS = 10


class PausingClock(Clock, Protocol):
    """A clock that can be waited for."""

    def pause(self, seconds: float) -> None:
        """So many seconds of the cloud have passed."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Manned:
    """A group of instances: how many it should have, and which of them answer."""

    desired: int
    healthy: int

    @property
    def ready(self) -> bool:
        """Whether all of its instances answer; one that sleeps has none, and wakes when asked."""
        return self.healthy >= self.desired


@dataclass(frozen=True, slots=True, kw_only=True)
class FleetShares:
    """Port `Endpoints` over the release table and the groups of instances that it names."""

    shares: ManagedShares
    autoscaling: Callable[[], Any]
    balancing: Callable[[], Any]

    def read(self, endpoint_name: str) -> EndpointState:
        """The slots with their shares and instances; NotFoundError for an unknown fleet.

        The configuration read back names only groups that exist.
        """
        kept = self.shares.read(endpoint_name)
        groups = groups_in(kept.config_name)
        manned = self.manned(groups)
        there = {slot: group for slot, group in groups.items() if slot in manned}
        return replace(
            kept,
            config_name=" ".join(f"{slot}={group}" for slot, group in sorted(there.items())),
            variants={slot: _variant(v, manned.get(slot)) for slot, v in kept.variants.items()},
        )

    def set_weights(self, endpoint_name: str, shares: dict[str, int]) -> None:
        """Each slot has its share, at once; zero stays zero."""
        self.shares.set_weights(endpoint_name, shares)

    def wake(self, endpoint_name: str, slot: str, *, share: int) -> None:
        """The slot is asked to have its instances, if it sleeps: all, whatever its share."""
        del share
        self.rouse(endpoint_name, slot)

    def rouse(self, endpoint_name: str, slot: str) -> bool:
        """As `wake`, and whether the slot slept."""
        name = groups_in(self.shares.read(endpoint_name).config_name).get(slot, "")
        asleep = [group for group in self._groups([name]) if group["DesiredCapacity"] == 0]
        for group in asleep:
            self._resize(name, int(group["MaxSize"]))
        return bool(asleep)

    def crew(self, endpoint_name: str) -> Crew:
        """The groups of a fleet; one that was never deployed has none."""
        names = list(groups_in(self.shares.read(endpoint_name).config_name).values())
        groups = self._groups(names)
        made = [group["CreatedTime"].timestamp() for group in groups]
        return Crew(
            since=max(made, default=None),
            awake=any(group["DesiredCapacity"] > 0 for group in groups),
        )

    def rest(self, endpoint_name: str) -> None:
        """All groups of the fleet are asked to have no instance."""
        for name in groups_in(self.shares.read(endpoint_name).config_name).values():
            self._resize(name, 0)

    def declare(self, endpoint_name: str, config: str, slots: Collection[str], live: str) -> None:
        """The slots are those that were deployed; shares of slots that stay are kept."""
        self.shares.declare(endpoint_name, config, slots, live)

    def forget(self, endpoint_name: str) -> None:
        """Nothing is known of the fleet."""
        self.shares.forget(endpoint_name)

    def await_instances(self, config: str, *, clock: PausingClock, seconds: float) -> None:
        """All instances of the groups in a configuration answer; DeployRefusedError if not in time.

        Until then nothing was declared, and whatever serves goes on.
        """
        deadline = clock.now() + seconds
        groups = groups_in(config)
        while True:
            manned = self.manned(groups)
            late = [slot for slot in groups if slot not in manned or not manned[slot].ready]
            if not late:
                return
            if clock.now() >= deadline:
                raise DeployRefusedError(_late(late, groups, manned, seconds))
            clock.pause(POLL_SECONDS)

    def manned(self, groups: Mapping[str, str]) -> Mapping[str, Manned]:
        """What there is of the group of each slot; slots whose group does not exist are left out.

        Instances of a former group may be in the same target group and do not count.
        """
        found = {g["AutoScalingGroupName"]: g for g in self._groups(list(groups.values()))}
        return {slot: self._manned(found[name]) for slot, name in groups.items() if name in found}

    def _groups(self, names: Sequence[str]) -> list[Mapping[str, Any]]:
        if not any(names):
            return []
        answer = self.autoscaling().describe_auto_scaling_groups(AutoScalingGroupNames=list(names))
        found: list[Mapping[str, Any]] = answer["AutoScalingGroups"]
        return found

    def _resize(self, name: str, count: int) -> None:
        self.autoscaling().set_desired_capacity(
            AutoScalingGroupName=name, DesiredCapacity=count, HonorCooldown=False
        )

    def _manned(self, group: Mapping[str, Any]) -> Manned:
        own = {instance["InstanceId"] for instance in group["Instances"]}
        states = target_states(self.balancing(), group)
        healthy = [one for one in own if HEALTHY in states.get(one, ())]
        return Manned(desired=int(group["DesiredCapacity"]), healthy=len(healthy))


def target_states(balancing: Any, group: Mapping[str, Any]) -> Mapping[str, frozenset[str]]:
    """The states of a group's instances in its target groups, by instance."""
    found: dict[str, frozenset[str]] = {}
    for arn in group.get("TargetGroupARNs", []):
        answer = balancing.describe_target_health(TargetGroupArn=arn)
        for one in answer["TargetHealthDescriptions"]:
            known = found.get(one["Target"]["Id"], frozenset())
            found[one["Target"]["Id"]] = known | {one["TargetHealth"]["State"]}
    return found


def _variant(variant: VariantState, manned: Manned | None) -> VariantState:
    if manned is None:
        return replace(variant, current_instances=0, desired_instances=0)
    return replace(variant, current_instances=manned.healthy, desired_instances=manned.desired)


def _late(
    late: Collection[str], groups: Mapping[str, str], manned: Mapping[str, Manned], seconds: float
) -> str:
    told = [
        f"slot {slot}: {manned[slot].healthy} of {manned[slot].desired} instances of "
        f"{groups[slot]} answer /ping"
        if slot in manned
        else f"slot {slot}: there is no group {groups[slot]}"
        for slot in late
    ]
    return (
        f"after {seconds:.0f} s {'; '.join(told)}: read the container's log and the group's "
        "activities, or raise hosting.ec2.start_timeout"
    )
