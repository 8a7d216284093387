"""Autoscaling of each slot: instances follow the requests a minute."""

from stacks.components.blueprint import Blueprint, ref
from stacks.components.serving import ENDPOINT
from stacks.project.spec import HostingSpec
from tidegate.slots import Slot


def add_autoscaling(blueprint: Blueprint, hosting: HostingSpec, *, endpoint: str) -> None:
    """Each slot follows its load, if its greatest number of instances is above its least.

    `endpoint` is the endpoint's name.
    """
    if hosting.instances_max == hosting.instances_min:
        return
    for slot in Slot:
        _add_slot(blueprint, hosting, endpoint, slot)


def _add_slot(blueprint: Blueprint, hosting: HostingSpec, endpoint: str, slot: Slot) -> None:
    name = slot.value.capitalize()
    target = blueprint.add(
        f"{name}Scaling",
        "AWS::ApplicationAutoScaling::ScalableTarget",
        {
            "ServiceNamespace": "sagemaker",
            "ScalableDimension": "sagemaker:variant:DesiredInstanceCount",
            "ResourceId": f"endpoint/{endpoint}/variant/{slot.value}",
            "MinCapacity": hosting.instances_min,
            "MaxCapacity": hosting.instances_max,
        },
        after=[ENDPOINT],
    )
    followed = {"PredefinedMetricType": "SageMakerVariantInvocationsPerInstance"}
    blueprint.add(
        f"{name}ScalingPolicy",
        "AWS::ApplicationAutoScaling::ScalingPolicy",
        {
            "PolicyName": "FollowRequests",
            "PolicyType": "TargetTrackingScaling",
            "ScalingTargetId": ref(target),
            "TargetTrackingScalingPolicyConfiguration": {
                "TargetValue": hosting.invocations_per_minute,
                "PredefinedMetricSpecification": followed,
            },
        },
    )
