"""What cdk-nag finds on fleets of EC2 instances, and we mean to keep, each with its reason."""

from collections.abc import Iterator

from stacks.checks.rows import Acknowledged, arn, finding, wildcard
from stacks.components.fleet_balancer import BALANCER
from stacks.components.fleet_groups import ROLE, slot_id
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
    for role in READERS:
        if role != "VerifyRelease":  # whose wildcard is acknowledged for others of its actions
            yield wildcard(release, f"{role}Role", "*", _READS)
    asked = arn(stage, "lambda", f"function:{project.name}-{stage.name}-*-ask")
    yield wildcard(release, "RouteRequestRole", asked, "functions that ask fleets of one stage")
    if any(isinstance(m.hosting, Ec2Spec) and m.hosting.idle_seconds for m in fleets):
        yield from _resting(release, project.name, stage)
    if project.pipeline is not None and stage.name in project.pipeline.stages:
        access = access_stack_name(project.name, stage.name)
        for stack, role in ((release, "OpenDeliveryRole"), (release, "FollowDeliveryRole")):
            yield wildcard(stack, role, "*", _READS)
        yield wildcard(access, "PipelineRead", "*", _READS)
    for model in fleets:
        yield from _fleet(model_stack_name(project.name, stage.name, model.name))


def _resting(stack: str, project: str, stage: StageSpec) -> Iterator[Acknowledged]:
    named = f"autoScalingGroup:*:autoScalingGroupName/{project}-{stage.name}-*"
    why = "groups of fleets of one stage; a part of their ARNs is made up by AWS"
    for role in ("RouteRequestRole", "ShiftTrafficRole", "RestFleetsRole"):
        yield wildcard(stack, role, arn(stage, "autoscaling", named), why)
    yield wildcard(stack, "RouteRequestRole", "*", f"DescribeAutoScalingGroups: {_NO_RESOURCE}")
    metrics = f"DescribeAutoScalingGroups, GetMetricData: {_NO_RESOURCE}"
    yield wildcard(stack, "RestFleetsRole", "*", metrics)


def _fleet(stack: str) -> Iterator[Acknowledged]:
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
    for slot in PAIR:
        yield finding(
            stack,
            slot_id(slot, "Group"),
            "AS3",
            "the slot's alarms and the health checks tell of what goes wrong; instances that are "
            "replaced by these are no news that people wait for",
        )
