"""The roles that a project's pipeline takes in a stage, which may be in another account.

A stack of its own, so that whoever owns the account can deploy it first and read it alone.
"""

from dataclasses import dataclass
from typing import Any

from aws_cdk import Environment, Stack
from constructs import Construct

from stacks.components.arns import ACCOUNT, Arns, allow, policy, sub
from stacks.components.blueprint import Blueprint
from stacks.components.edge_rights import Done, edge_statements
from stacks.components.fleet_rights import reading_statements
from stacks.project.names import (
    access_stack_name,
    batch_stack_name,
    build_name,
    delivery_name,
    monitor_buckets,
    pipeline_name,
    reader_role_name,
    release_role_name,
    release_stack_name,
)
from stacks.project.pipelines import HomeSpec
from stacks.project.spec import StageSpec

RELEASE_ROLE = "PipelineRelease"
READER_ROLE = "PipelineRead"


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessProps:
    """A stage, and where its pipeline is. `zone_id` is the zone of its models' records, if any.

    `groups` are those of the model registry whose approved versions a deploy looks for;
    `batches` are the models with a batch, whose live versions a deploy has to know.
    """

    project: str
    stage: StageSpec
    home: HomeSpec
    zone_id: str | None = None
    groups: tuple[str, ...] = ()
    batches: tuple[str, ...] = ()
    has_edge: bool = False
    """Whether an edge fleet is released, whose rings are read."""
    fleets: bool = False
    """Whether a model is on EC2 instances."""
    monitored: tuple[str, ...] = ()
    """Models that have a monitor, whose reports are evidence."""
    live_settings: tuple[str, ...] = ()
    """Released services whose live settings a deploy has to know."""


class AccessStack(Stack):
    """What a pipeline may do in one stage: release, and read what is deployed."""

    def __init__(self, scope: Construct, *, props: AccessProps) -> None:
        stage = props.stage
        super().__init__(
            scope,
            access_stack_name(props.project, stage.name),
            env=Environment(account=stage.account, region=stage.region),
            description=f"What the pipeline of {props.project} may do in stage {stage.name}",
        )
        access_blueprint(props).build(self)


def access_blueprint(props: AccessProps) -> Blueprint:
    """What the stack holds."""
    blueprint, stage = Blueprint(), props.stage
    blueprint.add(
        RELEASE_ROLE,
        "AWS::IAM::Role",
        {
            "RoleName": release_role_name(props.project, stage.name),
            "Description": f"The pipeline of {props.project} releases in stage {stage.name}",
            "AssumeRolePolicyDocument": _trusted(props, [pipeline_name(props.project)]),
            "Policies": [policy("Release", _release_statements(props))],
        },
    )
    readers = [build_name(props.project, kind) for kind in (f"deploy-{stage.name}", "evidence")]
    blueprint.add(
        READER_ROLE,
        "AWS::IAM::Role",
        {
            "RoleName": reader_role_name(props.project, stage.name),
            "Description": f"Builds of {props.project} read what is live in stage {stage.name}",
            "AssumeRolePolicyDocument": _trusted(props, readers),
            "Policies": [policy("Read", _reader_statements(props))],
        },
    )
    return blueprint


def assets_bucket(stage: StageSpec) -> str:
    """The bucket of CDK's bootstrap, where documents of settings are among the assets."""
    account = ACCOUNT if stage.account is None else stage.account
    return f"cdk-hnb659fds-assets-{account}-{stage.region}"


def _trusted(props: AccessProps, names: list[str]) -> dict[str, Any]:
    """Roles of the pipeline's account, by their names: they need not exist yet.

    IAM refuses a principal that does not exist; an account with a condition is never refused.
    """
    home = props.home
    account = ACCOUNT if home.account is None else home.account
    roles = [sub(f"arn:{home.partition}:iam::{account}:role/{name}") for name in names]
    statement = {
        "Effect": "Allow",
        "Principal": {"AWS": sub(f"arn:{home.partition}:iam::{account}:root")},
        "Action": "sts:AssumeRole",
        "Condition": {"ArnEquals": {"aws:PrincipalArn": roles}},
    }
    return {"Version": "2012-10-17", "Statement": [statement]}


def _release_statements(props: AccessProps) -> list[dict[str, Any]]:
    """What an action that starts a machine needs, and the rule that looks at an alarm.

    Source: CodePipeline User Guide, "AWS Step Functions action reference" and "CloudWatchAlarm".
    """
    arns = Arns(stage=props.stage)
    name = delivery_name(props.project, props.stage.name)
    return [
        allow(
            ["states:DescribeStateMachine", "states:StartExecution"],
            [arns.of("states", f"stateMachine:{name}")],
        ),
        allow(["states:DescribeExecution"], [arns.of("states", f"execution:{name}:*")]),
        # Alarms are described by name or not at all: Service Authorization Reference.
        allow(["cloudwatch:DescribeAlarms"], ["*"]),
    ]


def _reader_statements(props: AccessProps) -> list[dict[str, Any]]:
    """Live pointers and evidence, templates as deployed, and what serves."""
    project, stage = props.project, props.stage
    arns = Arns(stage=stage)
    table = f"table/{release_stack_name(project, stage.name)}-ReleaseTable-*"
    counts = f"table/{release_stack_name(project, stage.name)}-ObservationTable-*"
    statements = [
        allow(
            ["cloudformation:DescribeStacks", "cloudformation:GetTemplate"],
            [arns.of("cloudformation", f"stack/{project}-{stage.name}-*")],
        ),
        allow(
            ["dynamodb:GetItem", "dynamodb:Query"],
            [arns.of("dynamodb", table), arns.of("dynamodb", counts)],
        ),
        allow(
            ["sagemaker:DescribeEndpoint"],
            [arns.of("sagemaker", f"endpoint/{project}-{stage.name}-*")],
        ),
        *reading_statements(fleets=props.fleets),
        *(edge_statements(arns, project, [Done.READ]) if props.has_edge else ()),
    ]
    if props.groups:
        # To list is a right on the versions, not on their group (Service Authorization Reference).
        versions = [arns.of("sagemaker", f"model-package/{g.lower()}/*") for g in props.groups]
        actions = ["sagemaker:DescribeModelPackage", "sagemaker:ListModelPackages"]
        statements.append(allow(actions, versions))
    if props.monitored:
        # Who may not list the bucket is told of a report that is not there yet as of a refusal.
        buckets = monitor_buckets(project, stage.name)
        statements.append(allow(["s3:ListBucket"], [arns.s3(buckets)]))
        statements.append(allow(["s3:GetObject"], [arns.s3(f"{buckets}/report.json")]))
    if props.batches:
        stacks = [batch_stack_name(project, stage.name, model) for model in props.batches]
        runs = [arns.of("dynamodb", f"table/{stack}-RunTable-*") for stack in stacks]
        statements.append(allow(["dynamodb:GetItem"], runs))
    if props.live_settings:
        statements.append(allow(["s3:GetObject"], [arns.s3(f"{assets_bucket(stage)}/*.json")]))
    if props.zone_id is not None:
        zone = f"arn:{stage.partition}:route53:::hostedzone/{props.zone_id}"
        statements.append(allow(["route53:ListResourceRecordSets"], [zone]))
    return statements
