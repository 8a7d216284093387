"""The response shapes of the describe and list operations. Pure.

A weight of 0 and an instance count of 0 are values and are answered as such.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from emulator.sagemaker import serverless
from emulator.sagemaker.serverless import is_serverless
from emulator.sagemaker.state import (
    Endpoint,
    EndpointConfig,
    Model,
    PendingUpdate,
    Planned,
    Variant,
    VariantRole,
)

Json = dict[str, Any]


def model(record: Model) -> Json:
    """DescribeModel."""
    return {
        "EnableNetworkIsolation": False,
        **record.request,
        "ModelArn": record.arn,
        "CreationTime": record.created,
    }


def endpoint_config(record: EndpointConfig) -> Json:
    """DescribeEndpointConfig."""
    return {
        "EnableNetworkIsolation": False,
        **record.request,
        "EndpointConfigArn": record.arn,
        "CreationTime": record.created,
    }


def endpoint(record: Endpoint) -> Json:
    """DescribeEndpoint."""
    shown: Json = {
        "EndpointName": record.name,
        "EndpointArn": record.arn,
        "EndpointConfigName": record.config_name,
        "EndpointStatus": record.status.value,
        "CreationTime": record.created,
        "LastModifiedTime": record.modified,
    }
    if record.variants:
        left = None if record.pending is None else record.pending.remaining
        shown |= _by_role((v.role, _variant(v, record.desired, left)) for v in record.variants)
    optional = {
        "FailureReason": record.failure_reason,
        "LastDeploymentConfig": record.deployment_config,
        "DataCaptureConfig": _capture_summary(record.data_capture),
        "PendingDeploymentSummary": None if record.pending is None else _pending(record.pending),
    }
    return shown | {name: value for name, value in optional.items() if value is not None}


def _by_role(variants: Iterable[tuple[VariantRole, Json]]) -> Json:
    """Production variants, and the member for shadows where there is one."""
    listed: dict[VariantRole, list[Json]] = {VariantRole.PRODUCTION: []}
    for role, variant in variants:
        listed.setdefault(role, []).append(variant)
    return {_MEMBERS[role]: found for role, found in listed.items()}


_MEMBERS = {
    VariantRole.PRODUCTION: "ProductionVariants",
    VariantRole.SHADOW: "ShadowProductionVariants",
}


def _variant(
    variant: Variant, desired: Mapping[str, Mapping[str, Any]], remaining: int | None
) -> Json:
    wish = desired.get(variant.name, {})
    shown: Json = {
        "VariantName": variant.name,
        "DeployedImages": [_image(variant)],
        "CurrentWeight": variant.weight,
        "DesiredWeight": wish.get("DesiredWeight", variant.desired_weight),
    }
    if is_serverless(variant.definition):
        return shown | serverless.shown(variant.definition)
    return shown | {
        "CurrentInstanceCount": variant.instance_count if remaining is None else remaining,
        "DesiredInstanceCount": wish.get("DesiredInstanceCount", variant.desired_instance_count),
    }


def _image(variant: Variant) -> Json:
    # There is no registry here that would resolve a tag to a digest, so both are the same.
    return {
        "SpecifiedImage": variant.image,
        "ResolvedImage": variant.image,
        "ResolutionTime": variant.deployed,
    }


def _pending(pending: PendingUpdate) -> Json:
    built = {variant.name: variant for variant in pending.variants}
    return {
        "EndpointConfigName": pending.config_name,
        "StartTime": pending.started,
        **_by_role(
            (plan.role, _pending_variant(plan, built.get(plan.name), pending))
            for plan in pending.planned
        ),
    }


def _pending_variant(plan: Planned, built: Variant | None, pending: PendingUpdate) -> Json:
    shown: Json = {
        "VariantName": plan.name,
        "DesiredWeight": plan.weight,
        "CurrentWeight": 0.0 if built is None else built.weight * pending.share,
        "VariantStatus": [{"Status": pending.phase.value, "StartTime": pending.started}],
    }
    if is_serverless(plan.definition):
        shown |= serverless.shown(plan.definition)
    else:
        shown["DesiredInstanceCount"] = plan.instance_count
        shown["CurrentInstanceCount"] = 0 if built is None else built.instance_count
    if "InstanceType" in plan.definition:
        shown["InstanceType"] = plan.definition["InstanceType"]
    if built is not None:
        shown["DeployedImages"] = [_image(built)]
    return shown


def _capture_summary(capture: Mapping[str, Any] | None) -> Json | None:
    if capture is None:
        return None
    enabled = bool(capture.get("EnableCapture", False))
    return {
        "EnableCapture": enabled,
        "CaptureStatus": "Started" if enabled else "Stopped",
        "CurrentSamplingPercentage": capture["InitialSamplingPercentage"],
        "DestinationS3Uri": capture["DestinationS3Uri"],
        "KmsKeyId": capture.get("KmsKeyId", ""),
    }
