"""Notebook instances and lifecycle configurations as CloudFormation resources; `Ref` is the ARN.

An instance is stopped before it is changed or deleted, and runs after a change if it ran before,
as CloudFormation's template reference says of `InstanceType`.
"""

from collections.abc import Mapping
from typing import Any

from emulator.cloudformation.registry import (
    HandlerRegistry,
    PartlyCreatedError,
    ResourceContext,
    ResourceError,
)
from emulator.cloudformation.schemas import SchemaCatalogue
from emulator.sagemaker.api import ControlPlane
from emulator.sagemaker.notebooks.state import Notebook, Status
from emulator.sagemaker.resources import Kind, RunOnLoop, SageMakerResource, tenant_of

Json = dict[str, Any]

NOTEBOOK = Kind(noun="NotebookInstance")
CONFIG = Kind(noun="NotebookInstanceLifecycleConfig")
_TAKEN_AWAY = {
    "LifecycleConfigName": "DisassociateLifecycleConfig",
    "DefaultCodeRepository": "DisassociateDefaultCodeRepository",
    "AdditionalCodeRepositories": "DisassociateAdditionalCodeRepositories",
    "AcceleratorTypes": "DisassociateAcceleratorTypes",
}
_OF_UPDATES = (
    *_TAKEN_AWAY,
    *("InstanceType", "RoleArn", "VolumeSizeInGB", "RootAccess", "IpAddressType"),
    "InstanceMetadataServiceConfiguration",
)


class ConfigResource(SageMakerResource):
    """Scripts; instances run changed ones when they start the next time."""

    def apply(self, context: ResourceContext, physical_id: str, before: Json, after: Json) -> None:
        """The scripts are the template's."""
        scripts = {name: after.get(name, []) for name in ("OnCreate", "OnStart")}
        if scripts != {name: before.get(name, []) for name in scripts}:
            named = {self.kind.name_member: self.name_of(physical_id)}
            self.call(context, f"Update{self.kind.noun}", {**named, **scripts})


class NotebookResource(SageMakerResource):
    """An instance: creation waits until it is InService."""

    def settle_created(self, context: ResourceContext, arn: str) -> None:
        """The instance is InService; a failed one stays until the rollback deletes it."""
        found = self._settled(context, arn)
        if found is None or found.status is Status.FAILED:
            reason = None if found is None else found.failure_reason
            raise PartlyCreatedError(f"Resource creation failed: {reason}", physical_id=arn)

    def apply(self, context: ResourceContext, physical_id: str, before: Json, after: Json) -> None:
        """The instance has what changed, and runs if it ran before."""
        changed = {
            member: after[member]
            for member in _OF_UPDATES
            if member in after and after[member] != before.get(member)
        }
        gone = [s for member, s in _TAKEN_AWAY.items() if member in before and member not in after]
        if not changed and not gone:
            return
        ran = self._stopped(context, physical_id)
        named = {self.kind.name_member: self.name_of(physical_id)}
        request = {**named, **changed, **dict.fromkeys(gone, True)}
        self.call(context, "UpdateNotebookInstance", request)
        if ran:
            self.call(context, "StartNotebookInstance", named)
            found = self._settled(context, physical_id)
            if found is None or found.status is Status.FAILED:
                reason = None if found is None else found.failure_reason
                raise ResourceError(f"Resource update failed: {reason}")

    def delete(
        self, context: ResourceContext, physical_id: str, _properties: Mapping[str, Any]
    ) -> None:
        """The instance is stopped, then gone."""
        self._stopped(context, physical_id)
        SageMakerResource.delete(self, context, physical_id, _properties)

    def _stopped(self, context: ResourceContext, arn: str) -> bool:
        """The instance does not run; whether it did."""
        found = self._settled(context, arn)
        if found is None or found.status is not Status.IN_SERVICE:
            return False
        named = {self.kind.name_member: found.name}
        self.call(context, "StopNotebookInstance", named)
        self._settled(context, arn)
        return True

    def _settled(self, context: ResourceContext, arn: str) -> Notebook | None:
        instances = self.plane.notebooks.instances
        found: Notebook | None = self.run(instances.settled(tenant_of(context), self.name_of(arn)))
        return found


def register_notebooks(
    registry: HandlerRegistry, catalogue: SchemaCatalogue, plane: ControlPlane, run: RunOnLoop
) -> None:
    """Templates may contain notebook instances."""
    for kind, handler in ((CONFIG, ConfigResource), (NOTEBOOK, NotebookResource)):
        type_name = f"AWS::SageMaker::{kind.noun}"
        registry.add_blocking(
            type_name,
            handler(kind=kind, schema=catalogue.load(type_name), plane=plane, run=run),
        )
