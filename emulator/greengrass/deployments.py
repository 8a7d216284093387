"""Deployments: what the devices of a target are to run. The newest of a target is in force."""

import threading
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from emulator.ai.frame import Answer, Call, Operation
from emulator.ai.site import Tenant
from emulator.greengrass.components import ENGINE, PAGES, Components
from emulator.jsonapi import Json, RefusedRequestError

ACTIVE, INACTIVE, CANCELED = "ACTIVE", "INACTIVE", "CANCELED"
IN_FORCE = frozenset({ACTIVE})
_PUBLIC = "aws.greengrass."
"""Components of AWS's own, which every device has here and which have no recipe."""

TargetExists = Callable[[Tenant, str], bool]


@dataclass(frozen=True, kw_only=True, slots=True)
class Deployment:
    """A deployment; `created` is a moment of the cloud's clock."""

    tenant: Tenant
    id: str
    number: int
    created: float
    asked: Mapping[str, Any]
    status: str = ACTIVE

    @property
    def target(self) -> str:
        """The ARN of the thing or the thing group."""
        return str(self.asked["targetArn"])

    @property
    def components(self) -> Mapping[str, Any]:
        """What the target is to run."""
        found: Mapping[str, Any] = self.asked.get("components") or {}
        return found

    @property
    def name(self) -> str:
        """Its name for people."""
        return str(self.asked.get("deploymentName", f"Deployment for {self.target}"))

    @property
    def arn(self) -> str:
        """Its ARN."""
        account, region = self.tenant
        return f"arn:aws:greengrass:{region}:{account}:deployments:{self.id}"


@dataclass(kw_only=True, slots=True)
class Deployments:
    """The deployments of every tenant."""

    now: Callable[[], float]
    components: Components
    target_exists: TargetExists
    _kept: dict[tuple[Tenant, str], Deployment] = field(default_factory=dict)
    _tokens: dict[tuple[Tenant, str], str] = field(default_factory=dict)
    _made: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def operations(self) -> Mapping[str, Operation]:
        """By name."""
        return {
            "CreateDeployment": self._create,
            "GetDeployment": self._get,
            "ListDeployments": self._list,
            "CancelDeployment": self._cancel,
            "DeleteDeployment": self._delete,
        }

    def get(self, tenant: Tenant, id_: str) -> Deployment:
        """The deployment; ResourceNotFoundException without one."""
        found = self._kept.get((tenant, id_))
        if found is None:
            raise RefusedRequestError("ResourceNotFoundException", f"There is no deployment {id_}")
        return found

    def of(self, tenant: Tenant) -> list[Deployment]:
        """The tenant's, newest first."""
        with self._lock:
            mine = [one for (owner, _), one in self._kept.items() if owner == tenant]
        return sorted(mine, key=lambda one: one.number, reverse=True)

    def in_force(self, tenant: Tenant, targets: list[str]) -> list[Deployment]:
        """The newest of each of these targets, if it was not cancelled; oldest first."""
        newest: dict[str, Deployment] = {}
        for one in self.of(tenant):
            if one.target in targets:
                newest.setdefault(one.target, one)
        found = [one for one in newest.values() if one.status in IN_FORCE]
        return sorted(found, key=lambda one: one.number)

    def create(self, tenant: Tenant, asked: Mapping[str, Any]) -> Deployment:
        """There is a new deployment, and an older one of the target is in force no more."""
        token = asked.get("clientToken")
        known = self._tokens.get((tenant, str(token))) if token else None
        if known is not None and (tenant, known) in self._kept:
            return self._kept[tenant, known]
        self._check(tenant, asked)
        with self._lock:
            self._made += 1
            made = Deployment(
                tenant=tenant,
                id=str(uuid.uuid4()),
                number=self._made,
                created=self.now(),
                asked=dict(asked),
            )
            for key, one in list(self._kept.items()):
                if key[0] == tenant and one.target == made.target and one.status == ACTIVE:
                    self._kept[key] = replace(one, status=INACTIVE)
            self._kept[tenant, made.id] = made
            if token:
                self._tokens[tenant, str(token)] = made.id
        return made

    def cancel(self, tenant: Tenant, id_: str) -> None:
        """The deployment reaches nobody any more; who has it keeps it."""
        with self._lock:
            self._kept[tenant, id_] = replace(self.get(tenant, id_), status=CANCELED)

    def delete(self, tenant: Tenant, id_: str) -> None:
        """There is no such deployment; one in force is refused, as on AWS."""
        if self.get(tenant, id_).status in IN_FORCE:
            raise RefusedRequestError(
                "ConflictException", f"Deployment {id_} is ACTIVE: cancel it first"
            )
        with self._lock:
            del self._kept[tenant, id_]

    def _check(self, tenant: Tenant, asked: Mapping[str, Any]) -> None:
        if not self.target_exists(tenant, asked["targetArn"]):
            raise RefusedRequestError(
                "ResourceNotFoundException", f"There is no target {asked['targetArn']}"
            )
        missing = [
            f"{name} {told['componentVersion']}"
            for name, told in (asked.get("components") or {}).items()
            if not name.startswith(_PUBLIC)
            and self.components.find(tenant, name, told["componentVersion"]) is None
        ]
        if missing:
            raise RefusedRequestError(
                "ResourceNotFoundException", f"There is no component {', '.join(missing)}"
            )

    def _create(self, call: Call) -> Answer:
        made = self.create(call.tenant, call.request)
        return Answer(body={"deploymentId": made.id}, engine=ENGINE)

    def _get(self, call: Call) -> Answer:
        found = self.get(call.tenant, call.request["deploymentId"])
        kept = ("components", "deploymentPolicies", "iotJobConfiguration", "tags")
        told = {name: found.asked[name] for name in kept if found.asked.get(name)}
        return Answer(body={**self._told(found), **told}, engine=ENGINE)

    def _told(self, one: Deployment) -> Json:
        newest = next(d for d in self.of(one.tenant) if d.target == one.target)
        return {
            "targetArn": one.target,
            "revisionId": str(one.number),
            "deploymentId": one.id,
            "deploymentName": one.name,
            "deploymentStatus": one.status,
            "creationTimestamp": one.created,
            "isLatestForTarget": newest.id == one.id,
        }

    def _list(self, call: Call) -> Answer:
        target = call.request.get("targetArn")
        told = [
            self._told(one)
            for one in self.of(call.tenant)
            if target is None or one.target == target
        ]
        # LATEST_ONLY is what the API takes where nothing is said.
        if call.request.get("historyFilter", "LATEST_ONLY") == "LATEST_ONLY":
            told = [one for one in told if one["isLatestForTarget"]]
        return Answer(body=PAGES.page(told, call.request, member="deployments"), engine=ENGINE)

    def _cancel(self, call: Call) -> Answer:
        self.get(call.tenant, call.request["deploymentId"])
        self.cancel(call.tenant, call.request["deploymentId"])
        return Answer(body={"message": "deployment is canceled"}, engine=ENGINE)

    def _delete(self, call: Call) -> Answer:
        self.delete(call.tenant, call.request["deploymentId"])
        return Answer(body={}, engine=ENGINE)
