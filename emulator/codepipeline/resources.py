"""`AWS::CodePipeline::Pipeline`: `Ref` is the pipeline's name."""

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
from emulator.codepipeline.api import CodePipeline
from emulator.codepipeline.declaration import Tenant
from emulator.codepipeline.errors import CodePipelineError
from emulator.codepipeline.state import Json
from emulator.runtime import Runtime

TYPE_NAME = "AWS::CodePipeline::Pipeline"
_LONGEST_NAME = 100
_BY = "AWS CloudFormation"


class PipelineResource:
    """Creates, updates and deletes pipelines."""

    def __init__(
        self, schema: ResourceSchema, codepipeline: CodePipeline, runtime: Runtime
    ) -> None:
        self._schema = schema
        self._codepipeline = codepipeline
        self._runtime = runtime

    def create(self, context: ResourceContext, properties: Mapping[str, Any]) -> Provisioned:
        """The pipeline exists, under a generated name if the template gives none, and runs."""
        name = properties.get("Name")
        named = context.generated_name(_LONGEST_NAME) if name is None else str(name)
        tags = [{"key": t["Key"], "value": t["Value"]} for t in properties.get("Tags", [])]
        request: Json = {"pipeline": _declared(properties, named), "tags": tags}
        answer = self._call(context, "CreatePipeline", request)
        self._close_transitions(context, named, {}, properties)
        return self._provisioned(context, named, answer)

    def update(
        self,
        context: ResourceContext,
        physical_id: str,
        old: Mapping[str, Any],
        new: Mapping[str, Any],
    ) -> Provisioned:
        """The pipeline is as the template says; it starts again if the template wants that."""
        if replaces(self._schema, old, new):
            return self.create(context, new)
        request = {"pipeline": _declared(new, physical_id)}
        answer = self._call(context, "UpdatePipeline", request)
        self._retag(context, physical_id, old, new)
        self._close_transitions(context, physical_id, old, new)
        if new.get("RestartExecutionOnUpdate"):
            self._call(context, "StartPipelineExecution", {"name": physical_id})
        return self._provisioned(context, physical_id, answer)

    def delete(
        self, context: ResourceContext, physical_id: str, _properties: Mapping[str, Any]
    ) -> None:
        """The pipeline is gone."""
        self._call(context, "DeletePipeline", {"name": physical_id})

    def _close_transitions(
        self,
        context: ResourceContext,
        name: str,
        old: Mapping[str, Any],
        new: Mapping[str, Any],
    ) -> None:
        before, after = _disabled(old), _disabled(new)
        for stage in before.keys() - after.keys():
            request = {"pipelineName": name, "stageName": stage, "transitionType": "Inbound"}
            self._call(context, "EnableStageTransition", request)
        for stage, reason in after.items():
            request = {
                "pipelineName": name,
                "stageName": stage,
                "transitionType": "Inbound",
                "reason": reason,
            }
            self._call(context, "DisableStageTransition", request)

    def _retag(
        self, context: ResourceContext, name: str, old: Mapping[str, Any], new: Mapping[str, Any]
    ) -> None:
        arn = Tenant(context.account, context.region).arn(name)
        before, after = _tags(old), _tags(new)
        gone = [key for key in before if key not in after]
        if gone:
            self._call(context, "UntagResource", {"resourceArn": arn, "tagKeys": gone})
        if after and after != before:
            listed = [{"key": key, "value": value} for key, value in after.items()]
            self._call(context, "TagResource", {"resourceArn": arn, "tags": listed})

    def _call(self, context: ResourceContext, operation: str, request: Mapping[str, Any]) -> Json:
        tenant = Tenant(context.account, context.region)
        try:
            return self._runtime.run_on_loop(
                self._codepipeline.call(tenant, operation, request, _BY)
            )
        except CodePipelineError as error:
            raise ResourceError(
                f"{error.message} (Service: AWSCodePipeline; Status Code: 400; "
                f"Error Code: {error.code})"
            ) from error

    def _provisioned(
        self, context: ResourceContext, name: str, answer: Mapping[str, Any]
    ) -> Provisioned:
        attributes = {
            "Version": str(answer["pipeline"]["version"]),
            "Arn": Tenant(context.account, context.region).arn(name),
        }
        return Provisioned(physical_id=name, attributes=attributes)


def register_pipelines(
    registry: HandlerRegistry,
    catalogue: SchemaCatalogue,
    codepipeline: CodePipeline,
    runtime: Runtime,
) -> None:
    """Templates with pipelines create what runs here."""
    resource = PipelineResource(catalogue.load(TYPE_NAME), codepipeline, runtime)
    registry.add_blocking(TYPE_NAME, resource)


def _declared(properties: Mapping[str, Any], name: str) -> Json:
    """The API's declaration; a template lists its artifact stores where the API maps them."""
    shape = apimodels.service_model("codepipeline").shape_for("PipelineDeclaration")
    own = {key: value for key, value in properties.items() if key != "ArtifactStores"}
    declared: Json = apimodels.from_template(shape, own)
    stores = properties.get("ArtifactStores")
    if stores:
        store = apimodels.service_model("codepipeline").shape_for("ArtifactStore")
        declared["artifactStores"] = {
            entry["Region"]: apimodels.from_template(store, entry["ArtifactStore"])
            for entry in stores
        }
    return {**declared, "name": name}


def _disabled(properties: Mapping[str, Any]) -> dict[str, str]:
    listed = properties.get("DisableInboundStageTransitions", [])
    return {entry["StageName"]: entry["Reason"] for entry in listed}


def _tags(properties: Mapping[str, Any]) -> dict[str, str]:
    return {tag["Key"]: tag["Value"] for tag in properties.get("Tags", [])}
