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
    machine = {"name": "StateMachineArn", "value": props.machine_arn}
    failed = ("AWS/States", "ExecutionsFailed", machine)
    _add(stack, "ReleaseFailed", "A release was refused, halted or failed", props, failed)
    function = {"name": "FunctionName", "value": props.aggregate_name}
    lost = ("AWS/Lambda", "Errors", function)
    _add(stack, "EvidenceLost", "Lines of the request log were not counted", props, lost)


def _add(
    stack: Stack,
    id_: str,
    description: str,
    props: ReleaseAlarmsProps,
    metric: tuple[str, str, dict[str, Any]],
) -> None:
    namespace, name, dimension = metric
    topic = props.stage.alarm_topic
    cloudwatch.CfnAlarm(
        stack,
        id_,
        alarm_description=description,
        namespace=namespace,
        metric_name=name,
        dimensions=[dimension],
        statistic="Sum",
        threshold=0,
        period=_PERIOD_SECONDS,
        evaluation_periods=1,
        comparison_operator="GreaterThanThreshold",
        treat_missing_data="notBreaching",
        alarm_actions=None if topic is None else [topic],
    )
