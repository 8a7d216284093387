"""`AWS::GreengrassV2::ComponentVersion` and `Deployment` in templates make what the API makes."""

import base64
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from emulator import apimodels
from emulator.ai.site import Tenant
from emulator.cloudformation.registry import (
    HandlerRegistry,
    Provisioned,
    ResourceContext,
    ResourceError,
)
from emulator.greengrass.components import Component, Components
from emulator.greengrass.deployments import Deployments
from emulator.greengrass.recipes import ReadObject
from emulator.jsonapi import RefusedRequestError

SERVICE = "greengrassv2"
_FIXED = ("TargetArn", "Components", "DeploymentName", "DeploymentPolicies", "ParentTargetArn")
"""Properties of a deployment that are create-only in the public schema."""


def _tenant(context: ResourceContext) -> Tenant:
    return (context.account, context.region)


@dataclass(frozen=True, kw_only=True, slots=True)
class ComponentResource:
    """A component version; another recipe is another one."""

    components: Components
    objects: Callable[[Tenant], ReadObject]

    def create(self, context: ResourceContext, properties: Mapping[str, Any]) -> Provisioned:
        """The version is there, its artifacts digested."""
        recipe, tenant = properties.get("InlineRecipe"), _tenant(context)
        if not isinstance(recipe, str):
            raise ResourceError("only InlineRecipe is emulated: a Lambda makes no component here")
        blob = base64.b64encode(recipe.encode()).decode()
        try:
            made = self.components.create(
                tenant, blob, self.objects(tenant), properties.get("Tags") or {}
            )
        except RefusedRequestError as refused:
            raise ResourceError(refused.message) from refused
        return _provisioned(made)

    def update(
        self,
        context: ResourceContext,
        physical_id: str,
        old: Mapping[str, Any],
        new: Mapping[str, Any],
    ) -> Provisioned:
        """Tags may change, InlineRecipe is create-only."""
        if old.get("InlineRecipe") != new.get("InlineRecipe"):
            return self.create(context, new)
        return _provisioned(self.components.by_arn(_tenant(context), physical_id))

    def delete(
        self, context: ResourceContext, physical_id: str, _properties: Mapping[str, Any]
    ) -> None:
        """There is no such version."""
        try:
            self.components.remove(self.components.by_arn(_tenant(context), physical_id))
        except RefusedRequestError:
            return


def _provisioned(made: Component) -> Provisioned:
    return Provisioned(
        physical_id=made.arn,
        attributes={
            "Arn": made.arn,
            "ComponentName": made.recipe.name,
            "ComponentVersion": made.recipe.version,
        },
    )


@dataclass(frozen=True, kw_only=True, slots=True)
class DeploymentResource:
    """A deployment to a thing or a thing group."""

    deployments: Deployments

    def create(self, context: ResourceContext, properties: Mapping[str, Any]) -> Provisioned:
        """The deployment is in force."""
        shape = apimodels.service_model(SERVICE).operation_model("CreateDeployment").input_shape
        assert shape is not None  # noqa: S101 - CreateDeployment takes something
        asked = apimodels.from_template(shape, properties)
        failures = apimodels.constraint_failures(SERVICE, "CreateDeployment", asked)
        if failures:
            raise ResourceError(apimodels.listed(failures))
        try:
            made = self.deployments.create(_tenant(context), asked)
        except RefusedRequestError as refused:
            raise ResourceError(refused.message) from refused
        return Provisioned(physical_id=made.id, attributes={"DeploymentId": made.id})

    def update(
        self,
        context: ResourceContext,
        physical_id: str,
        old: Mapping[str, Any],
        new: Mapping[str, Any],
    ) -> Provisioned:
        """Only tags may change in place."""
        if any(old.get(name) != new.get(name) for name in _FIXED):
            return self.create(context, new)
        return Provisioned(physical_id=physical_id, attributes={"DeploymentId": physical_id})

    def delete(
        self, context: ResourceContext, physical_id: str, _properties: Mapping[str, Any]
    ) -> None:
        """The deployment is cancelled and gone."""
        try:
            self.deployments.cancel(_tenant(context), physical_id)
            self.deployments.delete(_tenant(context), physical_id)
        except RefusedRequestError:
            return


def register_components(
    registry: HandlerRegistry, components: ComponentResource, deployments: DeploymentResource
) -> None:
    """Templates may contain component versions, which are read from S3, and deployments."""
    registry.add_blocking("AWS::GreengrassV2::ComponentVersion", components)
    registry.add("AWS::GreengrassV2::Deployment", deployments)
