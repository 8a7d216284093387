"""What keeps groups as they are to be: instances are launched, attached, given up and ended.

Source: EC2 Auto Scaling user guide, "Instance lifecycle", "Health checks for instances in an Auto
Scaling group" and, for what goes first, "Default termination policy".
"""

import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from emulator.ec2.machines import Launch
from emulator.ec2.operations import activity
from emulator.ec2.refreshing import decide, note
from emulator.ec2.state import IN_SERVICE, TERMINATING, UNHEALTHY, Group, Instance, Store
from emulator.seams import instances as seam
from emulator.seams import tenancy
from emulator.seams.trust import trusts_service

PENDING_SECONDS = 30.0
"""From the launch until an instance runs, on the cloud's clock; on AWS about as long."""
RETRY_SECONDS = 60.0
PRINCIPAL = "ec2.amazonaws.com"


class TargetGroups(Protocol):
    """Target groups of load balancing."""

    def knows(self, group_arn: str) -> bool:
        """Whether there is such a target group."""

    def register(self, group_arn: str, instance_id: str) -> None:
        """The instance is a target of the group."""

    def deregister(self, group_arn: str, instance_id: str) -> None:
        """The instance gets nothing new of the group."""

    def unhealthy(self, group_arn: str, instance_id: str) -> bool:
        """Whether the group's health checks have given the instance up."""

    def drain_seconds(self, group_arn: str) -> float:
        """How long a target that leaves may finish what is under way."""


class Instances(Protocol):
    """What instances do."""

    def start(self, launch: Launch) -> None:
        """The instance runs, and does what its user data says."""

    def end(self, instance_id: str, *, drain_seconds: float) -> None:
        """The instance takes nothing new, and is gone after that long."""


class LaunchError(Exception):
    """An instance that can't be launched; the message is the activity's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Engine:
    """Looks after all groups; call `tick` again and again, on the event loop."""

    store: Store
    targets: TargetGroups
    machines: Instances
    now: Callable[[], float]

    def tick(self) -> None:
        """Every group is one step nearer to what it is to be."""
        for key, group in list(self.store.groups.items()):
            self._arrive(group)
            self._give_up(group)
            self._refresh(group)
            gone = [one for one in group.instances if self._is_gone(one)]
            group.instances = [one for one in group.instances if one not in gone]
            if group.deleting and not group.instances:
                del self.store.groups[key]
                group.gone.set()

    def launch(self, group: Group, spec: Mapping[str, Any], *, cause: str) -> Instance:
        """One more instance of the group is pending; LaunchError if it can't be."""
        with tenancy.acting_for(group.tenant.account, group.tenant.region):
            found = seam.launch_data(spec)
            if found is None:
                raise LaunchError(f"The launch template does not exist: {dict(spec)}")
            _role_of(found.data)
        if not str(found.data.get("ImageId", "")).startswith("ami-"):
            raise LaunchError(f"Invalid id: {found.data.get('ImageId', '')!r} (expecting ami-...)")
        instance = Instance(
            instance_id=f"i-{secrets.token_hex(9)[:17]}",
            zone=f"{group.tenant.region}{'ab'[len(group.instances) % 2]}",
            kind=str(found.data.get("InstanceType", "")),
            template={
                "LaunchTemplateId": found.template_id,
                "LaunchTemplateName": found.template_name,
                "Version": found.version,
            },
            launched_at=self.now(),
            protected=group.shape["NewInstancesProtectedFromScaleIn"],
        )
        group.instances.append(instance)
        said = f"Launching a new EC2 instance: {instance.instance_id}"
        activity(group, said, now=self.now(), cause=cause)
        return instance

    def terminate(self, group: Group, instance: Instance, *, cause: str) -> None:
        """The instance leaves its target groups, finishes what is under way, and is gone."""
        drain = max((self.targets.drain_seconds(arn) for arn in instance.registered), default=0.0)
        for arn in instance.registered:
            self.targets.deregister(arn, instance.instance_id)
        self.machines.end(instance.instance_id, drain_seconds=drain)
        instance.state, instance.registered = TERMINATING, frozenset()
        instance.gone_at = self.now() + drain
        said = f"Terminating EC2 instance: {instance.instance_id}"
        activity(group, said, now=self.now(), cause=cause)

    def _arrive(self, group: Group) -> None:
        """What runs is in service, and in the group's target groups."""
        for instance in group.staying:
            ready = self.now() - instance.launched_at >= PENDING_SECONDS
            if instance.state != IN_SERVICE and ready:
                self.machines.start(_started(group, instance))
                instance.state, instance.in_service_at = IN_SERVICE, self.now()
            if instance.state == IN_SERVICE:
                self._attach(group, instance)

    def _attach(self, group: Group, instance: Instance) -> None:
        for arn in group.target_groups - instance.registered:
            if self.targets.knows(arn):
                self.targets.register(arn, instance.instance_id)
                instance.registered |= {arn}
        for arn in instance.registered - group.target_groups:
            self.targets.deregister(arn, instance.instance_id)
            instance.registered -= {arn}

    def _give_up(self, group: Group) -> None:
        """Unhealthy instances are replaced, those that are new only after the grace period."""
        by_balancer = "ELB" in group.shape["HealthCheckType"].split(",")
        grace = group.shape["HealthCheckGracePeriod"] + PENDING_SECONDS
        for instance in group.staying:
            failed = by_balancer and any(
                self.targets.unhealthy(arn, instance.instance_id) for arn in instance.registered
            )
            if failed and self.now() - instance.launched_at >= grace:
                instance.health = UNHEALTHY
            if instance.health == UNHEALTHY:
                cause = "an instance was taken out of service in response to a health check failure"
                self.terminate(group, instance, cause=cause)

    def _refresh(self, group: Group) -> None:
        """A refresh's next step, while it goes on: it also sees to the number of instances."""
        refresh = group.active_refresh
        if refresh is None:
            self._level(group)
            return
        desired = group.shape["DesiredCapacity"]
        step = decide(group.instances, refresh, desired=desired, now=self.now())
        for instance in group.staying:
            if instance.instance_id in step.end:
                self.terminate(group, instance, cause="an instance refresh replaces it")
        cause = "an instance refresh replaces instances"
        self._launch(group, refresh.template, count=step.launch, cause=cause)
        note(group, refresh, step, now=self.now())

    def _level(self, group: Group) -> None:
        missing = group.shape["DesiredCapacity"] - len(group.staying)
        if missing < 0:
            for instance in _going_first(group)[:-missing]:
                self.terminate(group, instance, cause="there are more instances than desired")
        cause = "there are fewer instances than desired"
        self._launch(group, group.shape["LaunchTemplate"], count=missing, cause=cause)

    def _launch(self, group: Group, spec: Mapping[str, Any], *, count: int, cause: str) -> None:
        """So many more are pending, or the first that can't be is told and tried again later."""
        if count <= 0 or self.now() < group.retry_at:
            return
        try:
            for _ in range(count):
                self.launch(group, spec, cause=cause)
        except LaunchError as error:
            group.retry_at = self.now() + RETRY_SECONDS
            failed = f"{error}. Launching EC2 instance failed."
            activity(group, "Launching a new EC2 instance", now=self.now(), failed=failed)

    def _is_gone(self, instance: Instance) -> bool:
        return instance.gone_at is not None and instance.gone_at <= self.now()


def _going_first(group: Group) -> list[Instance]:
    """Those of older versions of the launch template, of one version the oldest.

    Protected ones stay, unless the group itself ends.
    """

    def age(instance: Instance) -> tuple[int, float]:
        return int(instance.template["Version"]), instance.launched_at

    going = (one for one in group.staying if group.deleting or not one.protected)
    return sorted(going, key=age)


def _started(group: Group, instance: Instance) -> Launch:
    spec = {name: instance.template[name] for name in ("LaunchTemplateId", "Version")}
    with tenancy.acting_for(group.tenant.account, group.tenant.region):
        found = seam.launch_data(spec)
        data: Mapping[str, Any] = {} if found is None else found.data
        role = _role_of(data)
    return Launch(
        tenant=group.tenant,
        instance_id=instance.instance_id,
        group=group.name,
        role_arn=role,
        data=data,
    )


def _role_of(data: Mapping[str, Any]) -> str | None:
    """The role of the instance profile that is named, if one is; LaunchError if it can't be it."""
    profile = data.get("IamInstanceProfile")
    if not profile:
        return None
    role = seam.role_in(profile)
    if role is None or not trusts_service(role, PRINCIPAL):
        named = profile.get("Arn", profile.get("Name", ""))
        raise LaunchError(f"Invalid IAM Instance Profile: {named}")
    return role
