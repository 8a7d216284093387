"""The operations on auto-scaling groups.

What a request names is checked by the service's model before; here by what there is.
"""

import uuid
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from emulator.ec2.errors import ScalingError, invalid, not_emulated
from emulator.ec2.state import CANCELLED, IN_SERVICE, Group, Instance, Json, Store
from emulator.sagemaker.names import Tenant
from emulator.seams import instances as seam
from emulator.seams import tenancy

_DEFAULTS: Json = {
    "DefaultCooldown": 300,
    "HealthCheckType": "EC2",
    "HealthCheckGracePeriod": 0,
    "NewInstancesProtectedFromScaleIn": False,
    "TerminationPolicies": ["Default"],
    "VPCZoneIdentifier": "",
    "TargetGroupARNs": [],
}
"""CreateAutoScalingGroup, API reference."""
_SIZES = ("MinSize", "MaxSize", "DesiredCapacity")
_WARMUP = "DefaultInstanceWarmup"
_TAKEN = frozenset({*_DEFAULTS, *_SIZES, _WARMUP, "AutoScalingGroupName", "LaunchTemplate", "Tags"})
_TAG_FILTER = "tag:"
_HEALTH_TYPES = frozenset({"EC2", "ELB"})
_PROTECTED_AT_ONCE = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupOperations:
    """Makes, shows, changes and deletes groups; `wake` has the engine look at once."""

    store: Store
    knows_target_group: Callable[[str], bool]
    now: Callable[[], float]

    def create(self, tenant: Tenant, request: Mapping[str, Any]) -> Json:
        """The group exists and will have its number of instances."""
        name = request["AutoScalingGroupName"]
        if (tenant, name) in self.store.groups:
            raise ScalingError(
                "AlreadyExists", f"AutoScalingGroup by this name already exists - {name}"
            )
        _refuse_ignored(request)
        if "LaunchTemplate" not in request:
            raise not_emulated("groups without a LaunchTemplate")
        shape = _shape(_DEFAULTS, request)
        shape.setdefault("DesiredCapacity", shape["MinSize"])
        self._check(tenant, shape)
        arn = (
            f"arn:aws:autoscaling:{tenant.region}:{tenant.account}:autoScalingGroup:"
            f"{uuid.uuid4()}:autoScalingGroupName/{name}"
        )
        shape["CreatedTime"] = moment(self.now())
        group = Group(name=name, arn=arn, tenant=tenant, shape=shape, tags=_tags(name, request))
        self.store.groups[tenant, name] = group
        return {}

    def update(self, tenant: Tenant, request: Mapping[str, Any]) -> Json:
        """The group is as asked; what is not named stays."""
        group = self.get(tenant, request)
        _refuse_ignored(request)
        _refuse_refreshed(group, request)
        shape = _shape(group.shape, request)
        low, high = shape["MinSize"], shape["MaxSize"]
        if "DesiredCapacity" not in request:
            shape["DesiredCapacity"] = min(max(shape["DesiredCapacity"], low), high)
        self._check(tenant, shape)
        group.shape = shape
        return {}

    def resize(self, tenant: Tenant, request: Mapping[str, Any]) -> Json:
        """SetDesiredCapacity: the group goes for that many instances."""
        group, wanted = self.get(tenant, request), request["DesiredCapacity"]
        shape = {**group.shape, "DesiredCapacity": wanted}
        self._check(tenant, shape)
        group.shape = shape
        return {}

    def delete(self, tenant: Tenant, request: Mapping[str, Any]) -> Json:
        """The group ends with its instances; without ForceDelete it may have none."""
        group = self.get(tenant, request)
        if group.instances and not request.get("ForceDelete"):
            raise ScalingError(
                "ResourceInUse",
                "You cannot delete an AutoScalingGroup while there are instances or pending Spot "
                "instance request(s) still in the group.",
            )
        if group.active_refresh is not None:
            group.active_refresh.end(CANCELLED, now=self.now())
        group.deleting = True
        group.shape = {**group.shape, "MinSize": 0, "DesiredCapacity": 0}
        return {}

    def describe(self, tenant: Tenant, request: Mapping[str, Any]) -> Json:
        """Those asked for by name or tag, else all of the tenant's."""
        names = request.get("AutoScalingGroupNames")
        found = [g for g in self.store.of(tenant) if not names or g.name in names]
        for wanted in request.get("Filters", []):
            found = [group for group in found if _fits(group, wanted)]
        return {"AutoScalingGroups": [shown(group) for group in found]}

    def describe_instances(self, tenant: Tenant, request: Mapping[str, Any]) -> Json:
        """Instances of all groups, or those asked for."""
        ids = request.get("InstanceIds")
        return {
            "AutoScalingInstances": [
                {**_instance(one), "AutoScalingGroupName": group.name}
                for group in self.store.of(tenant)
                for one in group.instances
                if not ids or one.instance_id in ids
            ]
        }

    def describe_activities(self, tenant: Tenant, request: Mapping[str, Any]) -> Json:
        """What was done in the group, the newest first."""
        if "AutoScalingGroupName" in request:
            return {"Activities": self.get(tenant, request).activities}
        return {"Activities": [a for group in self.store.of(tenant) for a in group.activities]}

    def terminate(self, tenant: Tenant, request: Mapping[str, Any]) -> Json:
        """TerminateInstanceInAutoScalingGroup: the instance goes, and is replaced unless fewer."""
        wanted = request["InstanceId"]
        for group in self.store.of(tenant):
            for instance in group.staying:
                if instance.instance_id == wanted:
                    instance.health = "Unhealthy"
                    if request["ShouldDecrementDesiredCapacity"]:
                        fewer = group.shape["DesiredCapacity"] - 1
                        shape = {**group.shape, "DesiredCapacity": fewer}
                        self._check(tenant, shape)
                        group.shape = shape
                    return {"Activity": activity(group, f"Terminating {wanted}", now=self.now())}
        raise invalid(f"Instance Id not found - No managed instance found for instance ID {wanted}")

    def protect(self, tenant: Tenant, request: Mapping[str, Any]) -> Json:
        """SetInstanceProtection: scaling in spares these instances, or does so no more."""
        group, ids = self.get(tenant, request), request["InstanceIds"]
        if len(ids) > _PROTECTED_AT_ONCE:
            raise invalid(f"InstanceIds: at most {_PROTECTED_AT_ONCE}, got {len(ids)}")
        known = {one.instance_id: one for one in group.instances}
        for wanted in ids:
            if wanted not in known:
                raise invalid(
                    f"The instance {wanted} is not part of Auto Scaling group {group.name}."
                )
            if known[wanted].state != IN_SERVICE:
                raise invalid(
                    f"The instance {wanted} is not in InService or EnteringStandby or Standby."
                )
        for wanted in ids:
            known[wanted].protected = request["ProtectedFromScaleIn"]
        return {}

    def get(self, tenant: Tenant, request: Mapping[str, Any]) -> Group:
        """The group that a request names; ScalingError if there is none."""
        name = request["AutoScalingGroupName"]
        group = self.store.groups.get((tenant, name))
        if group is None:
            raise invalid(f"AutoScalingGroup name not found - AutoScalingGroup {name} not found")
        return group

    def _check(self, tenant: Tenant, shape: Mapping[str, Any]) -> None:
        low, wanted, high = (shape[name] for name in ("MinSize", "DesiredCapacity", "MaxSize"))
        if not 0 <= low <= wanted <= high:
            raise invalid(
                f"Desired capacity:{wanted} must be between the specified min size:{low} and max "
                f"size:{high}"
            )
        if not set(shape["HealthCheckType"].split(",")) <= _HEALTH_TYPES:
            raise not_emulated(f"HealthCheckType {shape['HealthCheckType']!r}")
        absent = [arn for arn in shape["TargetGroupARNs"] if not self.knows_target_group(arn)]
        if absent:
            raise invalid(f"Target group(s) not found: {', '.join(absent)}")
        check_template(tenant, shape["LaunchTemplate"])


def check_template(tenant: Tenant, spec: Mapping[str, Any]) -> seam.LaunchData:
    """The version of a launch template that is meant; ScalingError if there is none."""
    with tenancy.acting_for(tenant.account, tenant.region):
        found = seam.launch_data(spec)
    if found is None:
        raise invalid(
            "You must use a valid fully-formed launch template. The specified launch template "
            f"does not exist: {dict(spec)}"
        )
    return found


def moment(seconds: float) -> str:
    """A moment of the cloud's clock as the API shows it."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def activity(
    group: Group, description: str, *, now: float, failed: str | None = None, cause: str = ""
) -> Json:
    """An activity of the group, which remembers its last hundred."""
    made = {
        "ActivityId": str(uuid.uuid4()),
        "AutoScalingGroupName": group.name,
        "Description": description,
        "Cause": cause,
        "StartTime": moment(now),
        "EndTime": moment(now),
        "StatusCode": "Successful" if failed is None else "Failed",
        "StatusMessage": failed,
        "Progress": 100,
        "AutoScalingGroupARN": group.arn,
    }
    group.activities.insert(0, made)
    del group.activities[100:]
    return made


def shown(group: Group) -> Json:
    """The group as it is described."""
    shape = {name: value for name, value in group.shape.items() if name != "AutoScalingGroupName"}
    return {
        **shape,
        "LaunchTemplate": _with_both_names(group),
        "AutoScalingGroupName": group.name,
        "AutoScalingGroupARN": group.arn,
        "AvailabilityZones": sorted({one.zone for one in group.instances}),
        "Instances": [_instance(one) for one in group.instances],
        "Tags": group.tags,
        **({"Status": "Delete in progress"} if group.deleting else {}),
    }


def _with_both_names(group: Group) -> Json:
    """The group's launch template by id and by name, whichever it was given by."""
    spec: Json = group.shape["LaunchTemplate"]
    with tenancy.acting_for(group.tenant.account, group.tenant.region):
        found = seam.launch_data(spec)
    if found is None:
        return spec
    named = {"LaunchTemplateId": found.template_id, "LaunchTemplateName": found.template_name}
    return {**spec, **named}


def _instance(one: Instance) -> Json:
    return {
        "InstanceId": one.instance_id,
        "InstanceType": one.kind,
        "AvailabilityZone": one.zone,
        "LifecycleState": one.state,
        "HealthStatus": one.health,
        "LaunchTemplate": one.template,
        "ProtectedFromScaleIn": one.protected,
    }


def _shape(before: Mapping[str, Any], request: Mapping[str, Any]) -> Json:
    """What is asked for over what was before; a default warm-up of -1 is none."""
    shape = {**before, **{k: v for k, v in request.items() if k != "Tags"}}
    warmup = shape.get(_WARMUP, 0)
    if warmup < -1:
        raise invalid(f"{_WARMUP} must be -1 or more, got {warmup}")
    return {name: value for name, value in shape.items() if name != _WARMUP or value >= 0}


def _refuse_refreshed(group: Group, request: Mapping[str, Any]) -> None:
    """Source: user guide, "How an instance refresh works", "Update restriction"."""
    refresh = group.active_refresh
    if refresh is not None and refresh.configuration and "LaunchTemplate" in request:
        raise invalid(
            "An active instance refresh with a desired configuration exists. All configuration "
            "options derived from the desired configuration are not available for update while "
            "the instance refresh is active."
        )


def _refuse_ignored(request: Mapping[str, Any]) -> None:
    ignored = sorted(set(request) - _TAKEN)
    if ignored:
        raise not_emulated(f"{', '.join(ignored)} of an auto-scaling group")


def _tags(name: str, request: Mapping[str, Any]) -> list[Json]:
    return [
        {
            "Key": tag["Key"],
            "Value": tag.get("Value", ""),
            "PropagateAtLaunch": bool(tag.get("PropagateAtLaunch", False)),
            "ResourceId": name,
            "ResourceType": "auto-scaling-group",
        }
        for tag in request.get("Tags", [])
    ]


def _fits(group: Group, wanted: Mapping[str, Any]) -> bool:
    name, values = wanted["Name"], set(wanted.get("Values", []))
    if name == "tag-key":
        return any(tag["Key"] in values for tag in group.tags)
    if name == "tag-value":
        return any(tag["Value"] in values for tag in group.tags)
    if not name.startswith(_TAG_FILTER):
        raise invalid(f"{name} is not a valid filter name")
    key = name.removeprefix(_TAG_FILTER)
    return any(tag["Key"] == key and tag["Value"] in values for tag in _of_key(group.tags, key))


def _of_key(tags: Iterable[Json], key: str) -> list[Json]:
    return [tag for tag in tags if tag["Key"] == key]
