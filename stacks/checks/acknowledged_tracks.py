"""What cdk-nag finds on tracks and their front door, and we mean to keep, each with its reason."""

from collections.abc import Iterator

from stacks.checks.rows import Acknowledged, arn, finding, wildcard
from stacks.front_door_stack import LOGS
from stacks.project.names import front_door_stack_name, release_stack_name
from stacks.project.spec import ProjectSpec, StageSpec
from tidegate.slots import PAIR


def of_tracks(project: ProjectSpec, stage: StageSpec) -> Iterator[Acknowledged]:
    """Every finding that stays because models of this stage have tracks."""
    if stage.door.dns is None or not any(model.behind_dns for model in project.models.values()):
        return
    yield from _roles(release_stack_name(project.name, stage.name), project.name, stage)
    yield from _door(front_door_stack_name(project.name, stage.name))


def _roles(stack: str, project: str, stage: StageSpec) -> Iterator[Acknowledged]:
    for slot in PAIR:
        pattern = arn(stage, "sagemaker", f"endpoint/{project}-{stage.name}-*-{slot}")
        role = f"RouteRequest{slot.value.capitalize()}Role"
        yield wildcard(stack, role, pattern, f"endpoints of the {slot} tracks of one stage")
    change = f"arn:{stage.partition}:route53:::change/*"
    for role in ("VerifyTrafficRole", "SettleReleaseRole"):
        why = "GetChange: Route 53 makes up a change's id when the change is asked for"
        yield wildcard(stack, role, change, why)


def _door(stack: str) -> Iterator[Acknowledged]:
    yield finding(
        stack,
        "BalancerGroup",
        "EC23",
        "a public front door: port 443 only, behind a rate rule, and nothing passes without a "
        "token of the issuer",
    )
    yield finding(
        stack,
        "Network",
        "VPC7",
        "nothing but load balancers is in this network, and they log each request themselves",
    )
    yield finding(
        stack,
        LOGS,
        "S1",
        "this is the bucket of access logs; only Elastic Load Balancing writes here, and who "
        "reads it is in CloudTrail",
    )
