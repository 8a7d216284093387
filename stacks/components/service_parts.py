"""What an AI service has beside functions and queue: files, alarms, its kind's resources."""

from collections.abc import Mapping, Sequence
from typing import Any

from stacks.components.blueprint import Blueprint, Kept, data
from stacks.components.bucket import add_bucket, expiring
from stacks.components.emptying import AI, PACKAGE
from stacks.components.service_functions import BUCKET, ServiceProps
from stacks.project.names import function_name
from tidegate.ai.kind import Alarm, Resources
from tidegate.ai.work import IN, RESULTS
from tidegate.metrics import NAMESPACE

_DATA = frozenset({"AWS::DynamoDB::Table", "AWS::Logs::LogGroup", "AWS::S3::Bucket"})
_CUSTOM = "Custom::"
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
    for id_, resource in _declared(props).templates.items():
        _add(blueprint, props, id_, resource)


def add_own(blueprint: Blueprint, props: ServiceProps, *, after: Sequence[str]) -> list[str]:
    """What each arm has of its own is there, and changes only after these, such as a guard. Ids."""
    added: list[str] = []
    for own in props.every_own:
        for id_, resource in own.resources.templates.items():
            _add(blueprint, props, id_, resource)
            added.append(id_)
            if after:
                before = blueprint.resources[id_].get("DependsOn", [])
                blueprint.resources[id_]["DependsOn"] = [*before, *after]
    return added


def _add(blueprint: Blueprint, props: ServiceProps, id_: str, resource: Mapping[str, Any]) -> None:
    more = {name: resource[name] for name in resource if name not in {"Type", "Properties"}}
    held = resource["Type"] in _DATA
    kept = data(props.arns.stage.data_on_destroy) if held else Kept.NOTHING
    token = _token(props) if resource["Type"].startswith(_CUSTOM) else {}
    properties = {**token, **resource.get("Properties", {})}
    blueprint.add(id_, resource["Type"], properties, kept=kept)
    blueprint.resources[id_] |= more


def _token(props: ServiceProps) -> dict[str, Any]:
    """What a kind has ended by a function of the stack that all services share."""
    place = props.place
    name = function_name(place.project, place.stage, f"{AI}{PACKAGE}")
    return {"ServiceToken": props.arns.of("lambda", f"function:{name}")}


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
