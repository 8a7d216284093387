"""The operations on instance refreshes.

Source: EC2 Auto Scaling API reference, StartInstanceRefresh, DescribeInstanceRefreshes,
CancelInstanceRefresh; what they name is checked by the service's model before.
"""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from emulator.ec2.errors import ScalingError, invalid, not_emulated
from emulator.ec2.operations import GroupOperations, check_template, moment
from emulator.ec2.refreshing import total_of
from emulator.ec2.state import (
    CANCELLING,
    IGNORE,
    REPLACE,
    SUCCESSFUL,
    WAIT,
    Group,
    Json,
    Refresh,
    RefreshRules,
)
from emulator.sagemaker.names import Tenant
from emulator.seams.instances import LaunchData

_ROLLING = "Rolling"
_NOT_EMULATED = ("CheckpointPercentages", "CheckpointDelay", "AlarmSpecification", "BakeTime")
_CHOICES = {
    "ScaleInProtectedInstances": (REPLACE, IGNORE, WAIT),
    "StandbyInstances": ("Terminate", IGNORE, WAIT),
}
_LARGEST_PAGE = 100
_PAGE = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class RefreshOperations:
    """Starts, shows and cancels refreshes of groups."""

    groups: GroupOperations

    def start(self, tenant: Tenant, request: Mapping[str, Any]) -> Json:
        """The refresh is pending; the engine goes on with it."""
        group, now = self.groups.get(tenant, request), self.groups.now()
        _refuse_ignored(request)
        if group.deleting:
            raise invalid(f"AutoScalingGroup {group.name} is pending delete")
        rules = _rules(group, request.get("Preferences", {}))
        configuration = request.get("DesiredConfiguration")
        own: Json = group.shape["LaunchTemplate"]
        found = check_template(tenant, (configuration or {}).get("LaunchTemplate", own))
        if group.active_refresh is not None:
            raise ScalingError(
                "InstanceRefreshInProgress",
                "An Instance Refresh is already in progress and blocks the execution of this "
                "Instance Refresh.",
            )
        refresh = Refresh(
            refresh_id=str(uuid.uuid4()),
            rules=rules,
            template={"LaunchTemplateId": found.template_id, "Version": found.version},
            configuration=configuration,
            before=frozenset(one.instance_id for one in group.staying),
            outdated=_outdated(group, found, skip_matching=rules.skip_matching),
            started_at=now,
            progressed_at=now,
            total=0,
        )
        refresh.total = total_of(group.staying, refresh)
        group.refreshes.insert(0, refresh)
        return {"InstanceRefreshId": refresh.refresh_id}

    def describe(self, tenant: Tenant, request: Mapping[str, Any]) -> Json:
        """The group's refreshes, the newest first."""
        group, ids = self.groups.get(tenant, request), request.get("InstanceRefreshIds")
        size, first = request.get("MaxRecords", _PAGE), _first(request)
        if not 1 <= size <= _LARGEST_PAGE:
            raise invalid(f"MaxRecords must be from 1 to {_LARGEST_PAGE}, got {size}")
        found = [one for one in group.refreshes if not ids or one.refresh_id in ids]
        more = {"NextToken": str(first + size)} if len(found) > first + size else {}
        page = found[first : first + size]
        return {"InstanceRefreshes": [_shown(group, one) for one in page], **more}

    def cancel(self, tenant: Tenant, request: Mapping[str, Any]) -> Json:
        """The refresh ends; what it replaced stays replaced."""
        group = self.groups.get(tenant, request)
        refresh = group.active_refresh
        if refresh is None:
            raise ScalingError(
                "ActiveInstanceRefreshNotFound",
                f"No in progress or pending Instance Refresh found for Auto Scaling group "
                f"{group.name}",
            )
        refresh.status, refresh.reason = CANCELLING, "Cancelled due to user request"
        refresh.awaits_transitions = request.get("WaitForTransitioningInstances", True)
        return {"InstanceRefreshId": refresh.refresh_id}


def _refuse_ignored(request: Mapping[str, Any]) -> None:
    strategy, preferences = request.get("Strategy", _ROLLING), request.get("Preferences", {})
    if strategy != _ROLLING:
        raise not_emulated(f"Strategy {strategy!r} of an instance refresh")
    if "MixedInstancesPolicy" in request.get("DesiredConfiguration", {}):
        raise not_emulated("MixedInstancesPolicy of a DesiredConfiguration")
    ignored = [name for name in _NOT_EMULATED if name in preferences]
    ignored += ["AutoRollback"] if preferences.get("AutoRollback") else []
    if ignored:
        raise not_emulated(f"{', '.join(ignored)} of an instance refresh")


def _rules(group: Group, preferences: Mapping[str, Any]) -> RefreshRules:
    low, high = preferences.get("MinHealthyPercentage"), preferences.get("MaxHealthyPercentage")
    if high is not None and low is None:
        raise invalid("You must specify MinHealthyPercentage with MaxHealthyPercentage")
    rules = RefreshRules(
        min_healthy=90 if low is None else low,
        max_healthy=100 if high is None else high,
        warmup=_warmup(group, preferences),
        skip_matching=preferences.get("SkipMatching", False),
        protected=preferences.get("ScaleInProtectedInstances", WAIT),
        standby=preferences.get("StandbyInstances", WAIT),
    )
    if not 0 <= rules.min_healthy <= 100:
        raise invalid(f"MinHealthyPercentage must be from 0 to 100, got {low}")
    if not 100 <= rules.max_healthy <= 200:
        raise invalid(f"MaxHealthyPercentage must be from 100 to 200, got {high}")
    if high is not None and rules.max_healthy - rules.min_healthy > 100:
        raise invalid(
            f"The difference between MaxHealthyPercentage {high} and MinHealthyPercentage {low} "
            "cannot be greater than 100"
        )
    for name, allowed in _CHOICES.items():
        if preferences.get(name, WAIT) not in allowed:
            got = preferences[name]
            raise invalid(f"{name} must be one of {', '.join(allowed)}, got {got!r}")
    return rules


def _warmup(group: Group, preferences: Mapping[str, Any]) -> int:
    fallback: int = group.shape["HealthCheckGracePeriod"]
    usual: int = group.shape.get("DefaultInstanceWarmup", fallback)
    warmup: int = preferences.get("InstanceWarmup", usual)
    return warmup


def _outdated(group: Group, wanted: LaunchData, *, skip_matching: bool) -> frozenset[str]:
    """All instances, or those of another launch template or another version of it."""
    same = (wanted.template_id, wanted.version)
    return frozenset(
        one.instance_id
        for one in group.staying
        if not skip_matching or (one.template["LaunchTemplateId"], one.template["Version"]) != same
    )


def _first(request: Mapping[str, Any]) -> int:
    token = request.get("NextToken", "0")
    if not token.isdigit():
        raise ScalingError("InvalidNextToken", f"The NextToken value is not valid: {token!r}")
    return int(token)


def _shown(group: Group, refresh: Refresh) -> Json:
    rules, total = refresh.rules, refresh.total
    done = refresh.status == SUCCESSFUL or total <= 0
    return {
        "InstanceRefreshId": refresh.refresh_id,
        "AutoScalingGroupName": group.name,
        "Status": refresh.status,
        "StatusReason": refresh.reason,
        "StartTime": moment(refresh.started_at),
        "EndTime": None if refresh.ended_at is None else moment(refresh.ended_at),
        "PercentageComplete": 100 if done else 100 * refresh.updated // total,
        "InstancesToUpdate": 0 if done else total - refresh.updated,
        "Preferences": {
            "MinHealthyPercentage": rules.min_healthy,
            "MaxHealthyPercentage": rules.max_healthy,
            "InstanceWarmup": rules.warmup,
            "SkipMatching": rules.skip_matching,
            "AutoRollback": False,
            "ScaleInProtectedInstances": rules.protected,
            "StandbyInstances": rules.standby,
        },
        "DesiredConfiguration": refresh.configuration,
        "Strategy": _ROLLING,
    }
