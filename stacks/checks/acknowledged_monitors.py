"""What cdk-nag finds around monitors, and why it stays."""

from collections.abc import Iterator

from stacks.checks.rows import Acknowledged, arn, finding, wildcard
from stacks.components.monitoring import MONITOR_BUCKET
from stacks.project.names import (
    monitoring_stack_name,
    package_group_name,
    release_stack_name,
    training_buckets,
)
from stacks.project.spec import ModelSpec, ProjectSpec, StageSpec
from tidegate.reaction.plan import Action

_CAPTURES = (
    "capture buckets of one stage, whose names CloudFormation generates: they begin with the "
    "stack's name"
)


_MONITOR, _REACTION = "MonitorModelRole", "ReactToFindingsRole"
_VERSIONS = "versions of one group, which the registry numbers"
_LEFT = (
    "what runs of training leave in the buckets of one stage, whose names CloudFormation generates"
)
_KEPT = "a baseline for each trained version"
_GENERATED = "one stack and its table, of whose ARNs CloudFormation generates the ends"


def of_monitors(project: ProjectSpec, stage: StageSpec) -> Iterator[Acknowledged]:
    """Every finding of the stacks of monitors that stays."""
    for name, model in project.models.items():
        if model.monitoring is None:
            continue
        stack = monitoring_stack_name(project.name, stage.name, name)
        buckets = f"arn:{stage.partition}:s3:::{project.name}-{stage.name}-model-*"
        yield wildcard(stack, _MONITOR, buckets, _CAPTURES)
        yield wildcard(stack, _MONITOR, f"{buckets}/*", _CAPTURES)
        yield from _releases(project, stage, model, stack)
        if model.training is not None:
            yield from _trained(project, stage, name, stack)
        yield finding(
            stack,
            MONITOR_BUCKET,
            "S1",
            "it holds counts and a report, which one function writes; who reads them is in "
            "CloudTrail",
        )


def _releases(
    project: ProjectSpec, stage: StageSpec, model: ModelSpec, stack: str
) -> Iterator[Acknowledged]:
    """What the functions read of the release stack."""
    release = release_stack_name(project.name, stage.name)
    named = arn(stage, "cloudformation", f"stack/{release}/*")
    counts = arn(stage, "dynamodb", f"table/{release}-ObservationTable-*")
    pointers = arn(stage, "dynamodb", f"table/{release}-ReleaseTable-*")
    spec = model.monitoring
    if spec is not None and spec.plan.outcomes is not None:
        yield wildcard(stack, _MONITOR, counts, _GENERATED)
    if model.training is not None:
        yield wildcard(stack, _MONITOR, pointers, _GENERATED)
    if model.training is not None or (spec is not None and spec.plan.outcomes is not None):
        yield wildcard(stack, _MONITOR, named, _GENERATED)
    if spec is not None and spec.reaction is not None:
        yield wildcard(stack, _REACTION, named, _GENERATED)
        yield wildcard(stack, _REACTION, pointers, _GENERATED)
        if spec.reaction.asks(Action.RETRAIN):
            group = package_group_name(project.name, stage.name, model.name).lower()
            packages = arn(stage, "sagemaker", f"model-package/{group}/*")
            yield wildcard(stack, _REACTION, packages, _VERSIONS)


def _trained(
    project: ProjectSpec, stage: StageSpec, name: str, stack: str
) -> Iterator[Acknowledged]:
    """What the monitor reads and keeps of trained versions."""
    group = package_group_name(project.name, stage.name, name).lower()
    left = f"arn:{stage.partition}:s3:::{training_buckets(project.name, stage.name)}"
    yield wildcard(stack, _MONITOR, arn(stage, "sagemaker", f"model-package/{group}/*"), _VERSIONS)
    yield wildcard(stack, _MONITOR, left, _LEFT)
    yield wildcard(stack, _MONITOR, f"{left}/runs/*", _LEFT)
    yield wildcard(stack, _MONITOR, f"<{MONITOR_BUCKET}.Arn>/baselines/*", _KEPT)
