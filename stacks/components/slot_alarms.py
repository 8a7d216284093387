"""Alarms of each slot, for people. A release is judged by its guardrails, never by these."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from stacks.components.blueprint import Blueprint
from stacks.project.spec import AlarmsSpec, Hosted, HostingSpec
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
    hosting: Hosted
    topic: str | None


def add_slot_alarms(blueprint: Blueprint, props: SlotAlarmsProps) -> None:
    """Three alarms a slot are there: failed, refused and slow requests; on serverless a fourth.

    Of asynchronous endpoints: failed requests, those that wait long, and what nobody was told of.
    """
    limits, hosting = props.limits, props.hosting
    if isinstance(hosting, HostingSpec) and hosting.asynchronous is not None:
        _add_of_queues(blueprint, props, longest_seconds=hosting.asynchronous.waiting_seconds // 2)
        return
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
        if hosting.kind is Hosting.SERVERLESS:
            _add_crowded(blueprint, props, slot)


def _add_of_queues(blueprint: Blueprint, props: SlotAlarmsProps, *, longest_seconds: int) -> None:
    """Source: developer guide, "Alarms and logs for tracking metrics from asynchronous endpoints".

    What nobody was told of is evidence that the judge of a release never gets.
    """
    for slot, endpoint in props.endpoints.items():
        name = slot.value.capitalize()
        failed, processed = (
            _metric(props, slot, each) for each in ("InvocationFailures", "InvocationsProcessed")
        )
        share = "100 * FILL(failed, 0) / (FILL(failed, 0) + FILL(processed, 0))"
        alarm = _common(props, f"Share of failed requests of slot {slot} of {endpoint}")
        blueprint.add(
            f"{name}Failed",
            "AWS::CloudWatch::Alarm",
            {
                **alarm,
                "Metrics": [
                    {"Id": "share", "Expression": share, "Label": "percent", "ReturnData": True},
                    {"Id": "failed", "MetricStat": failed, "ReturnData": False},
                    {"Id": "processed", "MetricStat": processed, "ReturnData": False},
                ],
                "Threshold": props.limits.server_errors_percent,
            },
        )
        waits = {
            **_common(props, f"Oldest request of slot {slot} of {endpoint}"),
            "Namespace": "AWS/SageMaker",
            "MetricName": "ApproximateAgeOfOldestRequest",
            "Dimensions": [{"Name": "EndpointName", "Value": endpoint}],
            "Period": _PERIOD_SECONDS,
            "Statistic": "Maximum",
            "Threshold": longest_seconds,
        }
        blueprint.add(f"{name}Queued", "AWS::CloudWatch::Alarm", waits)
        untold = {**_alarm(props, slot, "NotificationFailures"), "Statistic": "Sum", "Threshold": 0}
        blueprint.add(f"{name}Untold", "AWS::CloudWatch::Alarm", untold)


def _metric(props: SlotAlarmsProps, slot: Slot, metric: str) -> dict[str, Any]:
    return {
        "Metric": {
            "Namespace": "AWS/SageMaker",
            "MetricName": metric,
            "Dimensions": _dimensions(props, slot),
        },
        "Period": _PERIOD_SECONDS,
        "Stat": "Sum",
    }


def _add_crowded(blueprint: Blueprint, props: SlotAlarmsProps, slot: Slot) -> None:
    """Requests are about to be refused, or are: none is counted as failed or refused then."""
    crowded = {"Statistic": "Maximum", "Threshold": _CROWDED}
    alarm = {**_alarm(props, slot, "ServerlessConcurrentExecutionsUtilization"), **crowded}
    blueprint.add(f"{slot.value.capitalize()}Crowded", "AWS::CloudWatch::Alarm", alarm)


def _alarm(props: SlotAlarmsProps, slot: Slot, metric: str) -> dict[str, Any]:
    return {
        **_common(props, f"{metric} of slot {slot} of {props.endpoints[slot]}"),
        "Namespace": "AWS/SageMaker",
        "MetricName": metric,
        "Dimensions": _dimensions(props, slot),
        "Period": _PERIOD_SECONDS,
    }


def _dimensions(props: SlotAlarmsProps, slot: Slot) -> list[dict[str, str]]:
    return [
        {"Name": "EndpointName", "Value": props.endpoints[slot]},
        {"Name": "VariantName", "Value": slot.value},
    ]


def _common(props: SlotAlarmsProps, description: str) -> dict[str, Any]:
    return {
        "AlarmDescription": description,
        "EvaluationPeriods": 1,
        "ComparisonOperator": "GreaterThanThreshold",
        "TreatMissingData": "notBreaching",
        "AlarmActions": None if props.topic is None else [props.topic],
    }
