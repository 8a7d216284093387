"""`AWS::CodeBuild::Project`, whose `Ref` is its name, and `ReportGroup`, whose `Ref` is its ARN."""

from collections.abc import Coroutine, Mapping
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
GROUP_TYPE = "AWS::CodeBuild::ReportGroup"
_LONGEST_NAME = 150
_LONGEST_GROUP_NAME = 128
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
        _called(self._runtime, self._codebuild.call(_tenant(context), operation, request))


class ReportGroupResource:
    """Creates, updates and deletes report groups."""

    def __init__(self, schema: ResourceSchema, codebuild: CodeBuild, runtime: Runtime) -> None:
        self._schema = schema
        self._codebuild = codebuild
        self._runtime = runtime

    def create(self, context: ResourceContext, properties: Mapping[str, Any]) -> Provisioned:
        """The group exists, under a generated name if the template gives none."""
        name = properties.get("Name")
        named = context.generated_name(_LONGEST_GROUP_NAME) if name is None else str(name)
        request = {**_request(_told(properties), "CreateReportGroup"), "name": named}
        self._call(context, "CreateReportGroup", request)
        arn = Tenant(context.account, context.region).arn("report-group", named)
        return Provisioned(physical_id=arn, attributes={"Arn": arn})

    def update(
        self,
        context: ResourceContext,
        physical_id: str,
        old: Mapping[str, Any],
        new: Mapping[str, Any],
    ) -> Provisioned:
        """The group is as the template says, as a new one where name or type changed."""
        if replaces(self._schema, old, new):
            return self.create(context, new)
        changed = _request(_told(new), "CreateReportGroup")
        request: Json = {"tags": []}
        request |= {name: changed[name] for name in ("exportConfig", "tags") if name in changed}
        self._call(context, "UpdateReportGroup", {**request, "arn": physical_id})
        return Provisioned(physical_id=physical_id, attributes={"Arn": physical_id})

    def delete(
        self, context: ResourceContext, physical_id: str, properties: Mapping[str, Any]
    ) -> None:
        """The group is gone; one that has reports only where `DeleteReports` says so."""
        reports = str(properties.get("DeleteReports", False)).lower() == "true"
        request = {"arn": physical_id, "deleteReports": reports}
        self._call(context, "DeleteReportGroup", request)

    def _call(self, context: ResourceContext, operation: str, request: Json) -> None:
        _called(self._runtime, self._codebuild.call(_tenant(context), operation, request))


def register_builds(
    registry: HandlerRegistry, catalogue: SchemaCatalogue, codebuild: CodeBuild, runtime: Runtime
) -> None:
    """Templates with projects and report groups create what works here."""
    project = ProjectResource(catalogue.load(TYPE_NAME), codebuild, runtime)
    registry.add_blocking(TYPE_NAME, project)
    group = ReportGroupResource(catalogue.load(GROUP_TYPE), codebuild, runtime)
    registry.add_blocking(GROUP_TYPE, group)


def _tenant(context: ResourceContext) -> Tenant:
    return Tenant(context.account, context.region)


def _called(runtime: Runtime, call: Coroutine[Any, Any, Json]) -> None:
    try:
        runtime.run_on_loop(call)
    except CodeBuildError as error:
        raise ResourceError(
            f"{error.message} (Service: AWSCodeBuild; Status Code: 400; Error Code: {error.code})"
        ) from error


def _told(properties: Mapping[str, Any]) -> dict[str, Any]:
    """What the API is told of: deleting is CloudFormation's part."""
    return {name: value for name, value in properties.items() if name != "DeleteReports"}


def _request(properties: Mapping[str, Any], operation: str = "CreateProject") -> Json:
    shape = apimodels.service_model("codebuild").operation_model(operation).input_shape
    if shape is None:
        raise LookupError(f"{operation} has no input in the model that is installed")
    request: Json = apimodels.from_template(shape, properties)
    return request


def _provisioned(context: ResourceContext, name: str) -> Provisioned:
    arn = Tenant(context.account, context.region).arn("project", name)
    return Provisioned(physical_id=name, attributes={"Arn": arn, "Id": name})
