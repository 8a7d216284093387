"""What a pipeline calls in a stage: a machine that releases what waits there, and its functions.

It looks at releases, and never owns one: releases go on whatever becomes of it, and a delivery that
is run again finds what it started. The pipeline's action waits for the machine as long as an action
may; what lasts longer is handed over: the machine retries the stage when the release has ended
well, and the retried stage finds it delivered (docs/decisions/0018-pipelines.md).
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from stacks.components.arns import Arns, allow, policy, sub, trust
from stacks.components.blueprint import Blueprint, att, ref
from stacks.components.edge_rights import Done, edge_statements
from stacks.components.fleet_rights import reading_statements
from stacks.components.front_door import API
from stacks.components.handler_function import FunctionProps
from stacks.components.release_machine import (
    MACHINE_LOG,
    RELEASE_MACHINE,
    definition,
    log_delivery,
)
from stacks.components.tables import RELEASE_TABLE
from stacks.project.names import delivery_name, pipeline_name, resume_role_name
from stacks.project.pipelines import HomeSpec

DELIVERY_MACHINE = "DeliveryMachine"
_ROUND_TIMEOUT_SECONDS = 420
"""A round of traffic lasts five minutes, and ends when its last answers have come."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TrafficObject:
    """A model's file of requests, published with the stack, and the pace of its traffic."""

    model: str
    kind: str
    requests_per_minute: int
    bucket: str
    key: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryProps:
    """A stage that a pipeline delivers to. `traffic` is what models there are asked meanwhile.

    `title` is what the pipeline calls its own stage.
    """

    project: str
    arns: Arns
    home: HomeSpec
    title: str
    hosts: tuple[str, ...] = ()
    zone_id: str | None = None
    traffic: Sequence[TrafficObject] = ()
    has_edge: bool = False
    """Whether an edge fleet is released, whose rings are read back as well."""
    fleets: bool = False
    """Whether a model is on EC2 instances."""

    @property
    def home_account(self) -> str:
        """The account of the pipeline, or what CloudFormation fills in for it."""
        return "${AWS::AccountId}" if self.home.account is None else self.home.account

    @property
    def elsewhere(self) -> bool:
        """Whether the pipeline is in another account than the stage."""
        return self.home.account != self.arns.stage.account


def delivery_functions(props: DeliveryProps) -> Mapping[str, FunctionProps]:
    """Every function by its package; traffic is sent where there is some."""
    rows = [_open(props), _follow(props)]
    if props.traffic:
        rows.append(_send(props))
    return {row.name: row for row in rows}


def add_delivery_machine(blueprint: Blueprint, props: DeliveryProps) -> None:
    """The machine is there, under the name by which the pipeline calls it."""
    calls = {"OpenDelivery": att("OpenDelivery"), "FollowDelivery": att("FollowDelivery")}
    if props.traffic:
        calls["SendTraffic"] = att("SendTraffic")
    name = delivery_name(props.project, props.arns.stage.name)
    statements = [
        allow(["lambda:InvokeFunction"], list(calls.values())),
        _resume(props),
        log_delivery(),
    ]
    role = blueprint.add(
        f"{DELIVERY_MACHINE}Role",
        "AWS::IAM::Role",
        {
            "RoleName": name,
            "AssumeRolePolicyDocument": trust("states.amazonaws.com"),
            "Policies": [policy("Work", statements)],
        },
    )
    blueprint.add(
        DELIVERY_MACHINE,
        "AWS::StepFunctions::StateMachine",
        {
            "StateMachineName": name,
            "RoleArn": att(role),
            "StateMachineType": "STANDARD",
            "DefinitionString": delivery_definition(props),
            "DefinitionSubstitutions": calls,
            "LoggingConfiguration": {
                "Level": "ALL",
                "IncludeExecutionData": True,
                "Destinations": [{"CloudWatchLogsLogGroup": {"LogGroupArn": att(MACHINE_LOG)}}],
            },
        },
    )


def delivery_definition(props: DeliveryProps) -> Any:
    """The machine's Amazon States Language: without traffic it only waits between two looks."""
    machine = json.loads(definition("delivery", partition=props.arns.stage.partition))
    states = machine["States"]
    if not props.traffic:
        states.pop("Send")
        states["Standing"]["Default"] = "Wait"
    if props.elsewhere:
        states["Resume"]["Credentials"] = {"RoleArn": resume_role_arn(props)}
    return json.dumps(machine, separators=(",", ":"))


def resume_role_arn(props: DeliveryProps) -> str:
    """The role, in the pipeline's account, that may retry its stages."""
    name = resume_role_name(props.project)
    return f"arn:{props.home.partition}:iam::{props.home_account}:role/{name}"


def _resume(props: DeliveryProps) -> dict[str, Any]:
    if props.elsewhere:
        return allow(["sts:AssumeRole"], [sub(resume_role_arn(props))])
    stage = stage_arn(props.project, props.home, props.title)
    return allow(["codepipeline:RetryStageExecution"], [sub(stage)])


def stage_arn(project: str, home: HomeSpec, title: str) -> str:
    """A stage of the pipeline, as text that may hold `${AWS::AccountId}`."""
    account = "${AWS::AccountId}" if home.account is None else home.account
    name = pipeline_name(project)
    return f"arn:{home.partition}:codepipeline:{home.region}:{account}:{name}/{title}"


def _open(props: DeliveryProps) -> FunctionProps:
    return FunctionProps(
        package="open_delivery",
        description="Starts the releases of a pipeline's execution",
        timeout_seconds=60,
        statements=[
            allow(["dynamodb:GetItem", "dynamodb:Query"], [att(RELEASE_TABLE)]),
            *_read_back(props),
            allow(["states:StartExecution"], [ref(RELEASE_MACHINE)]),
        ],
        environment=_environment(props),
    )


def _follow(props: DeliveryProps) -> FunctionProps:
    return FunctionProps(
        package="follow_delivery",
        description="Looks how far the releases of a pipeline's execution are",
        timeout_seconds=60,
        statements=[
            allow(["dynamodb:GetItem", "dynamodb:Query"], [att(RELEASE_TABLE)]),
            *_read_back(props),
            allow(["states:DescribeExecution"], [_executions()]),
        ],
        environment=_environment(props),
    )


def _executions() -> dict[str, Any]:
    """Executions of the release machine, by its generated name."""
    arn = (
        "arn:${AWS::Partition}:states:${AWS::Region}:${AWS::AccountId}:"
        f"execution:${{{RELEASE_MACHINE}.Name}}:*"
    )
    return {"Fn::Sub": arn}


def _read_back(props: DeliveryProps) -> list[dict[str, Any]]:
    pattern = f"endpoint/{props.project}-{props.arns.stage.name}-*"
    statements = [allow(["sagemaker:DescribeEndpoint"], [props.arns.of("sagemaker", pattern)])]
    statements += reading_statements(fleets=props.fleets)
    if props.has_edge:
        statements += edge_statements(props.arns, props.project, [Done.READ])
    if props.hosts and props.zone_id is not None:
        zone = f"arn:{props.arns.stage.partition}:route53:::hostedzone/{props.zone_id}"
        statements.append(allow(["route53:ListResourceRecordSets"], [zone]))
    return statements


def _send(props: DeliveryProps) -> FunctionProps:
    files = {
        each.model: {
            "kind": each.kind,
            "requests_per_minute": each.requests_per_minute,
            "bucket": each.bucket,
            "key": each.key,
        }
        for each in props.traffic
    }
    objects = [sub(f"arn:${{AWS::Partition}}:s3:::{t.bucket}/{t.key}") for t in props.traffic]
    api = f"arn:${{AWS::Partition}}:execute-api:${{AWS::Region}}:${{AWS::AccountId}}:${{{API}}}"
    routes = [f"{api}/$default/POST/models/{each.model}/predictions" for each in props.traffic]
    return FunctionProps(
        package="send_traffic",
        description="Asks models in staging what the project's files of requests say",
        timeout_seconds=_ROUND_TIMEOUT_SECONDS,
        statements=[
            allow(["s3:GetObject"], objects),
            allow(
                ["execute-api:Invoke"], [sub(f"{api}/$default/POST/outcomes"), *map(sub, routes)]
            ),
        ],
        environment={
            **_names(props),
            "API_URL": att(API, "ApiEndpoint"),
            "TRAFFIC": sub(json.dumps(files, sort_keys=True, separators=(",", ":"))),
        },
        memory_megabytes=512,
    )


def _environment(props: DeliveryProps) -> dict[str, Any]:
    return {
        **_names(props),
        "RELEASE_TABLE": ref(RELEASE_TABLE),
        "RELEASE_MACHINE_ARN": ref(RELEASE_MACHINE),
    }


def _names(props: DeliveryProps) -> dict[str, Any]:
    return {"PROJECT": props.project, "STAGE": props.arns.stage.name}
