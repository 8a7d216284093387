"""What cdk-nag finds around monitors, and why it stays."""

from collections.abc import Iterator

from stacks.checks.rows import Acknowledged, arn, finding, wildcard
from stacks.components.monitoring import MONITOR_BUCKET
from stacks.project.names import monitoring_stack_name, release_stack_name
from stacks.project.spec import ProjectSpec, StageSpec

_CAPTURES = (
    "capture buckets of one stage, whose names CloudFormation generates: they begin with the "
    "stack's name"
)


_GENERATED = "one stack and its table, of whose ARNs CloudFormation generates the ends"


def of_monitors(project: ProjectSpec, stage: StageSpec) -> Iterator[Acknowledged]:
    """Every finding of the stacks of monitors that stays."""
    for name, model in project.models.items():
        if model.monitoring is None:
            continue
        stack = monitoring_stack_name(project.name, stage.name, name)
        buckets = f"arn:{stage.partition}:s3:::{project.name}-{stage.name}-model-*"
        yield wildcard(stack, "MonitorModelRole", buckets, _CAPTURES)
        yield wildcard(stack, "MonitorModelRole", f"{buckets}/*", _CAPTURES)
        if model.monitoring.plan.outcomes is not None:
            release = release_stack_name(project.name, stage.name)
            table = arn(stage, "dynamodb", f"table/{release}-ObservationTable-*")
            yield wildcard(stack, "MonitorModelRole", table, _GENERATED)
            named = arn(stage, "cloudformation", f"stack/{release}/*")
            yield wildcard(stack, "MonitorModelRole", named, _GENERATED)
        yield finding(
            stack,
            MONITOR_BUCKET,
            "S1",
            "it holds counts and a report, which one function writes; who reads them is in "
            "CloudTrail",
        )
