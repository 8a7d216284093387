"""Model package groups and model packages as CloudFormation resources; `Ref` is the ARN.

What a template says of a package that CreateModelPackage does not take (`ApprovalDescription`,
`AdditionalInferenceSpecificationsToAdd`) is given to UpdateModelPackage, as AWS's handler does.
Tags of a package are not passed on: SageMaker takes none for a version of a group, and those of
the stack would make every package fail.
"""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from emulator import apimodels
from emulator.cloudformation.registry import (
    HandlerRegistry,
    PartlyCreatedError,
    Provisioned,
    ResourceContext,
    ResourceError,
)
from emulator.cloudformation.schemas import SchemaCatalogue
from emulator.cloudformation.validation import checked_properties
from emulator.sagemaker.api import ControlPlane
from emulator.sagemaker.registry.announcements import moment_text
from emulator.sagemaker.resources import Kind, RunOnLoop, SageMakerResource

Json = dict[str, Any]

GROUP = Kind(noun="ModelPackageGroup")
PACKAGE = Kind(noun="ModelPackage")

_POLICY = "ModelPackageGroupPolicy"
_GROUP_ATTRIBUTES = ("ModelPackageGroupArn", "ModelPackageGroupStatus", "CreationTime")
_PACKAGE_ATTRIBUTES = ("ModelPackageArn", "ModelPackageStatus", "CreationTime", "LastModifiedTime")
_METADATA, _TO_ADD = "CustomerMetadataProperties", "AdditionalInferenceSpecificationsToAdd"


class GroupResource(SageMakerResource):
    """A group, and its policy."""

    def create(self, context: ResourceContext, properties: Mapping[str, Any]) -> Provisioned:
        """The group exists, with its policy if the template has one."""
        own = {name: value for name, value in properties.items() if name != _POLICY}
        made = SageMakerResource.create(self, context, own)
        try:
            self.apply(context, made.physical_id, {}, dict(properties))
        except ResourceError as error:
            raise PartlyCreatedError(str(error), physical_id=made.physical_id) from error
        return self._described(context, made.physical_id)

    def update(
        self,
        context: ResourceContext,
        physical_id: str,
        old: Mapping[str, Any],
        new: Mapping[str, Any],
    ) -> Provisioned:
        """Tags and policy are the template's; another name or description is another group."""
        made = SageMakerResource.update(self, context, physical_id, old, new)
        return self._described(context, made.physical_id)

    def apply(self, context: ResourceContext, physical_id: str, before: Json, after: Json) -> None:
        """The group has the template's policy, or none."""
        named = {self.kind.name_member: self.name_of(physical_id)}
        policy = after.get(_POLICY)
        if policy == before.get(_POLICY):
            return
        if policy is None:
            self.call(context, f"Delete{_POLICY}", named)
            return
        text = policy if isinstance(policy, str) else json.dumps(policy)
        self.call(context, f"Put{_POLICY}", {**named, "ResourcePolicy": text})

    def _described(self, context: ResourceContext, arn: str) -> Provisioned:
        told = self.call(context, "DescribeModelPackageGroup", {self.kind.name_member: arn})
        return _provisioned(arn, told, _GROUP_ATTRIBUTES)


class PackageResource(SageMakerResource):
    """A version in a group; what cannot change of one makes another version."""

    def create(self, context: ResourceContext, properties: Mapping[str, Any]) -> Provisioned:
        """The group has one version more."""
        wanted = checked_properties(self.schema, context.logical_id, properties)
        request = {k: v for k, v in _members("CreateModelPackage", wanted).items() if k != "Tags"}
        arn = str(self.call(context, "CreateModelPackage", request)[self.kind.arn_member])
        rest = {k: v for k, v in wanted.items() if k not in request}
        try:
            self._change(context, arn, rest)
        except ResourceError as error:
            raise PartlyCreatedError(str(error), physical_id=arn) from error
        return self._described(context, arn)

    def update(
        self,
        context: ResourceContext,
        physical_id: str,
        old: Mapping[str, Any],
        new: Mapping[str, Any],
    ) -> Provisioned:
        """The package is as the template says, as a new version where it has to be."""
        untagged = [{k: v for k, v in each.items() if k != "Tags"} for each in (old, new)]
        made = SageMakerResource.update(self, context, physical_id, *untagged)
        return self._described(context, made.physical_id)

    def apply(self, context: ResourceContext, physical_id: str, before: Json, after: Json) -> None:
        """What can change of a package has changed."""
        changed = {name: value for name, value in after.items() if before.get(name) != value}
        gone = [key for key in before.get(_METADATA, {}) if key not in after.get(_METADATA, {})]
        if gone:
            changed[f"{_METADATA}ToRemove"] = gone
        self._change(context, physical_id, changed)

    def name_of(self, arn: str) -> str:
        """A package is named by its ARN."""
        return arn

    def _change(self, context: ResourceContext, arn: str, changed: Json) -> None:
        request = _members("UpdateModelPackage", changed)
        if request:
            self.call(context, "UpdateModelPackage", {**request, self.kind.arn_member: arn})

    def _described(self, context: ResourceContext, arn: str) -> Provisioned:
        told = self.call(context, "DescribeModelPackage", {self.kind.name_member: arn})
        return _provisioned(arn, told, _PACKAGE_ATTRIBUTES)


def _members(operation: str, properties: Mapping[str, Any]) -> Json:
    """The properties that the operation takes, as its shape spells them."""
    shape = apimodels.service_model("sagemaker").operation_model(operation).input_shape
    members: Json = {} if shape is None else apimodels.from_template(shape, properties)
    return members


def _provisioned(arn: str, told: Mapping[str, Any], names: tuple[str, ...]) -> Provisioned:
    known = {name: told[name] for name in names if name in told}
    texts = {n: moment_text(v) if n.endswith("Time") else v for n, v in known.items()}
    return Provisioned(physical_id=arn, attributes=texts)


def _handlers() -> Iterator[tuple[Kind, type[SageMakerResource]]]:
    yield GROUP, GroupResource
    yield PACKAGE, PackageResource


def register_registry(
    registry: HandlerRegistry, catalogue: SchemaCatalogue, plane: ControlPlane, run: RunOnLoop
) -> None:
    """Templates with groups and packages create what the registry's operations know."""
    for kind, handler in _handlers():
        type_name = f"AWS::SageMaker::{kind.noun}"
        schema = catalogue.load(type_name)
        made = handler(kind=kind, schema=schema, plane=plane, run=run)
        registry.add_blocking(type_name, made)
