"""Models, endpoint configuration and endpoint: production variants, named by their slots.

A weight of 0 stays 0 here; the L2 of aws-sagemaker-alpha turns it into 1. Names of models and
configurations are generated, because nearly all of their properties are create-only; the endpoint's
is literal, because its alarms need it without a cycle.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from stacks.components.answers import asynchronous_config
from stacks.components.blueprint import Blueprint, Kept, att, ref
from stacks.components.capture_bucket import CAPTURE_BUCKET
from stacks.components.model_containers import model_containers, model_objects
from stacks.components.model_package import add_model_package
from stacks.project.placement import Placement
from stacks.project.spec import Ec2Spec, Hosted, ModelSpec, ServerlessSpec
from tidegate.echo import VARIABLE
from tidegate.slots import PAIR, Slot

OWNER_TAG = "tidegate:model"
"""By this tag `verify_release` tells what a model's earlier deploys left behind."""


ENDPOINT = "Endpoint"


@dataclass(frozen=True, slots=True, kw_only=True)
class ServingNames:
    """The endpoint's name, and logical ids whose generated names can be told apart."""

    endpoint: str
    models: Mapping[Slot, str]
    config: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ServingProps:
    """What is served: the version in each slot, on what.

    `role` and `guard` are logical ids: what runs the containers, what decides on every change. A
    track has an endpoint of one slot, under another logical id; a `shadow` gets a copy of what the
    only slot is asked, all of it, and answers nobody. `deployment` says how SageMaker
    moves traffic where that is its work, `alarms` (ids) what stops it. `before_captures` (ids) must
    be there before a captured request is written, and outlive the last one.
    """

    names: ServingNames
    model: ModelSpec
    placement: Placement
    role: str
    guard: str
    slots: tuple[Slot, ...] = PAIR
    shadow: Slot | None = None
    endpoint_id: str = ENDPOINT
    deployment: Mapping[str, Any] | None = None
    alarms: Sequence[str] = ()
    before_captures: Sequence[str] = ()


def add_serving(blueprint: Blueprint, props: ServingProps) -> None:
    """Models, configuration and endpoint of these slots are there, all behind the guard."""
    shadows = () if props.shadow is None else (props.shadow,)
    for slot in sorted((*props.slots, *shadows)):
        _add_model(blueprint, props, slot)
    config = blueprint.add(
        props.names.config,
        "AWS::SageMaker::EndpointConfig",
        {
            "ProductionVariants": [_variant(props, slot) for slot in props.slots],
            "ShadowProductionVariants": [_variant(props, slot) for slot in shadows] or None,
            "DataCaptureConfig": _capture(props),
            "AsyncInferenceConfig": _queue(props),
            "KmsKeyId": _volume_key(props.model.hosting),
            "Tags": [_owner(props)],
        },
        after=[props.guard, *props.before_captures],
        kept=Kept.FORMER,
    )
    blueprint.add(
        props.endpoint_id,
        "AWS::SageMaker::Endpoint",
        {
            "EndpointName": props.names.endpoint,
            "EndpointConfigName": att(config, "EndpointConfigName"),
            # A deploy must never give a slot back the weight or the instances of an earlier day.
            "RetainAllVariantProperties": True,
            "DeploymentConfig": props.deployment,
        },
        after=props.alarms,
    )


def _add_model(blueprint: Blueprint, props: ServingProps, slot: Slot) -> None:
    version, id_ = props.placement.slots[slot], props.names.models[slot]
    owner = f"{props.names.endpoint}-{slot}"
    package = add_model_package(blueprint, id_, version, owner=owner, after=[props.guard])
    blueprint.add(
        id_,
        "AWS::SageMaker::Model",
        {
            "ExecutionRoleArn": att(props.role),
            **model_containers(version, _told(props, slot), package=package),
            "Tags": [_owner(props)],
        },
        after=[props.guard],
        kept=Kept.FORMER,
        metadata=model_objects(version),
    )


def _told(props: ServingProps, slot: Slot) -> dict[str, str]:
    """The version is told its digest only where it says it again: else nothing would read it."""
    digest = props.placement.slots[slot].digest
    return {VARIABLE: digest} if props.model.plan.echoes_version else {}


def _owner(props: ServingProps) -> dict[str, str]:
    return {"Key": OWNER_TAG, "Value": props.names.endpoint}


def _variant(props: ServingProps, slot: Slot) -> dict[str, Any]:
    return {
        "VariantName": slot.value,
        "ModelName": att(props.names.models[slot], "ModelName"),
        "InitialVariantWeight": _weight(props, slot),
        **_capacity(props.model.hosting),
    }


def _queue(props: ServingProps) -> dict[str, Any] | None:
    """The queue of the only slot of an asynchronous endpoint."""
    waits = props.model.asynchronous
    return None if waits is None else asynchronous_config(waits, props.slots[0])


def _capacity(hosting: Hosted) -> dict[str, Any]:
    """What a variant runs on."""
    if isinstance(hosting, ServerlessSpec):
        limits = {"MemorySizeInMB": hosting.memory_mb, "MaxConcurrency": hosting.max_concurrency}
        if hosting.provisioned_concurrency is not None:
            limits["ProvisionedConcurrency"] = hosting.provisioned_concurrency
        return {"ServerlessConfig": limits}
    if isinstance(hosting, Ec2Spec):
        raise TypeError("a fleet of EC2 instances has no production variants")
    return {
        "InstanceType": hosting.instance_type,
        # One that may sleep is started once, to see that it can be.
        "InitialInstanceCount": max(1, hosting.instances_min),
        "ContainerStartupHealthCheckTimeoutInSeconds": hosting.start_seconds,
        "ModelDataDownloadTimeoutInSeconds": hosting.start_seconds,
    }


def _volume_key(hosting: Hosted) -> str | None:
    """Only instances have volumes."""
    return None if isinstance(hosting, ServerlessSpec | Ec2Spec) else hosting.volume_key


def _weight(props: ServingProps, slot: Slot) -> float:
    """A slot with an endpoint of its own has all that comes there."""
    if len(props.slots) == 1:
        return 1
    return props.placement.live_weight if slot is props.placement.live else 0


def _capture(props: ServingProps) -> dict[str, Any] | None:
    if props.model.capture.percent == 0:
        return None
    return {
        "EnableCapture": True,
        "InitialSamplingPercentage": props.model.capture.percent,
        "DestinationS3Uri": {
            "Fn::Join": ["", ["s3://", ref(CAPTURE_BUCKET), f"/{props.names.endpoint}"]]
        },
        "CaptureOptions": [{"CaptureMode": "Input"}, {"CaptureMode": "Output"}],
        "CaptureContentTypeHeader": {
            "JsonContentTypes": ["application/json"],
            "CsvContentTypes": ["text/csv"],
        },
    }
