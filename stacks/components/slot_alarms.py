"""Alarms of each slot, for people. A release is judged by its guardrails, never by these."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from stacks.components.blueprint import Blueprint
from stacks.project.spec import AlarmsSpec
from tidegate.fleet import Hosting
from tidegate.slots import Slot

_PERIOD_SECONDS = 300
_CROWDED = 0.9
"""Of max_concurrency; from 1 on, requests are refused."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SlotAlarmsProps:
    """Limits of a model's alarms, the endpoint of each slot, and the topic to notify, if any."""

    endpoints: Mapping[Slot, str]
    limits: AlarmsSpec
    hosting: Hosting
    topic: str | None


def add_slot_alarms(blueprint: Blueprint, props: SlotAlarmsProps) -> None:
    """Three alarms a slot are there: failed, refused and slow requests; on serverless a fourth."""
    limits = props.limits
    # SageMaker counts 1 or 0 a request, so that the average of a count of errors is a share.
    failed = {"Statistic": "Average", "Threshold": limits.server_errors_percent / 100}
    refused = {"Statistic": "Average", "Threshold": limits.client_errors_percent / 100}
    slow = {"ExtendedStatistic": "p90", "Threshold": limits.latency_milliseconds * 1_000}
    for slot in props.endpoints:
        name = slot.value.capitalize()
        for id_, metric, limit in (
            (f"{name}Failed", "Invocation5XXErrors", failed),
            (f"{name}Refused", "Invocation4XXErrors", refused),
            (f"{name}Slow", "ModelLatency", slow),
        ):
            alarm = {**_alarm(props, slot, metric), **limit}
            blueprint.add(id_, "AWS::CloudWatch::Alarm", alarm)
        if props.hosting is Hosting.SERVERLESS:
            _add_crowded(blueprint, props, slot)


def _add_crowded(blueprint: Blueprint, props: SlotAlarmsProps, slot: Slot) -> None:
    """Requests are about to be refused, or are: none is counted as failed or refused then."""
    crowded = {"Statistic": "Maximum", "Threshold": _CROWDED}
    alarm = {**_alarm(props, slot, "ServerlessConcurrentExecutionsUtilization"), **crowded}
    blueprint.add(f"{slot.value.capitalize()}Crowded", "AWS::CloudWatch::Alarm", alarm)


def _alarm(props: SlotAlarmsProps, slot: Slot, metric: str) -> dict[str, Any]:
    return {
        "AlarmDescription": f"{metric} of slot {slot} of {props.endpoints[slot]}",
        "Namespace": "AWS/SageMaker",
        "MetricName": metric,
        "Dimensions": [
            {"Name": "EndpointName", "Value": props.endpoints[slot]},
            {"Name": "VariantName", "Value": slot.value},
        ],
        "Period": _PERIOD_SECONDS,
        "EvaluationPeriods": 1,
        "ComparisonOperator": "GreaterThanThreshold",
        "TreatMissingData": "notBreaching",
        "AlarmActions": None if props.topic is None else [props.topic],
    }
