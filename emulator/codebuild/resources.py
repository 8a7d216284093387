"""`AWS::CodeBuild::Project`: `Ref` is the project's name."""

from collections.abc import Mapping
from typing import Any

from emulator import apimodels
from emulator.cloudformation.generic import replaces
from emulator.cloudformation.registry import (
    HandlerRegistry,
    Provisioned,
    ResourceContext,
    ResourceError,
)
from emulator.cloudformation.schemas import ResourceSchema, SchemaCatalogue
from emulator.codebuild.api import CodeBuild
from emulator.codebuild.errors import CodeBuildError
from emulator.codebuild.state import Json, Tenant
from emulator.runtime import Runtime

TYPE_NAME = "AWS::CodeBuild::Project"
_LONGEST_NAME = 150
_RESET: Mapping[str, Any] = {
    "secondarySources": [],
    "secondaryArtifacts": [],
    "secondarySourceVersions": [],
    "timeoutInMinutes": 60,
    "queuedTimeoutInMinutes": 480,
    "description": "",
    "tags": [],
}
"""What an update sets where the template says nothing any more."""


class ProjectResource:
    """Creates, updates and deletes projects."""

    def __init__(self, schema: ResourceSchema, codebuild: CodeBuild, runtime: Runtime) -> None:
        self._schema = schema
        self._codebuild = codebuild
        self._runtime = runtime

    def create(self, context: ResourceContext, properties: Mapping[str, Any]) -> Provisioned:
        """The project exists, under a generated name if the template gives none."""
        name = properties.get("Name")
        named = context.generated_name(_LONGEST_NAME) if name is None else str(name)
        self._call(context, "CreateProject", {**_request(properties), "name": named})
        return _provisioned(context, named)

    def update(
        self,
        context: ResourceContext,
        physical_id: str,
        old: Mapping[str, Any],
        new: Mapping[str, Any],
    ) -> Provisioned:
        """The project is as the template says, as a new one where its name changed."""
        if replaces(self._schema, old, new):
            return self.create(context, new)
        request = {**_RESET, **_request(new), "name": physical_id}
        self._call(context, "UpdateProject", request)
        return _provisioned(context, physical_id)

    def delete(
        self, context: ResourceContext, physical_id: str, _properties: Mapping[str, Any]
    ) -> None:
        """The project is gone."""
        self._call(context, "DeleteProject", {"name": physical_id})

    def _call(self, context: ResourceContext, operation: str, request: Json) -> None:
        tenant = Tenant(context.account, context.region)
        try:
            self._runtime.run_on_loop(self._codebuild.call(tenant, operation, request))
        except CodeBuildError as error:
            raise ResourceError(
                f"{error.message} (Service: AWSCodeBuild; Status Code: 400; "
                f"Error Code: {error.code})"
            ) from error


def register_projects(
    registry: HandlerRegistry, catalogue: SchemaCatalogue, codebuild: CodeBuild, runtime: Runtime
) -> None:
    """Templates with projects create what runs here."""
    resource = ProjectResource(catalogue.load(TYPE_NAME), codebuild, runtime)
    registry.add_blocking(TYPE_NAME, resource)


def _request(properties: Mapping[str, Any]) -> Json:
    shape = apimodels.service_model("codebuild").operation_model("CreateProject").input_shape
    if shape is None:
        raise LookupError("CreateProject has no input in the model that is installed")
    request: Json = apimodels.from_template(shape, properties)
    return request


def _provisioned(context: ResourceContext, name: str) -> Provisioned:
    arn = Tenant(context.account, context.region).arn("project", name)
    return Provisioned(physical_id=name, attributes={"Arn": arn, "Id": name})
