"""What cdk-nag finds around edge fleets, and why it stays."""

from collections.abc import Iterator

from stacks.access_stack import READER_ROLE
from stacks.checks.rows import Acknowledged, arn, finding, wildcard
from stacks.components.edge_functions import FUNCTION
from stacks.project.names import access_stack_name, edge_stack_name, pascal, release_stack_name
from stacks.project.spec import ProjectSpec, StageSpec

_NO_RESOURCE = "these actions take no resource (Service Authorization Reference)"
_DEPLOYMENTS = "Greengrass names deployments by ids of its own, which no template knows"
_JOBS = "Greengrass makes the jobs behind its deployments, under ids of its own"
_RINGS = "rings of the stage's edge fleets: their names begin with project and stage"
_READING = ("PrepareRelease", "ShiftTraffic", "VerifyTraffic", "SettleRelease", "VerifyRelease")


_DELIVERING = ("OpenDelivery", "FollowDelivery")


def of_edge(project: ProjectSpec, stage: StageSpec) -> Iterator[Acknowledged]:
    """Every finding that stays, around the edge fleets of a stage."""
    if not project.edge:
        return
    release = release_stack_name(project.name, stage.name)
    rings = arn(stage, "iot", f"thinggroup/{project.name}-{stage.name}-*")
    roles = [(release, f"{id_}Role") for id_ in _READING]
    pipeline = project.pipeline
    if pipeline is not None and stage.name in pipeline.stages:
        roles += [(release, f"{id_}Role") for id_ in _DELIVERING]
        roles.append((access_stack_name(project.name, stage.name), READER_ROLE))
    for stack, role in roles:
        yield finding(stack, role, "IAM5[Resource::*]", _NO_RESOURCE)
        yield from _on_deployments(stack, role, stage)
        yield wildcard(stack, role, rings, _RINGS)
    for name in project.edge:
        yield from _of_fleet(project.name, stage, name)


def _of_fleet(project: str, stage: StageSpec, name: str) -> Iterator[Acknowledged]:
    stack = edge_stack_name(project, stage.name, name)
    place = f"{project}-{stage.name}-{name}"
    role = f"{pascal(FUNCTION.replace('_', '-'))}Role"
    yield from _on_deployments(stack, role, stage)
    yield wildcard(stack, role, arn(stage, "iot", f"thinggroup/{place}-ring-*"), _RINGS)


def _on_deployments(stack: str, role: str, stage: StageSpec) -> Iterator[Acknowledged]:
    yield wildcard(stack, role, arn(stage, "greengrass", "deployments:*"), _DEPLOYMENTS)
    yield wildcard(stack, role, arn(stage, "iot", "job/*"), _JOBS)
