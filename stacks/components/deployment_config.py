"""How SageMaker moves traffic by itself: the endpoint's DeploymentConfig, and what stops it."""

from collections.abc import Mapping
from typing import Any

from stacks.components.blueprint import Blueprint
from stacks.project.spec import HostingSpec, ModelSpec
from tidegate.guardrail.alarm import DIMENSION, METRIC, PERIOD_SECONDS, alarm_name
from tidegate.guardrail.course import LONGEST_SECONDS, batch_instances, shifts
from tidegate.metrics import NAMESPACE
from tidegate.plan import ReleasePlan
from tidegate.strategies import Strategy

_SHORTEST_SECONDS = 600
"""Bounds of MaximumExecutionTimeoutInSeconds: this and `LONGEST_SECONDS`."""

_INSTANCE_SECONDS = 300
"""How long SageMaker may take to provide a batch of instances, before their containers start."""


def deployment_config(model: ModelSpec, endpoint: str) -> Mapping[str, Any]:
    """The DeploymentConfig of a model's plan. A deploy of the endpoint is then a release.

    WaitIntervalInSeconds is always there: the API wants it, though the template's schema does not.
    """
    rollback = {"Alarms": [{"AlarmName": alarm_name(endpoint)}]}
    hosting, rolls = model.hosting, model.plan.strategy is Strategy.ROLLING
    policy = (
        _rolling(model, instances=hosting.instances_min)
        if rolls and isinstance(hosting, HostingSpec)
        else _blue_green(model)
    )
    return {**policy, "AutoRollbackConfiguration": rollback}


def _blue_green(model: ModelSpec) -> dict[str, Any]:
    plan = model.plan
    routing = {"WaitIntervalInSeconds": plan.steps[0].bake_seconds, **_routing(plan)}
    return {
        "BlueGreenUpdatePolicy": {
            "TrafficRoutingConfiguration": routing,
            "MaximumExecutionTimeoutInSeconds": _timeout(model),
        }
    }


def _routing(plan: ReleasePlan) -> dict[str, Any]:
    size = {"Type": "CAPACITY_PERCENT", "Value": plan.steps[0].share_percent}
    if plan.strategy is Strategy.CANARY:
        return {"Type": "CANARY", "CanarySize": size}
    if plan.strategy is Strategy.LINEAR:
        return {"Type": "LINEAR", "LinearStepSize": size}
    return {"Type": "ALL_AT_ONCE"}


def _rolling(model: ModelSpec, *, instances: int) -> dict[str, Any]:
    """Batches in whole instances, all back at once: how AWS rounds percentages is not published."""
    step = model.plan.steps[0]
    batch = batch_instances(step.share_percent, instances=instances)
    return {
        "RollingUpdatePolicy": {
            "MaximumBatchSize": {"Type": "INSTANCE_COUNT", "Value": batch},
            "RollbackMaximumBatchSize": {"Type": "CAPACITY_PERCENT", "Value": 100},
            "WaitIntervalInSeconds": step.bake_seconds,
            "MaximumExecutionTimeoutInSeconds": _timeout(model),
        }
    }


def _timeout(model: ModelSpec) -> int:
    """Every wait, and as long for every batch as its instances and containers may take."""
    shares = [step.share_percent for step in model.plan.steps]
    one = model.plan.steps[0].bake_seconds + _INSTANCE_SECONDS + model.hosting.start_seconds
    all_of_them = shifts(model.plan.strategy, shares) * one
    return max(_SHORTEST_SECONDS, min(LONGEST_SECONDS, all_of_them))


def add_rollback_alarm(blueprint: Blueprint, endpoint: str) -> str:
    """The alarm is there, fed by the watch over deploys, by nothing else. Returns its id.

    Silence is no harm, so that it is OK between releases.
    """
    return blueprint.add(
        "ReleaseHarm",
        "AWS::CloudWatch::Alarm",
        {
            "AlarmName": alarm_name(endpoint),
            "AlarmDescription": f"The judge takes back what is being deployed to {endpoint}",
            "Namespace": NAMESPACE,
            "MetricName": METRIC,
            "Dimensions": [{"Name": DIMENSION, "Value": endpoint}],
            "Statistic": "Maximum",
            "Period": PERIOD_SECONDS,
            "EvaluationPeriods": 1,
            "Threshold": 0,
            "ComparisonOperator": "GreaterThanThreshold",
            "TreatMissingData": "notBreaching",
        },
    )
