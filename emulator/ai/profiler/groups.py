"""Profiling groups: made by operations or by stacks, each with what its agents posted."""

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from emulator.ai.frame import Answer, Call, Operation
from emulator.ai.pages import Paging
from emulator.ai.profiler.callgraph import Node
from emulator.ai.site import Tenant
from emulator.cloudformation.registry import Provisioned, ResourceContext, ResourceError
from emulator.jsonapi import Json, RefusedRequestError

RECORDED = "recorded"
MOST_PROFILES = 10_000
"""Posted profiles that a group keeps; the oldest go."""
_PAGES = Paging(most=100, code="ValidationException", size="maxResults", token="nextToken")  # noqa: S106 - a member's name


@dataclass(frozen=True, kw_only=True, slots=True)
class Posted:
    """What one agent posted, at that moment of the cloud's clock."""

    moment: float
    root: Node


@dataclass(frozen=True, kw_only=True, slots=True)
class Group:
    """A group as it was created or last updated."""

    tenant: Tenant
    name: str
    platform: str
    enabled: bool
    tags: Mapping[str, str]
    created: float
    modified: float
    asked: float | None = None
    """When an agent last asked how to profile."""

    @property
    def arn(self) -> str:
        """Its ARN."""
        account, region = self.tenant
        return f"arn:aws:codeguru-profiler:{region}:{account}:profilingGroup/{self.name}"


@dataclass(kw_only=True, slots=True)
class Groups:
    """The groups of every tenant."""

    now: Callable[[], float]
    _kept: dict[tuple[Tenant, str], Group] = field(default_factory=dict)
    _posted: dict[tuple[Tenant, str], list[Posted]] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def operations(self) -> Mapping[str, Operation]:
        """By name."""
        return {
            "CreateProfilingGroup": self._create,
            "DescribeProfilingGroup": self._describe,
            "UpdateProfilingGroup": self._update,
            "ListProfilingGroups": self._list,
            "DeleteProfilingGroup": self._delete,
        }

    def get(self, tenant: Tenant, name: str) -> Group:
        """The group; ResourceNotFoundException without one."""
        found = self._kept.get((tenant, name))
        if found is None:
            raise RefusedRequestError(
                "ResourceNotFoundException", f"There is no profiling group {name}"
            )
        return found

    def create(self, tenant: Tenant, name: str, *, platform: str, **more: Any) -> Group:
        """There is a new group; ConflictException if there was one of the name."""
        with self._lock:
            if (tenant, name) in self._kept:
                raise RefusedRequestError(
                    "ConflictException", f"There is a profiling group {name} already"
                )
            now = self.now()
            group = Group(
                tenant=tenant,
                name=name,
                platform=platform,
                enabled=more.get("enabled", True),
                tags=more.get("tags", {}),
                created=now,
                modified=now,
            )
            self._kept[tenant, name] = group
            return group

    def change(self, group: Group, **changes: Any) -> Group:
        """The group has these changes."""
        with self._lock:
            changed = replace(self._kept[group.tenant, group.name], **changes)
            self._kept[group.tenant, group.name] = changed
            return changed

    def delete(self, tenant: Tenant, name: str) -> None:
        """There is no such group, and nothing of it."""
        with self._lock:
            self._kept.pop((tenant, name), None)
            self._posted.pop((tenant, name), None)

    def post(self, group: Group, root: Node) -> None:
        """An agent's profile is in the group."""
        with self._lock:
            kept = self._posted.setdefault((group.tenant, group.name), [])
            kept.append(Posted(moment=self.now(), root=root))
            del kept[:-MOST_PROFILES]

    def posted(self, group: Group) -> list[Posted]:
        """What agents posted to the group, the oldest first."""
        with self._lock:
            return list(self._posted.get((group.tenant, group.name), ()))

    def _create(self, call: Call) -> Answer:
        request = call.request
        made = self.create(
            call.tenant,
            request["profilingGroupName"],
            platform=request.get("computePlatform", "Default"),
            enabled=request.get("agentOrchestrationConfig", {}).get("profilingEnabled", True),
            tags=request.get("tags", {}),
        )
        return self._answer(made)

    def _describe(self, call: Call) -> Answer:
        return self._answer(self.get(call.tenant, call.request["profilingGroupName"]))

    def _update(self, call: Call) -> Answer:
        group = self.get(call.tenant, call.request["profilingGroupName"])
        enabled = call.request["agentOrchestrationConfig"]["profilingEnabled"]
        return self._answer(self.change(group, enabled=enabled, modified=self.now()))

    def _list(self, call: Call) -> Answer:
        groups = [group for (tenant, _), group in self._kept.items() if tenant == call.tenant]
        names = [group.name for group in groups]
        body = _PAGES.page(names, call.request, member="profilingGroupNames")
        if call.request.get("includeDescription"):
            listed = set(body["profilingGroupNames"])
            body["profilingGroups"] = [self._shown(g) for g in groups if g.name in listed]
        return Answer(body=body, engine=RECORDED)

    def _delete(self, call: Call) -> Answer:
        group = self.get(call.tenant, call.request["profilingGroupName"])
        self.delete(call.tenant, group.name)
        return Answer(body={}, engine=RECORDED)

    def _answer(self, group: Group) -> Answer:
        return Answer(body={"profilingGroup": self._shown(group)}, engine=RECORDED)

    def _shown(self, group: Group) -> Json:
        posted = self.posted(group)
        status: Json = {}
        if group.asked is not None:
            status["latestAgentOrchestratedAt"] = group.asked
        if posted:
            status["latestAgentProfileReportedAt"] = posted[-1].moment
        return {
            "name": group.name,
            "arn": group.arn,
            "computePlatform": group.platform,
            "agentOrchestrationConfig": {"profilingEnabled": group.enabled},
            "createdAt": group.created,
            "updatedAt": group.modified,
            "profilingStatus": status,
            "tags": dict(group.tags),
        }


@dataclass(frozen=True, kw_only=True, slots=True)
class GroupResource:
    """`AWS::CodeGuruProfiler::ProfilingGroup`; `Ref` is its name. Channels are kept by nothing."""

    groups: Groups

    def create(self, context: ResourceContext, properties: Mapping[str, Any]) -> Provisioned:
        """The group exists, without profiles."""
        try:
            made = self.groups.create(
                (context.account, context.region),
                str(properties["ProfilingGroupName"]),
                platform=str(properties.get("ComputePlatform", "Default")),
            )
        except RefusedRequestError as error:
            raise ResourceError(f"{error.message} (HandlerErrorCode: AlreadyExists)") from error
        return Provisioned(physical_id=made.name, attributes={"Arn": made.arn})

    def update(
        self,
        context: ResourceContext,
        physical_id: str,
        old: Mapping[str, Any],
        new: Mapping[str, Any],
    ) -> Provisioned:
        """Another name or platform is another group; the old one stays until it is deleted."""
        if any(old.get(key) != new.get(key) for key in ("ProfilingGroupName", "ComputePlatform")):
            return self.create(context, new)
        found = self.groups.get((context.account, context.region), physical_id)
        return Provisioned(physical_id=physical_id, attributes={"Arn": found.arn})

    def delete(
        self, context: ResourceContext, physical_id: str, properties: Mapping[str, Any]
    ) -> None:
        """The group is gone, and its profiles."""
        del properties
        self.groups.delete((context.account, context.region), physical_id)
