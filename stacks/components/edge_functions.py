"""The function that counts what devices of a fleet do, and everything that calls it."""

from dataclasses import dataclass
from typing import Any

from stacks.components.arns import Arns, allow, policy, trust
from stacks.components.blueprint import Blueprint, att, ref
from stacks.components.handler_function import FunctionProps
from stacks.components.monitoring import failure_alarm
from stacks.components.queue import add_queue, deny_plain
from stacks.project.names import export_name, release_stack_name
from tidegate.edge.names import report_topic
from tidegate.intervals import INTERVAL_SECONDS

FUNCTION = "observe_devices"
REPORTS, PRESENCE, HEALTH, TICK = "Reports", "Presence", "DeviceHealth", "EveryMinute"
QUEUE, DEAD, SENDER = "DeviceMessages", "DeadMessages", "ReportRuleRole"
_MINUTE, _HOUR_SECONDS, _FORTNIGHT_SECONDS = 60, 3_600, 1_209_600
_BATCH, _WINDOW_SECONDS, _AT_ONCE, _TRIES = 100, 5, 5, 5

_RECEIVED = ["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"]
"""What Lambda does with the function's role (developer guide, "Using Lambda with SQS")."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FleetPlace:
    """Where a fleet is: names of project, stage and fleet."""

    project: str
    name: str
    arns: Arns

    @property
    def place(self) -> str:
        """What its component, its rings and its topics are named by."""
        return f"{self.project}-{self.arns.stage.name}-{self.name}"


def observing_function(fleet: FleetPlace) -> FunctionProps:
    """Reports become counts, the roster is kept, and releases and deployments are read."""
    deployments = fleet.arns.of("greengrass", "deployments:*")
    # The service asks of the job and the group that are behind a deployment, too.
    behind = [
        fleet.arns.of("iot", "job/*"),
        fleet.arns.of("iot", f"thinggroup/{fleet.place}-ring-*"),
    ]
    counted = ["dynamodb:PutItem", "dynamodb:UpdateItem", "dynamodb:Query"]
    return FunctionProps(
        package=FUNCTION,
        description="Counts what devices of an edge fleet do",
        timeout_seconds=60,
        statements=[
            allow(["dynamodb:GetItem"], [_table(fleet, "ReleaseTableName")]),
            allow(counted, [_table(fleet, "ObservationTableName")]),
            allow(["greengrass:GetDeployment"], [deployments]),
            allow(["iot:DescribeJob"], behind[:1]),
            allow(["iot:DescribeThingGroup"], behind[1:]),
            allow(_RECEIVED, [att(QUEUE)]),
        ],
        environment={
            "PROJECT": fleet.project,
            "STAGE": fleet.arns.stage.name,
            "MODEL": fleet.name,
            "EDGE_PLACE": fleet.place,
            "RELEASE_TABLE": _imported(fleet, "ReleaseTableName"),
            "OBSERVATION_TABLE": _imported(fleet, "ObservationTableName"),
        },
    )


def _imported(fleet: FleetPlace, output: str) -> dict[str, Any]:
    stack = release_stack_name(fleet.project, fleet.arns.stage.name)
    return {"Fn::ImportValue": export_name(stack, output)}


def _table(fleet: FleetPlace, output: str) -> dict[str, Any]:
    table = fleet.arns.text("dynamodb", "table/${Table}")
    return {"Fn::Sub": [table, {"Table": _imported(fleet, output)}]}


def add_events(blueprint: Blueprint, fleet: FleetPlace, function: FunctionProps) -> None:
    """What is told of devices reaches the function: by a queue, in batches, or by rules."""
    _add_queue(blueprint, function)
    topic = report_topic(fleet.place, "+")
    reports = f"SELECT *, topic(4) AS thing FROM '{topic}'"  # noqa: S608 - IoT's, of our own name
    _add_topic_rule(blueprint, REPORTS, reports)
    _add_topic_rule(blueprint, PRESENCE, "SELECT * FROM '$aws/events/presence/+/+'")
    health = {
        "Description": f"What fails on devices of {fleet.place}",
        "EventPattern": {
            "source": ["aws.greengrass"],
            "detail-type": [
                "Greengrass V2 Installed Component Status Change",
                "Greengrass V2 Effective Deployment Status Change",
            ],
        },
    }
    _add_rule(blueprint, HEALTH, health, function)
    minutes = INTERVAL_SECONDS // _MINUTE
    every = {
        "Description": f"Silence of devices of {fleet.place} is counted",
        "ScheduleExpression": f"rate({minutes} minute)",
    }
    _add_rule(blueprint, TICK, every, function)
    said = f"What devices of {fleet.place} did was not counted"
    failed = failure_alarm(function, said, fleet.arns.stage.alarm_topic)
    blueprint.add("ReportsLost", "AWS::CloudWatch::Alarm", failed)


def _add_queue(blueprint: Blueprint, function: FunctionProps) -> None:
    """Messages of devices wait in a queue; what fails again and again is kept apart."""
    kept = {"MessageRetentionPeriod": _FORTNIGHT_SECONDS}
    add_queue(blueprint, DEAD, kept, statements=[deny_plain(DEAD)])
    add_queue(
        blueprint,
        QUEUE,
        {
            "VisibilityTimeout": 6 * function.timeout_seconds,
            # Evidence that is an hour old has no release to wait for any more.
            "MessageRetentionPeriod": _HOUR_SECONDS,
            "RedrivePolicy": {"deadLetterTargetArn": att(DEAD), "maxReceiveCount": _TRIES},
        },
        statements=[deny_plain(QUEUE)],
    )
    blueprint.add(
        SENDER,
        "AWS::IAM::Role",
        {
            "AssumeRolePolicyDocument": trust("iot.amazonaws.com"),
            "Policies": [policy("Work", [allow(["sqs:SendMessage"], [att(QUEUE)])])],
        },
    )
    blueprint.add(
        "Messages",
        "AWS::Lambda::EventSourceMapping",
        {
            "EventSourceArn": att(QUEUE),
            "FunctionName": ref(function.id),
            "BatchSize": _BATCH,
            "MaximumBatchingWindowInSeconds": _WINDOW_SECONDS,
            "ScalingConfig": {"MaximumConcurrency": _AT_ONCE},
        },
    )


def _add_topic_rule(blueprint: Blueprint, id_: str, sql: str) -> None:
    queued = {"QueueUrl": ref(QUEUE), "RoleArn": att(SENDER), "UseBase64": False}
    blueprint.add(
        id_,
        "AWS::IoT::TopicRule",
        {
            "TopicRulePayload": {
                "Sql": sql,
                "AwsIotSqlVersion": "2016-03-23",
                "RuleDisabled": False,
                "Actions": [{"Sqs": queued}],
            }
        },
    )


def _add_rule(
    blueprint: Blueprint, id_: str, rule: dict[str, Any], function: FunctionProps
) -> None:
    targets = [{"Id": "Observe", "Arn": att(function.id)}]
    blueprint.add(id_, "AWS::Events::Rule", {**rule, "Targets": targets})
    blueprint.add(
        f"{id_}Permission",
        "AWS::Lambda::Permission",
        {
            "Action": "lambda:InvokeFunction",
            "FunctionName": att(function.id),
            "Principal": "events.amazonaws.com",
            "SourceArn": att(id_),
        },
    )
