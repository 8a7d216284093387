"""Core devices: what each of them last told of itself, and who is told when that changes."""

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from emulator.ai.frame import Answer, Call, Operation
from emulator.ai.site import Tenant
from emulator.greengrass.components import ENGINE, PAGES
from emulator.greengrass.deployments import Deployments
from emulator.jsonapi import Json, RefusedRequestError
from emulator.seams.events import Event

HEALTHY, UNHEALTHY = "HEALTHY", "UNHEALTHY"
SOURCE = "aws.greengrass"
COMPONENTS = "Greengrass V2 Installed Component Status Change"
DEPLOYMENTS = "Greengrass V2 Effective Deployment Status Change"
_ENDED = frozenset({"SUCCEEDED", "FAILED", "COMPLETED", "REJECTED", "CANCELED"})
_WRONG = frozenset({"ERRORED", "BROKEN"})


@dataclass(frozen=True, kw_only=True, slots=True)
class Status:
    """What a device says of itself: its components, and what became of deployments on it."""

    core_version: str
    platform: str
    architecture: str
    components: Sequence[Mapping[str, Any]]
    executions: Mapping[str, Mapping[str, Any]]
    """By deployment id: `coreDeviceExecutionStatus`, `reason`, `created`, `modified`."""

    @property
    def health(self) -> str:
        """UNHEALTHY while a component is broken."""
        broken = any(one.get("lifecycleState") == "BROKEN" for one in self.components)
        return UNHEALTHY if broken else HEALTHY


@dataclass(frozen=True, kw_only=True, slots=True)
class Core:
    """A core device as it is known; `told` is a moment of the cloud's clock."""

    thing: str
    status: Status
    told: float


Publish = Callable[[Tenant, Event], None]
GroupsOf = Callable[[Tenant, str], Sequence[str]]


@dataclass(kw_only=True, slots=True)
class Cores:
    """The core devices of every tenant."""

    now: Callable[[], float]
    publish: Publish
    groups_of: GroupsOf
    deployments: Deployments
    _kept: dict[tuple[Tenant, str], Core] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def operations(self) -> Mapping[str, Operation]:
        """By name."""
        return {
            "GetCoreDevice": self._get,
            "ListCoreDevices": self._list,
            "DeleteCoreDevice": self._delete,
            "ListInstalledComponents": self._installed,
            "ListEffectiveDeployments": self._effective,
        }

    def take(self, tenant: Tenant, thing: str, status: Status) -> None:
        """The device is as it says; EventBridge is told of what ended or broke."""
        with self._lock:
            before = self._kept.get((tenant, thing))
            self._kept[tenant, thing] = Core(thing=thing, status=status, told=self.now())
        arn = _arn(tenant, thing)
        for event in _changes(None if before is None else before.status, status, arn):
            self.publish(tenant, event)

    def _of(self, call: Call) -> Core:
        thing = call.request["coreDeviceThingName"]
        found = self._kept.get((call.tenant, thing))
        if found is None:
            raise RefusedRequestError(
                "ResourceNotFoundException", f"There is no core device {thing}"
            )
        return found

    def _get(self, call: Call) -> Answer:
        core = self._of(call)
        body = {
            **_summary(core),
            "coreVersion": core.status.core_version,
        }
        return Answer(body=body, engine=ENGINE)

    def _list(self, call: Call) -> Answer:
        group, status = call.request.get("thingGroupArn"), call.request.get("status")
        with self._lock:
            mine = [core for (owner, _), core in self._kept.items() if owner == call.tenant]
        told = [
            _summary(core)
            for core in sorted(mine, key=lambda core: core.thing)
            if (group is None or group in self.groups_of(call.tenant, core.thing))
            and (status is None or core.status.health == status)
        ]
        return Answer(body=PAGES.page(told, call.request, member="coreDevices"), engine=ENGINE)

    def _delete(self, call: Call) -> Answer:
        core = self._of(call)
        with self._lock:
            self._kept.pop((call.tenant, core.thing), None)
        return Answer(body={}, engine=ENGINE)

    def _installed(self, call: Call) -> Answer:
        core = self._of(call)
        root_only = call.request.get("topologyFilter", "ROOT") == "ROOT"
        told = [
            {**one, "lastStatusChangeTimestamp": core.told, "lastReportedTimestamp": core.told}
            for one in core.status.components
            if one.get("isRoot") or not root_only
        ]
        page = PAGES.page(told, call.request, member="installedComponents")
        return Answer(body=page, engine=ENGINE)

    def _effective(self, call: Call) -> Answer:
        core = self._of(call)
        told = [self._execution(call.tenant, id_, e) for id_, e in core.status.executions.items()]
        page = PAGES.page([one for one in told if one], call.request, member="effectiveDeployments")
        return Answer(body=page, engine=ENGINE)

    def _execution(self, tenant: Tenant, id_: str, execution: Mapping[str, Any]) -> Json:
        try:
            deployment = self.deployments.get(tenant, id_)
        except RefusedRequestError:
            return {}
        told: Json = {
            "deploymentId": id_,
            "deploymentName": deployment.name,
            "targetArn": deployment.target,
            "coreDeviceExecutionStatus": execution["coreDeviceExecutionStatus"],
            "creationTimestamp": execution["created"],
            "modifiedTimestamp": execution["modified"],
        }
        reason = execution.get("reason")
        return {**told, "reason": reason} if reason else told


def _summary(core: Core) -> Json:
    return {
        "coreDeviceThingName": core.thing,
        "status": core.status.health,
        "lastStatusUpdateTimestamp": core.told,
        "platform": core.status.platform,
        "architecture": core.status.architecture,
    }


def _arn(tenant: Tenant, thing: str) -> str:
    account, region = tenant
    return f"arn:aws:greengrass:{region}:{account}:coreDevices:{thing}"


def _changes(before: Status | None, after: Status, arn: str) -> list[Event]:
    """What AWS tells of: deployments that ended on the device, components that went wrong."""
    known = {} if before is None else before.executions
    found = [
        Event(source=SOURCE, detail_type=DEPLOYMENTS, resources=[arn], detail=_detail(id_, e))
        for id_, e in after.executions.items()
        if e["coreDeviceExecutionStatus"] in _ENDED
        and known.get(id_, {}).get("coreDeviceExecutionStatus") != e["coreDeviceExecutionStatus"]
    ]
    states = (
        {} if before is None else {_named(one): one["lifecycleState"] for one in before.components}
    )
    wrong = [
        {
            "componentName": one["componentName"],
            "componentVersion": one["componentVersion"],
            "root": bool(one.get("isRoot")),
            "lifecycleState": one["lifecycleState"],
            "lifecycleStateDetails": one.get("lifecycleStateDetails", ""),
        }
        for one in after.components
        if one["lifecycleState"] in _WRONG and states.get(_named(one)) != one["lifecycleState"]
    ]
    if wrong:
        detail = {"components": wrong}
        found.append(Event(source=SOURCE, detail_type=COMPONENTS, resources=[arn], detail=detail))
    return found


def _named(component: Mapping[str, Any]) -> tuple[str, str]:
    return (component["componentName"], component["componentVersion"])


def _detail(id_: str, execution: Mapping[str, Any]) -> Json:
    return {
        "deploymentId": id_,
        "coreDeviceExecutionStatus": execution["coreDeviceExecutionStatus"],
        "reason": execution.get("reason", ""),
    }
