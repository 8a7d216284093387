"""What cdk-nag finds on fleets of EC2 instances, and we mean to keep, each with its reason."""

from collections.abc import Iterator, Sequence

from stacks.checks.rows import Acknowledged, arn, finding, wildcard
from stacks.components.fleet_balancer import BALANCER
from stacks.components.fleet_groups import ROLE, slot_id
from stacks.components.fleet_rolling import GROUP
from stacks.components.rolling_rights import PARTS, role_path
from stacks.components.subnets import VPC
from stacks.project.names import access_stack_name, model_stack_name, release_stack_name
from stacks.project.spec import Ec2Spec, ProjectSpec, StageSpec
from tidegate.slots import PAIR

READERS = ("PrepareRelease", "ShiftTraffic", "VerifyTraffic", "SettleRelease", "VerifyRelease")
_NO_RESOURCE = "these actions take no resource (Service Authorization Reference)"
_READS = f"DescribeAutoScalingGroups, DescribeTargetHealth: {_NO_RESOURCE}"


def of_fleets(project: ProjectSpec, stage: StageSpec) -> Iterator[Acknowledged]:
    """Every finding that stays because models of this stage are on instances of their own."""
    fleets = [m for m in project.models.values() if isinstance(m.hosting, Ec2Spec)]
    if not fleets:
        return
    release = release_stack_name(project.name, stage.name)
    yield from _reading(release)
    asked = arn(stage, "lambda", f"function:{project.name}-{stage.name}-*-ask")
    yield wildcard(release, "RouteRequestRole", asked, "functions that ask fleets of one stage")
    if any(isinstance(m.hosting, Ec2Spec) and m.hosting.idle_seconds for m in fleets):
        yield from _resting(release, project.name, stage)
    if any(model.rolls_instances for model in fleets):
        yield from _rolling(release, project.name, stage)
    if project.pipeline is not None and stage.name in project.pipeline.stages:
        access = access_stack_name(project.name, stage.name)
        for stack, role in ((release, "OpenDeliveryRole"), (release, "FollowDeliveryRole")):
            yield wildcard(stack, role, "*", _READS)
        yield wildcard(access, "PipelineRead", "*", _READS)
    for model in fleets:
        groups = [GROUP] if model.rolls_instances else [slot_id(slot, "Group") for slot in PAIR]
        yield from _fleet(model_stack_name(project.name, stage.name, model.name), groups)


def _reading(stack: str) -> Iterator[Acknowledged]:
    for role in READERS:
        if role != "VerifyRelease":  # whose wildcard is acknowledged for others of its actions
            yield wildcard(stack, f"{role}Role", "*", _READS)


def _resting(stack: str, project: str, stage: StageSpec) -> Iterator[Acknowledged]:
    named = f"autoScalingGroup:*:autoScalingGroupName/{project}-{stage.name}-*"
    why = "groups of fleets of one stage; a part of their ARNs is made up by AWS"
    for role in ("RouteRequestRole", "ShiftTrafficRole", "RestFleetsRole"):
        yield wildcard(stack, role, arn(stage, "autoscaling", named), why)
    yield wildcard(stack, "RouteRequestRole", "*", f"DescribeAutoScalingGroups: {_NO_RESOURCE}")
    metrics = f"DescribeAutoScalingGroups, GetMetricData: {_NO_RESOURCE}"
    yield wildcard(stack, "RestFleetsRole", "*", metrics)


def _rolling(stack: str, project: str, stage: StageSpec) -> Iterator[Acknowledged]:
    named = f"autoScalingGroup:*:autoScalingGroupName/{project}-{stage.name}-*"
    account = "<AWS::AccountId>" if stage.account is None else stage.account
    instances = "what is started from launch templates; a condition says so"
    patterns = {
        arn(stage, "autoscaling", named): "groups of fleets of one stage; AWS makes up a part",
        arn(stage, "ec2", "launch-template/*"): "AWS makes up ids; a condition holds to a tag",
        f"arn:{stage.partition}:ec2:{stage.region}::image/*": instances,
        **{arn(stage, "ec2", f"{part}/*"): instances for part in PARTS},
        f"arn:{stage.partition}:iam::{account}:role{role_path(project, stage.name)}*": (
            "roles of the stage's instances, which are below a path of their own"
        ),
    }
    for role in ("ShiftTrafficRole", "SettleReleaseRole", "VerifyReleaseRole"):
        for pattern, why in patterns.items():
            yield wildcard(stack, role, pattern, why)


def _fleet(stack: str, groups: Sequence[str]) -> Iterator[Acknowledged]:
    why = "ecr:GetAuthorizationToken and the channels of Session Manager take no resource"
    yield wildcard(stack, ROLE, "*", why)
    yield wildcard(stack, "AskFleetRole", "*", f"network interfaces of a function: {_NO_RESOURCE}")
    yield finding(
        stack,
        VPC,
        "VPC7",
        "who may connect to what here is said by three groups with one port each; every request "
        "is in the request log, what instances ask of AWS in CloudTrail",
    )
    yield finding(
        stack,
        BALANCER,
        "ELB2",
        "one function asks this load balancer, for the router, whose request log has each request "
        "with its slot and status",
    )
    for group in groups:
        yield finding(
            stack,
            group,
            "AS3",
            "the slots' alarms and the health checks tell of what goes wrong; instances that are "
            "replaced by these are no news that people wait for",
        )
