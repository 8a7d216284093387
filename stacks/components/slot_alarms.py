"""Alarms of each slot, for people. A release is judged by its guardrails, never by these."""

from dataclasses import dataclass
from typing import Any

from aws_cdk import Stack
from aws_cdk import aws_cloudwatch as cloudwatch

from stacks.project.spec import AlarmsSpec
from tidegate.slots import Slot

_PERIOD_SECONDS = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class SlotAlarmsProps:
    """Limits of a model's alarms, and the topic they notify, if any."""

    endpoint: str
    limits: AlarmsSpec
    topic: str | None


def add_slot_alarms(stack: Stack, props: SlotAlarmsProps) -> None:
    """The stack has three alarms a slot: failed, refused and slow requests."""
    limits = props.limits
    for slot in Slot:
        name = slot.value.capitalize()
        # SageMaker counts 1 or 0 a request, so that the average is a share.
        failed = {"statistic": "Average", "threshold": limits.server_errors_percent / 100}
        refused = {"statistic": "Average", "threshold": limits.client_errors_percent / 100}
        slow = {"extended_statistic": "p90", "threshold": limits.latency_milliseconds * 1_000}
        _add(stack, f"{name}Failed", props, slot, "Invocation5XXErrors", failed)
        _add(stack, f"{name}Refused", props, slot, "Invocation4XXErrors", refused)
        _add(stack, f"{name}Slow", props, slot, "ModelLatency", slow)


def _add(  # noqa: PLR0913, PLR0917 - the six differ in every one of the alarms
    stack: Stack,
    id_: str,
    props: SlotAlarmsProps,
    slot: Slot,
    metric: str,
    limit: dict[str, Any],
) -> None:
    cloudwatch.CfnAlarm(
        stack,
        id_,
        alarm_description=f"{metric} of slot {slot} of {props.endpoint}",
        namespace="AWS/SageMaker",
        metric_name=metric,
        dimensions=[
            {"name": "EndpointName", "value": props.endpoint},
            {"name": "VariantName", "value": slot.value},
        ],
        period=_PERIOD_SECONDS,
        evaluation_periods=1,
        comparison_operator="GreaterThanThreshold",
        treat_missing_data="notBreaching",
        alarm_actions=None if props.topic is None else [props.topic],
        **limit,
    )
