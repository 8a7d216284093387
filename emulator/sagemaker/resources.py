"""Models, endpoint configurations and endpoints as CloudFormation resources.

`Ref` is the ARN. Handlers run on threads of their own and call the same operations as the API; an
endpoint's create or update returns when the endpoint has settled. Whether AWS's handler notices an
update that ended InService on the *old* configuration is not known, so the harder case is
emulated: CloudFormation reports success, and whoever cares has to read `EndpointConfigName`.
"""

from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass
from typing import Any

from emulator.cloudformation.generic import replaces
from emulator.cloudformation.registry import (
    HandlerRegistry,
    PartlyCreatedError,
    Provisioned,
    ResourceContext,
    ResourceError,
)
from emulator.cloudformation.schemas import ResourceSchema, SchemaCatalogue
from emulator.cloudformation.validation import checked_properties
from emulator.sagemaker.api import ControlPlane
from emulator.sagemaker.errors import SageMakerError
from emulator.sagemaker.names import Tenant, name_in
from emulator.sagemaker.state import Endpoint, EndpointStatus

Json = dict[str, Any]

LONGEST_NAME = 63

RunOnLoop = Callable[[Coroutine[Any, Any, Any]], Any]
"""Runs a coroutine on the server's event loop and returns its result to this thread."""

_UPDATE_MEMBERS = (
    "DeploymentConfig",
    "RetainAllVariantProperties",
    "ExcludeRetainedVariantProperties",
    "RetainDeploymentConfig",
)
_NOT_AT_CREATION = frozenset(_UPDATE_MEMBERS) - {"DeploymentConfig"}
_GONE = ("Could not find", "does not exist")


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """One resource type: `noun` is what its operations and members are named after."""

    noun: str

    @property
    def name_member(self) -> str:
        """The member that holds its name, also an attribute."""
        return f"{self.noun}Name"

    @property
    def arn_member(self) -> str:
        """The member that holds its ARN, also an attribute."""
        return f"{self.noun}Arn"


MODEL = Kind(noun="Model")
ENDPOINT_CONFIG = Kind(noun="EndpointConfig")
ENDPOINT = Kind(noun="Endpoint")


@dataclass(frozen=True, slots=True, kw_only=True)
class SageMakerResource:
    """Creates, retags, replaces and deletes the resources of one kind."""

    kind: Kind
    schema: ResourceSchema
    plane: ControlPlane
    run: RunOnLoop

    def create(self, context: ResourceContext, properties: Mapping[str, Any]) -> Provisioned:
        """The resource exists, under a generated name if the template gives none."""
        wanted = checked_properties(self.schema, context.logical_id, properties)
        name = wanted.get(self.kind.name_member)
        request = {
            **{k: v for k, v in wanted.items() if k not in _NOT_AT_CREATION},
            self.kind.name_member: context.generated_name(LONGEST_NAME) if name is None else name,
        }
        answer = self.call(context, f"Create{self.kind.noun}", request)
        arn = str(answer[self.kind.arn_member])
        self.settle_created(context, arn)
        return self._provisioned(arn, request)

    def update(
        self,
        context: ResourceContext,
        physical_id: str,
        old: Mapping[str, Any],
        new: Mapping[str, Any],
    ) -> Provisioned:
        """The resource is as the template says, as a new one where the type demands replacement."""
        before = checked_properties(self.schema, context.logical_id, old)
        after = checked_properties(self.schema, context.logical_id, new)
        if replaces(self.schema, before, after):
            return self.create(context, new)
        self.apply(context, physical_id, before, after)
        self._retag(context, physical_id, before, after)
        return self._provisioned(physical_id, {self.kind.name_member: self.name_of(physical_id)})

    def delete(
        self, context: ResourceContext, physical_id: str, _properties: Mapping[str, Any]
    ) -> None:
        """The resource is gone; one that was gone already counts."""
        request = {self.kind.name_member: self.name_of(physical_id)}
        self.tolerantly(lambda: self.call(context, f"Delete{self.kind.noun}", request))

    def tolerantly(self, deletion: Callable[[], Any]) -> None:
        """The deletion is done, or there was nothing to delete."""
        try:
            deletion()
        except ResourceError as error:
            if not any(words in str(error) for words in _GONE):
                raise

    def settle_created(self, context: ResourceContext, arn: str) -> None:
        """Nothing of the creation is still under way."""

    def apply(self, context: ResourceContext, physical_id: str, before: Json, after: Json) -> None:
        """What can change in place has changed."""

    def call(self, context: ResourceContext, operation: str, request: Mapping[str, Any]) -> Json:
        """The operation's answer; its error becomes the resource's."""
        tenant = tenant_of(context)
        try:
            answer: Json = self.run(self.plane.call(tenant, operation, request))
        except SageMakerError as error:
            raise ResourceError(
                f"{error.message} (Service: SageMaker, Status Code: {error.status}, "
                f"Error Code: {error.code})"
            ) from error
        return answer

    def name_of(self, arn: str) -> str:
        """The resource's name."""
        return name_in(arn)

    def _provisioned(self, arn: str, request: Mapping[str, Any]) -> Provisioned:
        name = request[self.kind.name_member]
        attributes = {self.kind.name_member: name, self.kind.arn_member: arn}
        return Provisioned(physical_id=arn, attributes=attributes)

    def _retag(self, context: ResourceContext, arn: str, before: Json, after: Json) -> None:
        old, new = _tags(before), _tags(after)
        gone = [key for key in old if key not in new]
        if gone:
            self.call(context, "DeleteTags", {"ResourceArn": arn, "TagKeys": gone})
        if new and new != old:
            listed = [{"Key": key, "Value": value} for key, value in new.items()]
            self.call(context, "AddTags", {"ResourceArn": arn, "Tags": listed})


class EndpointResource(SageMakerResource):
    """An endpoint: creation and update wait until it has settled."""

    def settle_created(self, context: ResourceContext, arn: str) -> None:
        """The endpoint is InService; a failed one stays until the rollback deletes it."""
        endpoint = self._settled(context, arn)
        if endpoint is None or endpoint.status is EndpointStatus.FAILED:
            reason = None if endpoint is None else endpoint.failure_reason
            raise PartlyCreatedError(f"Resource creation failed: {reason}", physical_id=arn)

    def apply(self, context: ResourceContext, physical_id: str, before: Json, after: Json) -> None:
        """The endpoint has settled after an update to the template's configuration."""
        if before["EndpointConfigName"] == after["EndpointConfigName"]:
            return
        request = {member: after[member] for member in _UPDATE_MEMBERS if member in after}
        request |= {
            "EndpointName": self.name_of(physical_id),
            "EndpointConfigName": after["EndpointConfigName"],
        }
        self.call(context, "UpdateEndpoint", request)
        endpoint = self._settled(context, physical_id)
        if endpoint is None or endpoint.status is EndpointStatus.FAILED:
            reason = None if endpoint is None else endpoint.failure_reason
            raise ResourceError(f"Resource update failed: {reason}")

    def delete(
        self, context: ResourceContext, physical_id: str, _properties: Mapping[str, Any]
    ) -> None:
        """The endpoint and its processes are gone; a transition under way is waited for first."""
        self._settled(context, physical_id)
        SageMakerResource.delete(self, context, physical_id, _properties)
        self._settled(context, physical_id)

    def _settled(self, context: ResourceContext, arn: str) -> Endpoint | None:
        name, tenant = self.name_of(arn), tenant_of(context)
        endpoint: Endpoint | None = self.run(self.plane.endpoints.settled(tenant, name))
        return endpoint


def register_resources(
    registry: HandlerRegistry, catalogue: SchemaCatalogue, plane: ControlPlane, run: RunOnLoop
) -> None:
    """Templates with SageMaker hosting resources create what runs here."""
    for kind in (MODEL, ENDPOINT_CONFIG, ENDPOINT):
        handler = EndpointResource if kind is ENDPOINT else SageMakerResource
        type_name = f"AWS::SageMaker::{kind.noun}"
        registry.add_blocking(
            type_name,
            handler(kind=kind, schema=catalogue.load(type_name), plane=plane, run=run),
        )


def tenant_of(context: ResourceContext) -> Tenant:
    """Whose stack it is."""
    return Tenant(context.account, context.region)


def _tags(properties: Mapping[str, Any]) -> dict[str, str]:
    return {tag["Key"]: tag["Value"] for tag in properties.get("Tags", [])}
