"""Alarms of the release loop itself: an execution that failed, evidence that was lost."""

from dataclasses import dataclass
from typing import Any

from aws_cdk import Stack
from aws_cdk import aws_cloudwatch as cloudwatch

from stacks.project.spec import StageSpec

_PERIOD_SECONDS = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleaseAlarmsProps:
    """The release machine's ARN and the name of the function that counts the request log."""

    stage: StageSpec
    machine_arn: str
    aggregate_name: str


def add_release_alarms(stack: Stack, props: ReleaseAlarmsProps) -> None:
    """The stack has an alarm for failed executions, and one for batches that were not counted."""
    _add(
        stack,
        "ReleaseFailed",
        props.stage,
        alarm_description="A release was refused, halted or failed",
        namespace="AWS/States",
        metric_name="ExecutionsFailed",
        dimensions=[{"name": "StateMachineArn", "value": props.machine_arn}],
    )
    _add(
        stack,
        "EvidenceLost",
        props.stage,
        alarm_description="Lines of the request log were not counted",
        namespace="AWS/Lambda",
        metric_name="Errors",
        dimensions=[{"name": "FunctionName", "value": props.aggregate_name}],
    )


def _add(stack: Stack, id_: str, stage: StageSpec, **metric: Any) -> None:
    cloudwatch.CfnAlarm(
        stack,
        id_,
        **metric,
        statistic="Sum",
        threshold=0,
        period=_PERIOD_SECONDS,
        evaluation_periods=1,
        comparison_operator="GreaterThanThreshold",
        treat_missing_data="notBreaching",
        alarm_actions=None if stage.alarm_topic is None else [stage.alarm_topic],
    )
