"""Alarms of the release loop itself: an execution that failed, evidence that was lost."""

from typing import Any

from stacks.components.blueprint import Blueprint, ref
from stacks.project.spec import StageSpec

_PERIOD_SECONDS = 60


def add_release_alarms(
    blueprint: Blueprint, stage: StageSpec, *, machine: str, aggregate: str
) -> None:
    """An alarm for failed executions is there, and one for batches that were not counted.

    `machine` and `aggregate` are logical ids.
    """
    executions = {
        "AlarmDescription": "A release was refused, halted or failed",
        "Namespace": "AWS/States",
        "MetricName": "ExecutionsFailed",
        "Dimensions": [{"Name": "StateMachineArn", "Value": ref(machine)}],
    }
    batches = {
        "AlarmDescription": "Lines of the request log were not counted",
        "Namespace": "AWS/Lambda",
        "MetricName": "Errors",
        "Dimensions": [{"Name": "FunctionName", "Value": ref(aggregate)}],
    }
    _add(blueprint, "ReleaseFailed", stage, executions)
    _add(blueprint, "EvidenceLost", stage, batches)


def _add(blueprint: Blueprint, id_: str, stage: StageSpec, metric: dict[str, Any]) -> None:
    common = {
        "Statistic": "Sum",
        "Threshold": 0,
        "Period": _PERIOD_SECONDS,
        "EvaluationPeriods": 1,
        "ComparisonOperator": "GreaterThanThreshold",
        "TreatMissingData": "notBreaching",
        "AlarmActions": None if stage.alarm_topic is None else [stage.alarm_topic],
    }
    blueprint.add(id_, "AWS::CloudWatch::Alarm", {**metric, **common})
