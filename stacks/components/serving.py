"""Models, endpoint configuration and endpoint: two production variants, named by their slots.

L1 throughout: `CfnEndpointConfig` keeps a weight of 0, which the L2 of aws-sagemaker-alpha turns
into 1. Names of models and configurations are generated, because nearly all of their properties are
create-only; the endpoint's is literal, because its alarms need it without a cycle.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from aws_cdk import CfnResource, Stack
from aws_cdk import aws_sagemaker as sagemaker

from stacks.components.arns import token
from stacks.components.retention import keep_former
from stacks.project.placement import Placement
from stacks.project.spec import ModelSpec
from tidegate.slots import Slot
from tidegate.version import Version

OWNER_TAG = "tidegate:model"
"""By this tag `verify_release` tells what a model's earlier deploys left behind."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ServingNames:
    """The endpoint's name, and logical ids whose generated names can be told apart."""

    endpoint: str
    models: Mapping[Slot, str]
    config: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ServingProps:
    """What is served: the version in each slot, on what, under which role.

    `guard` decides whether anything may change; `capture_bucket` is a bucket's name or a reference.
    """

    names: ServingNames
    model: ModelSpec
    placement: Placement
    role_arn: str
    guard: CfnResource
    capture_bucket: str | None


def add_serving(stack: Stack, props: ServingProps) -> sagemaker.CfnEndpoint:
    """The stack has both models, the configuration and the endpoint, all behind the guard."""
    models = {slot: _add_model(stack, props, slot) for slot in Slot}
    config = _add_config(
        stack, props, {slot: model.attr_model_name for slot, model in models.items()}
    )
    return sagemaker.CfnEndpoint(
        stack,
        "Endpoint",
        endpoint_name=props.names.endpoint,
        endpoint_config_name=config.attr_endpoint_config_name,
        # A deploy must never give a slot back the weight or the instances of an earlier day.
        retain_all_variant_properties=True,
    )


def _add_model(stack: Stack, props: ServingProps, slot: Slot) -> sagemaker.CfnModel:
    model = sagemaker.CfnModel(
        stack,
        props.names.models[slot],
        execution_role_arn=props.role_arn,
        primary_container=_container(props.placement.slots[slot]),
        tags=[_owner(props)],
    )
    model.add_resource_dependency(props.guard)
    keep_former(model)
    return model


def _container(version: Version) -> dict[str, Any]:
    return {
        "image": version.image,
        "modelDataUrl": token(version.artifact_uri),
        "environment": dict(version.environment),
    }


def _add_config(
    stack: Stack, props: ServingProps, model_names: Mapping[Slot, str]
) -> sagemaker.CfnEndpointConfig:
    config = sagemaker.CfnEndpointConfig(
        stack,
        props.names.config,
        production_variants=[_variant(props, slot, model_names[slot]) for slot in Slot],
        data_capture_config=_capture(props),
        kms_key_id=props.model.hosting.volume_key,
        tags=[_owner(props)],
    )
    config.add_resource_dependency(props.guard)
    keep_former(config)
    return config


def _owner(props: ServingProps) -> dict[str, str]:
    return {"key": OWNER_TAG, "value": props.names.endpoint}


def _variant(props: ServingProps, slot: Slot, model_name: str) -> dict[str, Any]:
    hosting = props.model.hosting
    return {
        "variantName": slot.value,
        "modelName": model_name,
        "instanceType": hosting.instance_type,
        "initialInstanceCount": hosting.instances_min,
        "initialVariantWeight": 1 if slot is props.placement.live else 0,
        "containerStartupHealthCheckTimeoutInSeconds": hosting.start_seconds,
        "modelDataDownloadTimeoutInSeconds": hosting.start_seconds,
    }


def _capture(props: ServingProps) -> dict[str, Any] | None:
    if props.capture_bucket is None:
        return None
    return {
        "enableCapture": True,
        "initialSamplingPercentage": props.model.capture.percent,
        "destinationS3Uri": f"s3://{props.capture_bucket}/{props.names.endpoint}",
        "captureOptions": [{"captureMode": "Input"}, {"captureMode": "Output"}],
        "captureContentTypeHeader": {
            "jsonContentTypes": ["application/json"],
            "csvContentTypes": ["text/csv"],
        },
    }
