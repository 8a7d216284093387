"""What an AI service has beside functions and queue: files, alarms, its kind's resources."""

from typing import Any

from stacks.components.blueprint import Blueprint, Kept, data
from stacks.components.bucket import add_bucket, expiring
from stacks.components.service_functions import BUCKET, ServiceProps
from tidegate.ai.kind import Alarm, Resources
from tidegate.ai.work import IN, RESULTS
from tidegate.metrics import NAMESPACE

_DATA = frozenset({"AWS::DynamoDB::Table", "AWS::Logs::LogGroup", "AWS::S3::Bucket"})
_EVENTS = {"EventBridgeConfiguration": {"EventBridgeEnabled": True}}


def add_bucket_of(blueprint: Blueprint, props: ServiceProps) -> None:
    """The bucket is there; EventBridge hears of what is put into it if the kind works on it."""
    kind, days = props.kind, props.spec.keep_days
    stay = expiring(days, (IN, RESULTS, *kind.passing)) if kind.files_stay else {}
    heard = {"NotificationConfiguration": _EVENTS} if kind.arrivals else {}
    add_bucket(
        blueprint,
        BUCKET,
        allowed=[dict(one) for one in _declared(props).bucket],
        keep_days=days,
        kept=data(props.arns.stage.data_on_destroy),
        more={**heard, **stay},
    )


def add_resources(blueprint: Blueprint, props: ServiceProps) -> None:
    """What the kind needs on AWS is there, under the logical ids that it gave.

    What holds data outlives its stack if the stage says so.
    """
    stage = props.arns.stage
    for id_, resource in _declared(props).templates.items():
        more = {name: resource[name] for name in resource if name not in {"Type", "Properties"}}
        kept = data(stage.data_on_destroy) if resource["Type"] in _DATA else Kept.NOTHING
        blueprint.add(id_, resource["Type"], resource.get("Properties", {}), kept=kept)
        blueprint.resources[id_] |= more


def _declared(props: ServiceProps) -> Resources:
    return props.kind.resources(props.spec.settings, props.place)


def add_alarms(blueprint: Blueprint, props: ServiceProps) -> None:
    """An alarm for each of the kind's own; each bills while idle, so settings turn them on."""
    for alarm in props.kind.alarms(props.spec.settings):
        blueprint.add(f"{alarm.name}Alarm", "AWS::CloudWatch::Alarm", _alarm(alarm, props))


def _alarm(alarm: Alarm, props: ServiceProps) -> dict[str, Any]:
    topic = props.arns.stage.alarm_topic
    return {
        "AlarmDescription": f"{props.place.service}: {alarm.says}",
        "Namespace": NAMESPACE,
        "MetricName": alarm.metric,
        "Dimensions": [{"Name": "Service", "Value": props.place.prefix}],
        "Statistic": alarm.statistic,
        "Period": alarm.period_seconds,
        "EvaluationPeriods": 1,
        "Threshold": alarm.threshold,
        "ComparisonOperator": alarm.comparison,
        "TreatMissingData": "notBreaching",
        "AlarmActions": None if topic is None else [topic],
    }
