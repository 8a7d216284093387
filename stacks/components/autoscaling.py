"""Autoscaling of each slot: instances follow the requests a minute."""

from collections.abc import Mapping, Sequence

from stacks.components.blueprint import Blueprint, ref
from stacks.project.spec import Hosted, HostingSpec, ServerlessSpec
from tidegate.slots import Slot


def add_autoscaling(
    blueprint: Blueprint,
    hosting: Hosted,
    *,
    endpoints: Mapping[Slot, str],
    after: Sequence[str],
) -> None:
    """Each slot follows its load, if its greatest number of instances is above its least.

    `endpoints` are names by slot, `after` the logical ids of what must be there first.
    """
    if isinstance(hosting, ServerlessSpec) or not hosting.autoscales:
        return
    for served in endpoints.items():
        _add_slot(blueprint, hosting, served, after)


def _add_slot(
    blueprint: Blueprint, hosting: HostingSpec, served: tuple[Slot, str], after: Sequence[str]
) -> None:
    slot, endpoint = served
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
        after=after,
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
