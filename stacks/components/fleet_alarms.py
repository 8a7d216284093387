"""Alarms of each slot of a fleet, for people. A release is judged by its guardrails."""

from collections.abc import Sequence
from typing import Any

from stacks.components.blueprint import Blueprint, att
from stacks.components.fleet_balancer import BALANCER, targets_id
from stacks.components.fleet_groups import slot_id
from stacks.project.spec import AlarmsSpec
from tidegate.slots import Slot

_PERIOD_SECONDS = 300
_NAMESPACE = "AWS/ApplicationELB"


def add_fleet_alarms(
    blueprint: Blueprint, slots: Sequence[Slot], limits: AlarmsSpec, *, topic: str | None
) -> None:
    """Three alarms a slot are there: failed, refused and slow requests.

    Metrics: Elastic Load Balancing user guide, "CloudWatch metrics for your Application Load
    Balancer"; the response time is in seconds.
    """
    shares = {
        "Failed": ("HTTPCode_Target_5XX_Count", limits.server_errors_percent),
        "Refused": ("HTTPCode_Target_4XX_Count", limits.client_errors_percent),
    }
    for slot in slots:
        for kind, (metric, percent) in shares.items():
            share = {**_common(f"{kind} requests of slot {slot}", topic), "Threshold": percent}
            queries = [
                {
                    "Id": "share",
                    "Expression": "100 * FILL(some, 0) / every",
                    "Label": "percent",
                    "ReturnData": True,
                },
                _query("some", slot, metric),
                _query("every", slot, "RequestCount"),
            ]
            alarm = {**share, "Metrics": queries}
            blueprint.add(slot_id(slot, kind), "AWS::CloudWatch::Alarm", alarm)
        slow = {
            **_common(f"Response time of slot {slot}", topic),
            "Namespace": _NAMESPACE,
            "MetricName": "TargetResponseTime",
            "Dimensions": _dimensions(slot),
            "Period": _PERIOD_SECONDS,
            "ExtendedStatistic": "p90",
            "Threshold": limits.latency_milliseconds / 1_000,
        }
        blueprint.add(slot_id(slot, "Slow"), "AWS::CloudWatch::Alarm", slow)


def _query(id_: str, slot: Slot, metric: str) -> dict[str, Any]:
    named = {"Namespace": _NAMESPACE, "MetricName": metric, "Dimensions": _dimensions(slot)}
    stat = {"Metric": named, "Period": _PERIOD_SECONDS, "Stat": "Sum"}
    return {"Id": id_, "MetricStat": stat, "ReturnData": False}


def _dimensions(slot: Slot) -> list[dict[str, Any]]:
    return [
        {"Name": "LoadBalancer", "Value": att(BALANCER, "LoadBalancerFullName")},
        {"Name": "TargetGroup", "Value": att(targets_id(slot), "TargetGroupFullName")},
    ]


def _common(description: str, topic: str | None) -> dict[str, Any]:
    return {
        "AlarmDescription": description,
        "EvaluationPeriods": 1,
        "ComparisonOperator": "GreaterThanThreshold",
        "TreatMissingData": "notBreaching",
        "AlarmActions": None if topic is None else [topic],
    }
