"""Alarms of the release loop itself: an execution that failed, evidence or news that were lost."""

from collections.abc import Mapping
from typing import Any

from stacks.components.blueprint import Blueprint, ref
from stacks.project.spec import StageSpec

_PERIOD_SECONDS = 60


def add_release_alarms(
    blueprint: Blueprint, stage: StageSpec, *, machine: str, functions: Mapping[str, str]
) -> None:
    """An alarm for failed executions is there, one for batches that were not counted or announced.

    `machine` is a logical id, `functions` are those of the functions by their packages.
    """
    executions = {
        "AlarmDescription": "A release was refused, halted or failed",
        "Namespace": "AWS/States",
        "MetricName": "ExecutionsFailed",
        "Dimensions": [{"Name": "StateMachineArn", "Value": ref(machine)}],
    }
    _add(blueprint, "ReleaseFailed", stage, executions)
    for id_, package, lost in (row for row in _LOST if row[1] in functions):
        errors = {
            "AlarmDescription": lost,
            "Namespace": "AWS/Lambda",
            "MetricName": "Errors",
            "Dimensions": [{"Name": "FunctionName", "Value": ref(functions[package])}],
        }
        _add(blueprint, id_, stage, errors)


_LOST = (
    ("EvidenceLost", "aggregate_requests", "Lines of the request log were not counted"),
    ("NewsLost", "announce_release", "Changes of a release were not announced"),
    ("AnswersLost", "collect_answer", "Answers of asynchronous models were not counted"),
)
LOSERS = tuple(package for _, package, _ in _LOST)
"""The functions whose errors lose something, those that a stage may be without included."""


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
