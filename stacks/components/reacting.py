"""What is done about a monitor's findings: a function, told by the monitor's event and by time.

The event makes it prompt. The schedule makes up for what the guard held back: a release that was
open, a pause that has passed.
"""

import json
from dataclasses import dataclass
from typing import Any

from stacks.components.arns import Arns, allow
from stacks.components.blueprint import Blueprint, att, ref
from stacks.components.bucket import objects_in
from stacks.components.handler_function import FunctionProps
from stacks.components.monitoring import MONITOR_BUCKET, MonitorProps, failure_alarm, rate
from stacks.project.names import (
    package_group_name,
    release_name,
    release_stack_name,
    training_name,
)
from tidegate.reaction.plan import Action, ReactionPlan

PACKAGE = "react_to_findings"
FOUND_DETAIL_TYPE = "Tidegate Monitoring State Change"
SOURCE = "tidegate"
MEMORY, REPORT = "reaction.json", "report.json"
"""What the function writes, and what it reads (`tidegate_aws.reactions`)."""

_SECONDS = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class ReactionProps:
    """Whose reaction; `zone_id` is of the records that releases move, where they do."""

    monitor: MonitorProps
    plan: ReactionPlan
    zone_id: str | None = None

    @property
    def arns(self) -> Arns:
        """ARNs of the stage."""
        return self.monitor.arns


def reaction_function(props: ReactionProps) -> FunctionProps:
    """The function: it reads the report and what is live, and begins what the plan asks for."""
    monitor, arns = props.monitor, props.arns
    stage = arns.stage.name
    trained = {
        "TRAINING_PIPELINE": training_name(monitor.project, stage, monitor.model),
        "PACKAGE_GROUP": package_group_name(monitor.project, stage, monitor.model),
    }
    return FunctionProps(
        package=PACKAGE,
        description=f"Does something about what the monitor of {monitor.model} found",
        timeout_seconds=_SECONDS,
        statements=[
            allow(["s3:ListBucket"], [att(MONITOR_BUCKET)]),
            allow(["s3:GetObject"], [objects_in(MONITOR_BUCKET, n) for n in (MEMORY, REPORT)]),
            allow(["s3:PutObject"], [objects_in(MONITOR_BUCKET, MEMORY)]),
            allow(["events:PutEvents"], [arns.of("events", "event-bus/default")]),
            *releases_statements(monitor.project, arns),
            *_retraining(props),
            *_going_back(props),
        ],
        environment={
            "MODEL": monitor.model,
            "RELEASE_STACK": release_stack_name(monitor.project, stage),
            "MONITOR_BUCKET": ref(MONITOR_BUCKET),
            "REACTION": json.dumps(props.plan.to_json(), sort_keys=True, separators=(",", ":")),
            "EVENT_BUS_NAME": "default",
            **(trained if props.plan.asks(Action.RETRAIN) else {}),
        },
    )


def releases_statements(project: str, arns: Arns) -> list[dict[str, Any]]:
    """What is live, and which release made it so: in the release stack's table, by its outputs."""
    release = release_stack_name(project, arns.stage.name)
    return [
        allow(["cloudformation:DescribeStacks"], [arns.of("cloudformation", f"stack/{release}/*")]),
        allow(["dynamodb:GetItem"], [arns.of("dynamodb", f"table/{release}-ReleaseTable-*")]),
    ]


def _retraining(props: ReactionProps) -> list[dict[str, Any]]:
    if not props.plan.asks(Action.RETRAIN):
        return []
    monitor, arns = props.monitor, props.arns
    name = training_name(monitor.project, arns.stage.name, monitor.model)
    group = package_group_name(monitor.project, arns.stage.name, monitor.model).lower()
    return [
        allow(
            ["sagemaker:StartPipelineExecution", "sagemaker:ListPipelineExecutions"],
            [arns.of("sagemaker", f"pipeline/{name}")],
        ),
        # To list is a right on the versions, not on their group (Service Authorization Reference).
        allow(["sagemaker:ListModelPackages"], [arns.of("sagemaker", f"model-package/{group}/*")]),
    ]


def _going_back(props: ReactionProps) -> list[dict[str, Any]]:
    if not props.plan.asks(Action.ROLL_BACK):
        return []
    monitor, arns = props.monitor, props.arns
    machine = release_name(monitor.project, arns.stage.name)
    endpoints = [arns.of("sagemaker", f"endpoint/{name}") for name in monitor.endpoints]
    statements = [
        allow(["sagemaker:DescribeEndpoint"], endpoints),
        allow(["states:StartExecution"], [arns.of("states", f"stateMachine:{machine}")]),
    ]
    if props.zone_id is not None:
        zone = f"arn:{arns.stage.partition}:route53:::hostedzone/{props.zone_id}"
        statements.append(allow(["route53:ListResourceRecordSets"], [zone]))
    return statements


def add_reaction(blueprint: Blueprint, props: ReactionProps, function: FunctionProps) -> None:
    """Event rule, schedule and alarms are there, around the function."""
    monitor = props.monitor
    pattern = {
        "source": [SOURCE],
        "detail-type": [FOUND_DETAIL_TYPE],
        "detail": {"model": [monitor.model]},
    }
    target = [{"Id": "React", "Arn": att(function.id)}]
    told = {
        "Description": f"What the monitor of {monitor.model} found has changed",
        "EventPattern": pattern,
        "Targets": target,
    }
    timed = {
        "Description": f"What was held back about {monitor.model} is decided on again",
        "ScheduleExpression": rate(monitor.spec.every_seconds),
        "Targets": target,
    }
    for id_, rule in (("Found", told), ("ReactionSchedule", timed)):
        blueprint.add(id_, "AWS::Events::Rule", rule)
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
    # People are told where the function fails; what it holds back is a metric and an event.
    topic = props.arns.stage.alarm_topic
    said = f"The reaction to findings about {monitor.model} failed"
    blueprint.add("ReactionFailed", "AWS::CloudWatch::Alarm", failure_alarm(function, said, topic))
