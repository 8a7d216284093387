"""Pipelines as CloudFormation resources; `Ref` is the name."""

import uuid
from collections.abc import Mapping
from typing import Any

from emulator.cloudformation.registry import HandlerRegistry, Provisioned, ResourceContext
from emulator.cloudformation.schemas import SchemaCatalogue
from emulator.cloudformation.validation import checked_properties
from emulator.sagemaker import names
from emulator.sagemaker.api import ControlPlane
from emulator.sagemaker.resources import Kind, RunOnLoop, SageMakerResource, tenant_of

Json = dict[str, Any]

PIPELINE = Kind(noun="Pipeline")
_KEPT = ("PipelineDisplayName", "PipelineDescription", "RoleArn", "ParallelismConfiguration")


class PipelineResource(SageMakerResource):
    """A pipeline whose definition the template has, as a text, or names in S3."""

    def create(self, context: ResourceContext, properties: Mapping[str, Any]) -> Provisioned:
        """The pipeline exists."""
        wanted = checked_properties(self.schema, context.logical_id, properties)
        name = wanted["PipelineName"]
        request = {
            **_members(wanted),
            "PipelineName": name,
            "ClientRequestToken": uuid.uuid4().hex,
            "Tags": wanted.get("Tags", []),
        }
        self.call(context, "CreatePipeline", request)
        return Provisioned(physical_id=name, attributes={})

    def apply(self, context: ResourceContext, physical_id: str, before: Json, after: Json) -> None:
        """The pipeline is as the template says."""
        if _members(before) != _members(after):
            self.call(context, "UpdatePipeline", {**_members(after), "PipelineName": physical_id})

    def delete(
        self, context: ResourceContext, physical_id: str, _properties: Mapping[str, Any]
    ) -> None:
        """The pipeline is gone; one that was gone already counts."""
        request = {"PipelineName": physical_id, "ClientRequestToken": uuid.uuid4().hex}
        self.tolerantly(lambda: self.call(context, "DeletePipeline", request))

    def _retag(self, context: ResourceContext, arn: str, before: Json, after: Json) -> None:
        own = tenant_of(context).arn(names.PIPELINE, arn)
        SageMakerResource._retag(self, context, own, before, after)  # noqa: SLF001 - its own class

    def _provisioned(self, arn: str, _request: Mapping[str, Any]) -> Provisioned:
        return Provisioned(physical_id=arn, attributes={})


def _members(properties: Mapping[str, Any]) -> Json:
    """The members of CreatePipeline and UpdatePipeline that the template sets."""
    known = {name: properties[name] for name in _KEPT if name in properties}
    definition = properties["PipelineDefinition"]
    if isinstance(definition, str):
        return {**known, "PipelineDefinition": definition}
    if "PipelineDefinitionBody" in definition:
        return {**known, "PipelineDefinition": definition["PipelineDefinitionBody"]}
    place = definition["PipelineDefinitionS3Location"]
    location = {"Bucket": place["Bucket"], "ObjectKey": place["Key"]}
    if "Version" in place:
        location["VersionId"] = place["Version"]
    return {**known, "PipelineDefinitionS3Location": location}


def register_model_pipelines(
    registry: HandlerRegistry, catalogue: SchemaCatalogue, plane: ControlPlane, run: RunOnLoop
) -> None:
    """Templates with pipelines create what the operations know."""
    type_name = "AWS::SageMaker::Pipeline"
    schema = catalogue.load(type_name)
    handler = PipelineResource(kind=PIPELINE, schema=schema, plane=plane, run=run)
    registry.add_blocking(type_name, handler)
