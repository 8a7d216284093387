"""Autoscaling of each slot: instances follow the requests a minute."""

from dataclasses import dataclass

from aws_cdk import CfnResource, Stack
from aws_cdk import aws_applicationautoscaling as autoscaling

from stacks.project.spec import HostingSpec
from tidegate.slots import Slot

_DIMENSION = "sagemaker:variant:DesiredInstanceCount"


@dataclass(frozen=True, slots=True, kw_only=True)
class AutoscalingProps:
    """Between which numbers of instances each slot of an endpoint moves."""

    endpoint_name: str
    endpoint: CfnResource
    hosting: HostingSpec


def add_autoscaling(stack: Stack, props: AutoscalingProps) -> None:
    """Each slot follows its load, if its greatest number of instances is above its least."""
    if props.hosting.instances_max == props.hosting.instances_min:
        return
    for slot in Slot:
        _add_slot(stack, props, slot)


def _add_slot(stack: Stack, props: AutoscalingProps, slot: Slot) -> None:
    name = slot.value.capitalize()
    target = autoscaling.CfnScalableTarget(
        stack,
        f"{name}Scaling",
        service_namespace="sagemaker",
        scalable_dimension=_DIMENSION,
        resource_id=f"endpoint/{props.endpoint_name}/variant/{slot.value}",
        min_capacity=props.hosting.instances_min,
        max_capacity=props.hosting.instances_max,
    )
    target.add_resource_dependency(props.endpoint)
    autoscaling.CfnScalingPolicy(
        stack,
        f"{name}ScalingPolicy",
        policy_name="FollowRequests",
        policy_type="TargetTrackingScaling",
        scaling_target_id=target.ref,
        target_tracking_scaling_policy_configuration={
            "targetValue": props.hosting.invocations_per_minute,
            "predefinedMetricSpecification": {
                "predefinedMetricType": "SageMakerVariantInvocationsPerInstance"
            },
        },
    )
