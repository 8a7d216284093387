"""`AWS::AutoScaling::AutoScalingGroup` in templates, by the operations of the API.

`Ref` is the group's name. A group that is deleted ends its instances first, and CloudFormation
waits for that.
"""

from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass
from typing import Any

from emulator.cloudformation.generic import replaces
from emulator.cloudformation.registry import (
    HandlerRegistry,
    Provisioned,
    ResourceContext,
    ResourceError,
)
from emulator.cloudformation.schemas import ResourceSchema, SchemaCatalogue
from emulator.ec2.api import ControlPlane
from emulator.ec2.errors import ScalingError
from emulator.ec2.state import Json
from emulator.sagemaker.names import Tenant

TYPE = "AWS::AutoScaling::AutoScalingGroup"
LONGEST_NAME = 255
_TARGETS = "TargetGroupARNs"
"""Attached by operations of their own; UpdateAutoScalingGroup does not know them."""
_NUMBERS = (
    "MinSize",
    "MaxSize",
    "DesiredCapacity",
    "HealthCheckGracePeriod",
    "DefaultInstanceWarmup",
)
RunOnLoop = Callable[[Coroutine[Any, Any, Any]], Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupResource:
    """Creates, changes, replaces and deletes groups."""

    schema: ResourceSchema
    plane: ControlPlane
    run: RunOnLoop

    def create(self, context: ResourceContext, properties: Mapping[str, Any]) -> Provisioned:
        """The group exists; its instances come afterwards, as on AWS without a creation policy."""
        name = properties.get("AutoScalingGroupName") or context.generated_name(LONGEST_NAME)
        request = {**_request(properties), "AutoScalingGroupName": name}
        self._call(context, "CreateAutoScalingGroup", request)
        return self._provisioned(context, name)

    def update(
        self,
        context: ResourceContext,
        physical_id: str,
        old: Mapping[str, Any],
        new: Mapping[str, Any],
    ) -> Provisioned:
        """The group is as the template says, as a new one where the type demands it.

        Instances that run stay as they are: there is no update policy here.
        """
        if replaces(self.schema, old, new):
            return self.create(context, new)
        if old.get(_TARGETS) != new.get(_TARGETS):
            raise ResourceError(f"the embedded cloud does not change {_TARGETS} of a group")
        request = {k: v for k, v in _request(new).items() if k not in {"Tags", _TARGETS}}
        if old.get("DesiredCapacity") == new.get("DesiredCapacity"):
            request.pop("DesiredCapacity", None)
        named = {**request, "AutoScalingGroupName": physical_id}
        self._call(context, "UpdateAutoScalingGroup", named)
        return self._provisioned(context, physical_id)

    def delete(
        self, context: ResourceContext, physical_id: str, properties: Mapping[str, Any]
    ) -> None:
        """The group and its instances are gone; one that was gone already counts."""
        del properties
        self.run(self._gone(Tenant(context.account, context.region), physical_id))

    async def _gone(self, tenant: Tenant, name: str) -> None:
        group = self.plane.groups.store.groups.get((tenant, name))
        if group is not None:
            request = {"AutoScalingGroupName": name, "ForceDelete": True}
            await self.plane.call(tenant, "DeleteAutoScalingGroup", request)
            await group.gone.wait()

    def _provisioned(self, context: ResourceContext, name: str) -> Provisioned:
        asked = {"AutoScalingGroupNames": [name]}
        answer = self._call(context, "DescribeAutoScalingGroups", asked)
        arn = answer["AutoScalingGroups"][0]["AutoScalingGroupARN"]
        return Provisioned(physical_id=name, attributes={"AutoScalingGroupARN": arn})

    def _call(self, context: ResourceContext, operation: str, request: Mapping[str, Any]) -> Json:
        tenant = Tenant(context.account, context.region)
        try:
            answer: Json = self.run(self.plane.call(tenant, operation, request))
        except ScalingError as error:
            raise ResourceError(
                f"{error} (Service: AutoScaling, Status Code: 400, Error Code: {error.code})"
            ) from error
        return answer


def _request(properties: Mapping[str, Any]) -> Json:
    """The members of the API in a template's properties, whose numbers may be text."""
    request = {k: v for k, v in properties.items() if v is not None}
    request |= {name: int(request[name]) for name in _NUMBERS if name in request}
    if "Cooldown" in request:
        request["DefaultCooldown"] = int(request.pop("Cooldown"))
    subnets = request.get("VPCZoneIdentifier")
    if isinstance(subnets, list):
        request["VPCZoneIdentifier"] = ",".join(subnets)
    return request


def register_groups(
    registry: HandlerRegistry, catalogue: SchemaCatalogue, plane: ControlPlane, run: RunOnLoop
) -> None:
    """Templates with groups get instances."""
    registry.add_blocking(TYPE, GroupResource(schema=catalogue.load(TYPE), plane=plane, run=run))
