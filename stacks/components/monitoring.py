"""A monitor: its function on a schedule, the bucket of its state and reports, its alarms."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from stacks.components.arns import Arns, allow, sub
from stacks.components.blueprint import Blueprint, att, data, ref
from stacks.components.bucket import add_bucket, objects_in
from stacks.components.handler_function import FunctionProps
from stacks.project.monitoring_spec import MonitoringSpec
from stacks.project.names import release_stack_name, training_buckets
from tidegate.metrics import NAMESPACE
from tidegate.monitoring.view import FINDINGS

MONITOR_BUCKET = "MonitorBucket"
PACKAGE = "monitor_model"
OBJECTS = ("state.json.gz", "report.json")
"""What the function writes (`tidegate_aws.monitor_store`)."""

BASELINES = "baselines"
"""Where baselines of trained versions are kept, as long as the monitor is."""

_SECONDS = 900
_MEGABYTES = 1_024
"""Lambda gives processor time by memory (Lambda quotas); captures are read line by line."""

_KEEP_DAYS = 400
"""A monitor that nobody ran for so long forgets; every run writes its state anew."""

_SCHEDULE = "MonitorSchedule"
_MINUTE = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class MonitorProps:
    """Whose monitor, which endpoints it reads captures of, and where its baseline was published."""

    project: str
    arns: Arns
    model: str
    spec: MonitoringSpec
    endpoints: Sequence[str]
    bucket: str
    key: str
    group: str | None = None
    """The group of the model's trained versions, whose baselines come with them."""


def monitor_function(props: MonitorProps) -> FunctionProps:
    """The function: it reads captures and the baseline, and writes two objects."""
    arns = props.arns
    endpoints = [arns.of("sagemaker", f"endpoint/{name}") for name in props.endpoints]
    # CloudFormation begins a bucket's name with the stack's, in small letters.
    captures = f"{props.project}-{arns.stage.name}-model-*".lower()
    written = [objects_in(MONITOR_BUCKET, name) for name in OBJECTS]
    return FunctionProps(
        package=PACKAGE,
        description=f"Says whether what {props.model} is asked is still like its baseline",
        timeout_seconds=_SECONDS,
        memory_megabytes=_MEGABYTES,
        statements=[
            allow(["sagemaker:DescribeEndpoint"], endpoints),
            allow(["s3:ListBucket"], [arns.s3(captures), att(MONITOR_BUCKET)]),
            allow(
                ["s3:GetObject"],
                [
                    arns.s3(f"{captures}/*"),
                    sub(f"arn:{arns.stage.partition}:s3:::{props.bucket}/{props.key}"),
                    objects_in(MONITOR_BUCKET, OBJECTS[0]),
                ],
            ),
            allow(["s3:PutObject"], written),
            allow(["events:PutEvents"], [arns.of("events", "event-bus/default")]),
            *_release_statements(props),
            *_version_statements(props),
        ],
        environment={
            "PROJECT": props.project,
            "STAGE": arns.stage.name,
            "MODEL": props.model,
            "ENDPOINTS": " ".join(props.endpoints),
            "RELEASE_STACK": release_stack_name(props.project, arns.stage.name),
            "MONITOR_BUCKET": ref(MONITOR_BUCKET),
            "MONITORING": sub(_monitoring(props)),
            "EVENT_BUS_NAME": "default",
            **({} if props.group is None else {"PACKAGE_GROUP": props.group}),
        },
    )


def _release_statements(props: MonitorProps) -> list[dict[str, Any]]:
    """Counters of outcomes and live pointers are in tables of the release stack.

    Its outputs name them.
    """
    arns, release = props.arns, release_stack_name(props.project, props.arns.stage.name)
    statements = []
    if props.spec.plan.outcomes is not None:
        counts = arns.of("dynamodb", f"table/{release}-ObservationTable-*")
        # Counts of outcomes by a query; of single predictions whose scores wait, by their keys.
        joined = ["dynamodb:BatchGetItem"] if props.spec.plan.score is not None else []
        statements.append(allow(["dynamodb:Query", *joined], [counts]))
    if props.group is not None:
        pointers = arns.of("dynamodb", f"table/{release}-ReleaseTable-*")
        statements.append(allow(["dynamodb:GetItem"], [pointers]))
    if statements:
        stack = arns.of("cloudformation", f"stack/{release}/*")
        statements.insert(0, allow(["cloudformation:DescribeStacks"], [stack]))
    return statements


def _version_statements(props: MonitorProps) -> list[dict[str, Any]]:
    """The live version's package, what its training left, and what is kept of that."""
    if props.group is None:
        return []
    arns = props.arns
    left = training_buckets(props.project, arns.stage.name)
    kept = objects_in(MONITOR_BUCKET, f"{BASELINES}/*")
    packages = arns.of("sagemaker", f"model-package/{props.group.lower()}/*")
    return [
        allow(["sagemaker:DescribeModelPackage"], [packages]),
        allow(["s3:ListBucket"], [arns.s3(left)]),
        allow(["s3:GetObject"], [arns.s3(f"{left}/runs/*"), kept]),
        allow(["s3:PutObject"], [kept]),
    ]


def _monitoring(props: MonitorProps) -> str:
    told = {"plan": props.spec.plan.to_json(), "bucket": props.bucket, "key": props.key}
    return json.dumps(told, sort_keys=True, separators=(",", ":"))


def add_monitor(blueprint: Blueprint, props: MonitorProps, function: FunctionProps) -> None:
    """Bucket, schedule and alarms are there, around the function."""
    stage = props.arns.stage
    add_bucket(
        blueprint,
        MONITOR_BUCKET,
        keep_days=_KEEP_DAYS,
        kept=data(stage.data_on_destroy),
        more={"LifecycleConfiguration": {"Rules": _expiring()}},
    )
    blueprint.add(_SCHEDULE, "AWS::Events::Rule", _rule(props, function))
    blueprint.add(
        f"{_SCHEDULE}Permission",
        "AWS::Lambda::Permission",
        {
            "Action": "lambda:InvokeFunction",
            "FunctionName": att(function.id),
            "Principal": "events.amazonaws.com",
            "SourceArn": att(_SCHEDULE),
        },
    )
    _add_alarms(blueprint, props, function)


def rate(seconds: int) -> str:
    """The schedule of a rule that comes every so many seconds, in whole minutes."""
    minutes = max(1, seconds // _MINUTE)
    return f"rate({minutes} {'minute' if minutes == 1 else 'minutes'})"


def _expiring() -> list[dict[str, Any]]:
    """State and report are written anew by every run; baselines are written once, and stay."""
    rules: list[dict[str, Any]] = [
        {
            "Id": f"Expire{number}",
            "Status": "Enabled",
            "Prefix": name,
            "ExpirationInDays": _KEEP_DAYS,
        }
        for number, name in enumerate(OBJECTS)
    ]
    abandoned = {"DaysAfterInitiation": 1}
    aborted = {"Id": "Abort", "Status": "Enabled", "AbortIncompleteMultipartUpload": abandoned}
    return [*rules, aborted]


def _rule(props: MonitorProps, function: FunctionProps) -> dict[str, Any]:
    return {
        "Description": f"New captures of {props.model} are looked at",
        "ScheduleExpression": rate(props.spec.every_seconds),
        "Targets": [{"Id": "Monitor", "Arn": att(function.id)}],
    }


def _add_alarms(blueprint: Blueprint, props: MonitorProps, function: FunctionProps) -> None:
    topic = props.arns.stage.alarm_topic
    drifted = {
        "AlarmDescription": f"What {props.model} is asked or answers is not like its baseline",
        "Namespace": NAMESPACE,
        "MetricName": FINDINGS,
        "Dimensions": [{"Name": "Model", "Value": props.model}],
        "Statistic": "Maximum",
        # Between two looks there is no metric, and nothing has changed.
        "TreatMissingData": "ignore",
        **_any(topic),
    }
    blueprint.add("Drifted", "AWS::CloudWatch::Alarm", drifted)
    failed = failure_alarm(function, f"The monitor of {props.model} failed", topic)
    blueprint.add("MonitorFailed", "AWS::CloudWatch::Alarm", failed)


def failure_alarm(function: FunctionProps, said: str, topic: str | None) -> dict[str, Any]:
    """The properties of an alarm that goes off when the function fails once."""
    return {
        "AlarmDescription": said,
        "Namespace": "AWS/Lambda",
        "MetricName": "Errors",
        "Dimensions": [{"Name": "FunctionName", "Value": ref(function.id)}],
        "Statistic": "Sum",
        "TreatMissingData": "notBreaching",
        **_any(topic),
    }


def _any(topic: str | None) -> dict[str, Any]:
    """Of an alarm that goes off above nothing, within a minute, and tells the topic."""
    return {
        "Period": _MINUTE,
        "Threshold": 0,
        "EvaluationPeriods": 1,
        "ComparisonOperator": "GreaterThanThreshold",
        "AlarmActions": None if topic is None else [topic],
    }
