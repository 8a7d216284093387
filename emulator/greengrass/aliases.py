"""IoT's role aliases: under which role a device's certificate lets it work.

What IoT has beside them is ministack's. Credentials are handed out by the devices' plane.
"""

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from emulator import apimodels
from emulator.ai.frame import AiService, Answer, Asked, Call, Operation
from emulator.ai.site import Tenant
from emulator.cloudformation.registry import Provisioned, ResourceContext, ResourceError
from emulator.jsonapi import Json, RefusedRequestError

SERVICE = "iot"
ENGINE = "recorded"
_SECONDS = 3600


@dataclass(frozen=True, kw_only=True, slots=True)
class Alias:
    """A role alias; moments are of the cloud's clock."""

    tenant: Tenant
    name: str
    role: str
    seconds: int
    created: float

    @property
    def arn(self) -> str:
        """Its ARN."""
        return alias_arn(self.tenant, self.name)


def alias_arn(tenant: Tenant, name: str) -> str:
    """The ARN of the alias of that name."""
    account, region = tenant
    return f"arn:aws:iot:{region}:{account}:rolealias/{name}"


@dataclass(kw_only=True, slots=True)
class Aliases:
    """The aliases of every tenant."""

    now: Callable[[], float]
    _kept: dict[tuple[Tenant, str], Alias] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def service(self) -> AiService:
        """The operations of IoT about aliases; all others are left."""
        operations: Mapping[str, Operation] = {
            "CreateRoleAlias": self._create,
            "DescribeRoleAlias": self._describe,
            "DeleteRoleAlias": self._delete,
            "ListRoleAliases": self._list,
            "UpdateRoleAlias": self._update,
        }
        every = frozenset(apimodels.service_model(SERVICE).operation_names)
        return AiService(
            name=SERVICE,
            validation_code="InvalidRequestException",
            operations=operations,
            left=every - operations.keys(),
            resource=_resource,
            resource_types={"AWS::IoT::RoleAlias": AliasResource(aliases=self)},
        )

    def get(self, tenant: Tenant, name: str) -> Alias:
        """The alias; ResourceNotFoundException without one."""
        found = self._kept.get((tenant, name))
        if found is None:
            raise RefusedRequestError("ResourceNotFoundException", f"There is no alias {name}")
        return found

    def put(self, tenant: Tenant, name: str, *, role: str, seconds: int) -> Alias:
        """The alias is there and stands for the role."""
        made = Alias(tenant=tenant, name=name, role=role, seconds=seconds, created=self.now())
        with self._lock:
            self._kept[tenant, name] = made
        return made

    def make(self, tenant: Tenant, name: str, *, role: str, seconds: int) -> Alias:
        """There is a new alias; ResourceAlreadyExistsException if there was one of the name."""
        if (tenant, name) in self._kept:
            raise RefusedRequestError(
                "ResourceAlreadyExistsException", f"There is an alias {name} already"
            )
        return self.put(tenant, name, role=role, seconds=seconds)

    def remove(self, tenant: Tenant, name: str) -> None:
        """There is no such alias."""
        with self._lock:
            self._kept.pop((tenant, name), None)

    def _create(self, call: Call) -> Answer:
        asked = call.request
        made = self.make(
            call.tenant,
            asked["roleAlias"],
            role=asked["roleArn"],
            seconds=asked.get("credentialDurationSeconds", _SECONDS),
        )
        return Answer(body={"roleAlias": made.name, "roleAliasArn": made.arn}, engine=ENGINE)

    def _describe(self, call: Call) -> Answer:
        found = self.get(call.tenant, call.request["roleAlias"])
        told: Json = {
            "roleAlias": found.name,
            "roleAliasArn": found.arn,
            "roleArn": found.role,
            "credentialDurationSeconds": found.seconds,
            "creationDate": found.created,
            "lastModifiedDate": found.created,
        }
        return Answer(body={"roleAliasDescription": told}, engine=ENGINE)

    def _delete(self, call: Call) -> Answer:
        self.remove(call.tenant, self.get(call.tenant, call.request["roleAlias"]).name)
        return Answer(body={}, engine=ENGINE)

    def _list(self, call: Call) -> Answer:
        names = sorted(name for owner, name in self._kept if owner == call.tenant)
        return Answer(body={"roleAliases": names}, engine=ENGINE)

    def _update(self, call: Call) -> Answer:
        found, asked = self.get(call.tenant, call.request["roleAlias"]), call.request
        made = self.put(
            call.tenant,
            found.name,
            role=asked.get("roleArn", found.role),
            seconds=asked.get("credentialDurationSeconds", found.seconds),
        )
        return Answer(body={"roleAlias": made.name, "roleAliasArn": made.arn}, engine=ENGINE)


def _resource(asked: Asked) -> str:
    name = asked.request.get("roleAlias")
    return "*" if name is None else alias_arn(asked.tenant, str(name))


@dataclass(frozen=True, kw_only=True, slots=True)
class AliasResource:
    """`AWS::IoT::RoleAlias` in templates."""

    aliases: Aliases

    def create(self, context: ResourceContext, properties: Mapping[str, object]) -> Provisioned:
        """The alias is there."""
        name = str(properties.get("RoleAlias") or context.generated_name(128))
        try:
            made = self.aliases.make(
                (context.account, context.region),
                name,
                role=str(properties["RoleArn"]),
                seconds=int(str(properties.get("CredentialDurationSeconds", _SECONDS))),
            )
        except RefusedRequestError as refused:
            raise ResourceError(refused.message) from refused
        return Provisioned(physical_id=name, attributes={"RoleAliasArn": made.arn})

    def update(
        self,
        context: ResourceContext,
        physical_id: str,
        old: Mapping[str, object],
        new: Mapping[str, object],
    ) -> Provisioned:
        """The alias stands for the new role; another name is another alias."""
        if old.get("RoleAlias") != new.get("RoleAlias"):
            return self.create(context, new)
        made = self.aliases.put(
            (context.account, context.region),
            physical_id,
            role=str(new["RoleArn"]),
            seconds=int(str(new.get("CredentialDurationSeconds", _SECONDS))),
        )
        return Provisioned(physical_id=physical_id, attributes={"RoleAliasArn": made.arn})

    def delete(
        self, context: ResourceContext, physical_id: str, _properties: Mapping[str, object]
    ) -> None:
        """There is no such alias."""
        self.aliases.remove((context.account, context.region), physical_id)
