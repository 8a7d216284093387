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
        # SageMaker counts 1 or 0 a request, so that the average of a count of errors is a share.
        failed, refused = limits.server_errors_percent / 100, limits.client_errors_percent / 100
        _add_alarm(
            stack,
            f"{name}Failed",
            _on(props, slot, "Invocation5XXErrors"),
            {"statistic": "Average", "threshold": failed},
        )
        _add_alarm(
            stack,
            f"{name}Refused",
            _on(props, slot, "Invocation4XXErrors"),
            {"statistic": "Average", "threshold": refused},
        )
        microseconds = limits.latency_milliseconds * 1_000
        _add_alarm(
            stack,
            f"{name}Slow",
            _on(props, slot, "ModelLatency"),
            {"extended_statistic": "p90", "threshold": microseconds},
        )


def _on(props: SlotAlarmsProps, slot: Slot, metric: str) -> dict[str, Any]:
    return {
        "alarm_description": f"{metric} of slot {slot} of {props.endpoint}",
        "metric_name": metric,
        "dimensions": [
            {"name": "EndpointName", "value": props.endpoint},
            {"name": "VariantName", "value": slot.value},
        ],
        "alarm_actions": None if props.topic is None else [props.topic],
    }


def _add_alarm(stack: Stack, id_: str, metric: dict[str, Any], limit: dict[str, Any]) -> None:
    cloudwatch.CfnAlarm(
        stack,
        id_,
        **metric,
        **limit,
        namespace="AWS/SageMaker",
        period=_PERIOD_SECONDS,
        evaluation_periods=1,
        comparison_operator="GreaterThanThreshold",
        treat_missing_data="notBreaching",
    )
