"""Fleets of one group, whose instances are replaced by instance refreshes of EC2 Auto Scaling.

Which version an instance runs is said by its launch template; each slot has one, and a port of its
own, so that only the slot's instances answer at the slot's target group. A step protects from
scale-in the instances that are to stay, and starts a refresh that leaves protected ones alone and
skips those that match (EC2 Auto Scaling user guide, "Use an instance refresh with skip matching";
RefreshPreferences in its API reference). So which instances are replaced is decided here, not by a
percentage, whose meaning with skip matching AWS does not document.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from tidegate.ec2 import FIRST_VERSION, instances_for, rolling_group, templates_in
from tidegate.errors import ConflictError, DeployRefusedError, InstancesFailedError, NotFoundError
from tidegate.ports import EndpointState
from tidegate_aws.errors import code_of
from tidegate_aws.fleet_shares import HEALTHY, POLL_SECONDS, PausingClock, target_states
from tidegate_aws.managed_shares import ManagedShares

_ALL = 100
_UNDER_WAY = frozenset({"Pending", "InProgress", "Cancelling"})
_IN_PROGRESS = "InstanceRefreshInProgress"
_PREFERENCES = {
    # A new instance is there before an old one goes.
    "MinHealthyPercentage": 100,
    "MaxHealthyPercentage": 200,
    "SkipMatching": True,
    "ScaleInProtectedInstances": "Ignore",
    "StandbyInstances": "Ignore",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Crowd:
    """One group: its name and size, and its instances by id with their launch template's name.

    `starting` are those that are not in service yet, `kept` those protected from scale-in,
    `healthy` those that answer, `checked` those that were asked long enough to know.
    """

    group: str
    size: int
    template: str
    """The launch template that the group itself names."""
    running: Mapping[str, str]
    starting: frozenset[str]
    kept: frozenset[str]
    healthy: frozenset[str]
    checked: frozenset[str]

    def of(self, template: str) -> list[str]:
        """The instances started from this launch template, by id."""
        return sorted(one for one, made_of in self.running.items() if made_of == template)

    def others(self, template: str) -> list[str]:
        """The other instances."""
        return sorted(one for one, made_of in self.running.items() if made_of != template)

    def answering(self, template: str) -> int:
        """How many instances of this launch template answer."""
        return len(self.healthy.intersection(self.of(template)))

    def failed(self, template: str) -> list[str]:
        """The instances of this launch template that are known not to answer, by id."""
        return [one for one in self.of(template) if one in self.checked - self.healthy]


@dataclass(frozen=True, slots=True, kw_only=True)
class RollingFleets:
    """Port `Endpoints` over the release table and the one group of instances that it names."""

    shares: ManagedShares
    autoscaling: Callable[[], Any]
    balancing: Callable[[], Any]

    def read(self, endpoint_name: str) -> EndpointState:
        """The slots with their shares; NotFoundError for an unknown fleet.

        Each slot has as many instances as answer, and may have the whole group's number.
        """
        kept = self.shares.read(endpoint_name)
        crowd = self.crowd(kept.config_name)
        if crowd is None:
            return replace(kept, config_name="")
        named = templates_in(kept.config_name)
        return replace(
            kept,
            variants={
                slot: replace(
                    variant,
                    current_instances=crowd.answering(named.get(slot, "")),
                    desired_instances=crowd.size,
                )
                for slot, variant in kept.variants.items()
            },
        )

    def set_weights(self, endpoint_name: str, shares: dict[str, int]) -> None:
        """Each slot has its share, at once; instances are another matter (`wake`)."""
        self.shares.set_weights(endpoint_name, shares)

    def wake(self, endpoint_name: str, slot: str, *, share: int) -> None:
        """Instances of other versions are being replaced until the slot has those for its share.

        At 100 percent all of them have been replaced. ConflictError until then, and while another
        refresh is under way, which is cancelled if it makes instances of another slot.
        InstancesFailedError where instances had all their time and do not answer.
        """
        config = self.shares.read(endpoint_name).config_name
        crowd = self.crowd(config)
        if crowd is None:
            raise NotFoundError(f"no group of instances {rolling_group(config)}")
        wanted = crowd.size if share >= _ALL else instances_for(share, size=crowd.size)
        self._bring(crowd, templates_in(config).get(slot, ""), wanted)

    def declare(self, endpoint_name: str, config: str, slots: Collection[str], live: str) -> None:
        """The slots are those that were deployed; shares of slots that stay are kept.

        New instances start from the live version, whatever CloudFormation told the group before it
        went back to an earlier template.
        """
        crowd, template = self.crowd(config), templates_in(config)[live]
        if crowd is not None and crowd.template != template:
            self.autoscaling().update_auto_scaling_group(
                AutoScalingGroupName=crowd.group, LaunchTemplate=_launch(template)
            )
        self.shares.declare(endpoint_name, config, slots, live)

    def await_instances(
        self, config: str, live: str, *, clock: PausingClock, seconds: float
    ) -> None:
        """All instances of the group run the live version and answer; else DeployRefusedError.

        Those that started from something else are replaced: by a deploy that changes what instances
        are, and after one that was taken back. Until then nothing was declared.
        """
        deadline = clock.now() + seconds
        template = templates_in(config)[live]
        while True:
            crowd = self.crowd(config)
            if crowd is not None and self._is_whole(crowd, template):
                return
            if clock.now() >= deadline:
                raise DeployRefusedError(_late(config, crowd, template, seconds))
            clock.pause(POLL_SECONDS)

    def crowd(self, config: str) -> Crowd | None:
        """The instances of a configuration's group; None where there is no such group."""
        name = rolling_group(config)
        answer = self.autoscaling().describe_auto_scaling_groups(AutoScalingGroupNames=[name])
        if not answer["AutoScalingGroups"]:
            return None
        (group,) = answer["AutoScalingGroups"]
        states = target_states(self.balancing(), group)
        instances = [one for one in group["Instances"] if one["LifecycleState"] in _STAYING]
        return Crowd(
            group=name,
            size=int(group["DesiredCapacity"]),
            template=group.get("LaunchTemplate", {}).get("LaunchTemplateName", ""),
            running={
                one["InstanceId"]: one.get("LaunchTemplate", {}).get("LaunchTemplateName", "")
                for one in instances
            },
            starting=_ids(instances, lambda one: one["LifecycleState"] == _PENDING),
            kept=_ids(instances, lambda one: one["ProtectedFromScaleIn"]),
            healthy=frozenset(one for one, said in states.items() if HEALTHY in said),
            checked=frozenset(one for one, said in states.items() if said <= _CHECKED),
        )

    def _bring(self, crowd: Crowd, template: str, wanted: int) -> None:
        """Instances of other templates are being replaced until so many are of this one.

        What makes instances of another one is ended also where none of them is there yet. Where
        all are wanted, ConflictError until nothing is under way: CloudFormation must not change a
        group that is being refreshed.
        """
        others = crowd.others(template)
        staying = others[: crowd.size - wanted]
        begun = not self._is_free(crowd, template, staying)
        if not begun and len(others) > len(staying):
            if crowd.starting.intersection(staying):
                raise ConflictError(f"instances of {crowd.group} start: none can be protected yet")
            self._protect(crowd, staying)
            self._replace(crowd, template)
            begun = True
        if begun and wanted == crowd.size:
            raise ConflictError(f"instances of {crowd.group} are being replaced by {template}")
        failed = () if begun else crowd.failed(template)
        if failed:
            every = len(crowd.of(template))
            raise InstancesFailedError(
                f"{len(failed)} of {every} instances of {template} started and do not answer "
                "/ping: read the container's log"
            )

    def _is_whole(self, crowd: Crowd, template: str) -> bool:
        """Whether every instance is of this template and answers; what is not, is on its way."""
        try:
            self._bring(crowd, template, crowd.size)
        except (ConflictError, InstancesFailedError):
            return False
        return crowd.answering(template) >= crowd.size

    def _is_free(self, crowd: Crowd, template: str, staying: Sequence[str]) -> bool:
        """Whether no refresh is under way; False also where one does what is wanted.

        ConflictError while another one is under way.
        """
        found = self.autoscaling().describe_instance_refreshes(
            AutoScalingGroupName=crowd.group, MaxRecords=1
        )
        newest = next(iter(found["InstanceRefreshes"]), None)
        if newest is None or newest["Status"] not in _UNDER_WAY:
            return True
        desired = newest.get("DesiredConfiguration", {}).get("LaunchTemplate", {})
        wanted = desired.get("LaunchTemplateName", "")
        if wanted == template and crowd.kept.intersection(crowd.others(template)) == set(staying):
            return False
        if wanted != template and newest["Status"] != "Cancelling":
            self.autoscaling().cancel_instance_refresh(AutoScalingGroupName=crowd.group)
        raise ConflictError(f"instances of {crowd.group} are being replaced by {wanted}")

    def _protect(self, crowd: Crowd, staying: Sequence[str]) -> None:
        """Exactly these instances are protected from scale-in."""
        for ids, protected in (
            (sorted(set(staying) - crowd.kept), True),
            (sorted(crowd.kept - set(staying)), False),
        ):
            for start in range(0, len(ids), _IDS_A_CALL):
                self.autoscaling().set_instance_protection(
                    AutoScalingGroupName=crowd.group,
                    InstanceIds=ids[start : start + _IDS_A_CALL],
                    ProtectedFromScaleIn=protected,
                )

    def _replace(self, crowd: Crowd, template: str) -> None:
        client = self.autoscaling()
        try:
            client.start_instance_refresh(
                AutoScalingGroupName=crowd.group,
                DesiredConfiguration={"LaunchTemplate": _launch(template)},
                Preferences=_PREFERENCES,
            )
        except client.exceptions.ClientError as error:
            if code_of(error) != _IN_PROGRESS:
                raise
            raise ConflictError(f"instances of {crowd.group} are being replaced") from error


_PENDING = "Pending"
_CHECKED = frozenset({HEALTHY, "unhealthy"})
"""DescribeTargetHealth, API reference: before, a target is `initial`."""
_STAYING = frozenset({_PENDING, "InService"})
_IDS_A_CALL = 50
"""SetInstanceProtection, API reference."""


def _ids(
    instances: Sequence[Mapping[str, Any]], fits: Callable[[Mapping[str, Any]], bool]
) -> frozenset[str]:
    return frozenset(one["InstanceId"] for one in instances if fits(one))


def _launch(template: str) -> dict[str, str]:
    return {"LaunchTemplateName": template, "Version": FIRST_VERSION}


def _late(config: str, crowd: Crowd | None, template: str, seconds: float) -> str:
    if crowd is None:
        return f"there is no group {rolling_group(config)}"
    return (
        f"after {seconds:.0f} s {crowd.answering(template)} of {crowd.size} instances of "
        f"{crowd.group} run {template} and answer /ping: read the container's log and the group's "
        "activities, or raise hosting.ec2.start_timeout"
    )
