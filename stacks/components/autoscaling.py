"""Autoscaling of each slot: instances follow the requests a minute, or those that wait."""

from collections.abc import Mapping, Sequence
from typing import Any

from stacks.components.blueprint import Blueprint, ref
from stacks.project.spec import Hosted, HostingSpec
from tidegate.slots import Slot

_COOLDOWN_SECONDS = 300


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
    if not isinstance(hosting, HostingSpec) or not hosting.autoscales:
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
    blueprint.add(
        f"{name}ScalingPolicy",
        "AWS::ApplicationAutoScaling::ScalingPolicy",
        {
            "PolicyName": "FollowRequests",
            "PolicyType": "TargetTrackingScaling",
            "ScalingTargetId": ref(target),
            "TargetTrackingScalingPolicyConfiguration": _followed(hosting, endpoint),
        },
    )
    if hosting.instances_min == 0:
        _add_waking(blueprint, target, served)


def _followed(hosting: HostingSpec, endpoint: str) -> dict[str, Any]:
    """What instances follow. Asynchronous endpoints publish no requests a minute.

    Source: developer guide, "Autoscale an asynchronous endpoint".
    """
    waits = hosting.asynchronous
    if waits is None:
        followed = {"PredefinedMetricType": "SageMakerVariantInvocationsPerInstance"}
        return {
            "TargetValue": hosting.invocations_per_minute,
            "PredefinedMetricSpecification": followed,
        }
    return {
        "TargetValue": waits.backlog_per_instance,
        "CustomizedMetricSpecification": {
            "Namespace": "AWS/SageMaker",
            "MetricName": "ApproximateBacklogSizePerInstance",
            "Dimensions": [{"Name": "EndpointName", "Value": endpoint}],
            "Statistic": "Average",
        },
        "ScaleInCooldown": _COOLDOWN_SECONDS,
        "ScaleOutCooldown": _COOLDOWN_SECONDS,
    }


def _add_waking(blueprint: Blueprint, target: str, served: tuple[Slot, str]) -> None:
    """A request that waits for nobody starts the first instance: no tracked target would.

    Source: developer guide, "Autoscale an asynchronous endpoint": scale from zero.
    """
    slot, endpoint = served
    name = slot.value.capitalize()
    step = {"MetricIntervalLowerBound": 0, "ScalingAdjustment": 1}
    policy = blueprint.add(
        f"{name}Waking",
        "AWS::ApplicationAutoScaling::ScalingPolicy",
        {
            "PolicyName": "WakeForRequests",
            "PolicyType": "StepScaling",
            "ScalingTargetId": ref(target),
            "StepScalingPolicyConfiguration": {
                "AdjustmentType": "ChangeInCapacity",
                "MetricAggregationType": "Average",
                "Cooldown": _COOLDOWN_SECONDS,
                "StepAdjustments": [step],
            },
        },
    )
    blueprint.add(
        f"{name}Waits",
        "AWS::CloudWatch::Alarm",
        {
            "AlarmDescription": f"Requests of slot {slot} of {endpoint} wait for an instance",
            "Namespace": "AWS/SageMaker",
            "MetricName": "HasBacklogWithoutCapacity",
            "Dimensions": [{"Name": "EndpointName", "Value": endpoint}],
            "Statistic": "Average",
            "Period": 60,
            "EvaluationPeriods": 2,
            "DatapointsToAlarm": 2,
            "Threshold": 1,
            "ComparisonOperator": "GreaterThanOrEqualToThreshold",
            "TreatMissingData": "notBreaching",
            "AlarmActions": [ref(policy)],
        },
    )
