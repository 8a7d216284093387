"""Resources of templates that a service keeps by name, as its API makes them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from emulator.ai.site import Tenant
from emulator.cloudformation.registry import Provisioned, ResourceContext, ResourceError
from emulator.jsonapi import Json, RefusedRequestError


@dataclass(frozen=True, kw_only=True, slots=True)
class NamedResource:
    """One type: `Ref` is the ARN, another name is another resource.

    `put` makes or replaces what the properties say and tells the attributes, `Arn` among them;
    `has` and `remove` are by name, which is in the property `name`.
    """

    name: str
    put: Callable[[Tenant, Mapping[str, Any]], Json]
    has: Callable[[Tenant, str], bool]
    remove: Callable[[Tenant, str], None]

    def create(self, context: ResourceContext, properties: Mapping[str, Any]) -> Provisioned:
        """It exists; ResourceError if the name is taken or the service refuses it."""
        name, tenant = str(properties[self.name]), (context.account, context.region)
        if self.has(tenant, name):
            raise ResourceError(f"{name} already exists (HandlerErrorCode: AlreadyExists)")
        return self._put(tenant, properties)

    def update(
        self,
        context: ResourceContext,
        physical_id: str,
        old: Mapping[str, Any],
        new: Mapping[str, Any],
    ) -> Provisioned:
        """It is as the template says now."""
        del physical_id
        if new[self.name] != old[self.name]:
            return self.create(context, new)
        return self._put((context.account, context.region), new)

    def delete(
        self, context: ResourceContext, physical_id: str, properties: Mapping[str, Any]
    ) -> None:
        """It is gone."""
        del properties
        name, tenant = physical_id.split("/")[1], (context.account, context.region)
        if self.has(tenant, name):
            self.remove(tenant, name)

    def _put(self, tenant: Tenant, properties: Mapping[str, Any]) -> Provisioned:
        try:
            attributes = self.put(tenant, properties)
        except RefusedRequestError as error:
            raise ResourceError(f"{error.message} (HandlerErrorCode: InvalidRequest)") from error
        return Provisioned(physical_id=str(attributes["Arn"]), attributes=attributes)
