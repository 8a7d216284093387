"""Operations on target groups: of one Lambda function each, or of instances behind HTTP."""

import re
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from emulator.loadbalancing.attributes import GROUP_ATTRIBUTES, changed, shown
from emulator.loadbalancing.balancers import tags_of
from emulator.loadbalancing.errors import BalancingError, invalid, not_emulated
from emulator.loadbalancing.instance_groups import (
    INSTANCE,
    INSTANCE_DEFAULTS,
    connection_of,
    kind_of,
    refuse_instance_members,
    target_of,
)
from emulator.loadbalancing.store import Entry, Json, Store, Tenant

NAME = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,30}[A-Za-z0-9])?")
HEALTH_DEFAULTS: Json = {
    "HealthCheckEnabled": False,
    "HealthCheckIntervalSeconds": 35,
    "HealthCheckTimeoutSeconds": 30,
    "HealthyThresholdCount": 5,
    "UnhealthyThresholdCount": 2,
    "HealthCheckPath": "/",
    "Matcher": {"HttpCode": "200"},
}
"""Of target groups with a function (CreateTargetGroup, API reference)."""
BOUNDS = {
    "HealthCheckIntervalSeconds": (5, 300),
    "HealthCheckTimeoutSeconds": (2, 120),
    "HealthyThresholdCount": (2, 10),
    "UnhealthyThresholdCount": (2, 10),
}
_CODES = re.compile(r"\d{3}(-\d{3})?(,\d{3}(-\d{3})?)*")


class Health(Protocol):
    """What the health checks of target groups tell."""

    def state(self, group: Entry, target: Json | None = None) -> Json:
        """The member TargetHealth of a target of the group, its only one without `target`."""

    def forget(self, group_arn: str) -> None:
        """The group's targets are checked anew."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupOperations:
    """Makes, shows, changes and deletes target groups and what is registered in them."""

    store: Store
    health: Health
    may_invoke: Callable[[str, str], bool]
    """Whether the function's policy lets the target group invoke it."""
    runs: Callable[[str], bool] = lambda _instance: False
    """Whether there is an instance of that id, which can be a target."""

    def create(self, tenant: Tenant, request: Mapping[str, Any]) -> Json:
        """The target group exists, without a target."""
        name, kind = request["Name"], kind_of(request)
        _refuse_unsupported(request, kind)
        if NAME.fullmatch(name) is None:
            raise invalid(f"a target group's name has up to 32 letters, digits, -; got {name!r}")
        start = f"{tenant.prefix}targetgroup/{name}/"
        if any(arn.startswith(start) for arn in self.store.groups):
            raise BalancingError(
                "DuplicateTargetGroupName", f"A target group with name '{name}' already exists"
            )
        arn = f"{start}{uuid.uuid4().hex[:16]}"
        defaults = INSTANCE_DEFAULTS if kind == INSTANCE else HEALTH_DEFAULTS
        checks = {key: request.get(key, value) for key, value in defaults.items()}
        _check_health(checks)
        shape = {"TargetGroupArn": arn, "TargetGroupName": name, "TargetType": kind, **checks}
        shape |= connection_of(request, kind)
        attributes = dict(GROUP_ATTRIBUTES[kind])
        entry = Entry(arn=arn, shape=shape, attributes=attributes, tags=tags_of(request))
        self.store.groups[arn] = entry
        return {"TargetGroups": [self._shown(entry)]}

    def describe(self, tenant: Tenant, request: Mapping[str, Any]) -> Json:
        """Those asked for by ARN, name or load balancer, else all of the tenant's."""
        owned = [e for e in self.store.groups.values() if e.arn.startswith(tenant.prefix)]
        if request.get("TargetGroupArns"):
            owned = [self.get(arn) for arn in request["TargetGroupArns"]]
        elif request.get("Names"):
            owned = [e for e in owned if e.shape["TargetGroupName"] in request["Names"]]
            if len(owned) < len(request["Names"]):
                raise BalancingError("TargetGroupNotFound", "One or more target groups not found")
        elif request.get("LoadBalancerArn"):
            owned = self.store.groups_of(request["LoadBalancerArn"])
        return {"TargetGroups": [self._shown(entry) for entry in owned]}

    def modify(self, _tenant: Tenant, request: Mapping[str, Any]) -> Json:
        """The health checks are as asked; what is not named stays."""
        entry = self.get(request["TargetGroupArn"])
        _refuse_unsupported(request, entry.shape["TargetType"])
        checks = {k: request.get(k, entry.shape[k]) for k in HEALTH_DEFAULTS}
        _check_health(checks)
        entry.shape |= checks
        return {"TargetGroups": [self._shown(entry)]}

    def delete(self, _tenant: Tenant, request: Mapping[str, Any]) -> Json:
        """The target group is gone; one that a rule forwards to is refused."""
        arn = request["TargetGroupArn"]
        if self.store.users_of(arn):
            raise BalancingError(
                "ResourceInUse", f"Target group '{arn}' is currently in use by a listener or a rule"
            )
        self.store.groups.pop(arn, None)
        self.health.forget(arn)
        return {}

    def describe_attributes(self, _tenant: Tenant, request: Mapping[str, Any]) -> Json:
        """All attributes, defaults too."""
        return {"Attributes": shown(self.get(request["TargetGroupArn"]).attributes)}

    def modify_attributes(self, _tenant: Tenant, request: Mapping[str, Any]) -> Json:
        """The named attributes have those values."""
        entry = self.get(request["TargetGroupArn"])
        known = GROUP_ATTRIBUTES[entry.shape["TargetType"]]
        entry.attributes |= changed("target group", known, request["Attributes"])
        return {"Attributes": shown(entry.attributes)}

    def register(self, _tenant: Tenant, request: Mapping[str, Any]) -> Json:
        """The function is the target, if its policy lets load balancing invoke it.

        Or the instances are among the targets.
        """
        entry, targets = self.get(request["TargetGroupArn"]), request["Targets"]
        if entry.shape["TargetType"] == INSTANCE:
            self._register_instances(entry, targets)
            return {}
        known = [target["Id"] for target in entry.targets]
        wanted = list(dict.fromkeys([*known, *(target["Id"] for target in targets)]))
        if len(wanted) > 1:
            raise BalancingError(
                "TooManyTargets", "a target group of type lambda has one target, got several"
            )
        for arn in wanted:
            if not self.may_invoke(arn, entry.arn):
                raise BalancingError(
                    "AccessDenied",
                    "elasticloadbalancing principal does not have permission to invoke "
                    f"{arn} from target group {entry.arn}",
                )
        if wanted != known:
            entry.targets = [{"Id": arn} for arn in wanted]
            self.health.forget(entry.arn)
        return {}

    def deregister(self, _tenant: Tenant, request: Mapping[str, Any]) -> Json:
        """The named targets are gone from the group, at once: functions are not drained."""
        entry = self.get(request["TargetGroupArn"])
        gone = {target["Id"] for target in request["Targets"]}
        entry.targets = [target for target in entry.targets if target["Id"] not in gone]
        if entry.shape["TargetType"] == INSTANCE:
            return {}  # the health of those that stay is known
        self.health.forget(entry.arn)
        return {}

    def describe_health(self, _tenant: Tenant, request: Mapping[str, Any]) -> Json:
        """The state of each registered target, as its health checks found it."""
        entry = self.get(request["TargetGroupArn"])
        asked = {target["Id"] for target in request.get("Targets", [])}
        return {
            "TargetHealthDescriptions": [
                {"Target": target, "TargetHealth": self.health.state(entry, target)}
                for target in entry.targets
                if not asked or target["Id"] in asked
            ]
        }

    def get(self, arn: str) -> Entry:
        """The target group; BalancingError if there is none."""
        entry = self.store.groups.get(arn)
        if entry is None:
            raise BalancingError("TargetGroupNotFound", f"Target groups '{arn}' not found")
        return entry

    def _register_instances(self, entry: Entry, targets: list[Json]) -> None:
        absent = [target["Id"] for target in targets if not self.runs(target["Id"])]
        if absent:
            raise BalancingError(
                "InvalidTarget",
                "The following targets are not in a running state and cannot be registered: "
                f"'{', '.join(absent)}'",
            )
        known = {target["Id"] for target in entry.targets}
        wanted = [target_of(target, entry) for target in targets if target["Id"] not in known]
        entry.targets = [*entry.targets, *wanted]

    def _shown(self, entry: Entry) -> Json:
        return {**entry.shape, "LoadBalancerArns": self.store.users_of(entry.arn)}


def _refuse_unsupported(request: Mapping[str, Any], kind: str) -> None:
    if kind == INSTANCE:
        refuse_instance_members(request)
        return
    if kind != "lambda":
        raise not_emulated(f"target groups of type {kind!r}, only 'lambda' and {INSTANCE!r}")
    for member in ("Protocol", "ProtocolVersion", "Port", "VpcId", "HealthCheckProtocol"):
        if member in request:
            raise invalid(f"{member} may not be given for a target group of type lambda")
    for member in ("HealthCheckPort", "IpAddressType", "TargetControlPort"):
        if member in request:
            raise not_emulated(f"{member} of a target group")


def _check_health(checks: Mapping[str, Any]) -> None:
    faults = [
        f"{name} must be {low} to {high}, got {checks[name]}"
        for name, (low, high) in BOUNDS.items()
        if not low <= checks[name] <= high
    ]
    if checks["HealthCheckTimeoutSeconds"] >= checks["HealthCheckIntervalSeconds"]:
        faults.append("HealthCheckTimeoutSeconds must be less than HealthCheckIntervalSeconds")
    if _CODES.fullmatch(str(checks["Matcher"].get("HttpCode", ""))) is None:
        faults.append(f"Matcher.HttpCode must be codes and ranges, got {checks['Matcher']}")
    if faults:
        raise invalid("; ".join(faults))
