"""What cdk-nag finds around monitors, and why it stays."""

from collections.abc import Iterator

from stacks.checks.rows import Acknowledged, finding, wildcard
from stacks.components.monitoring import MONITOR_BUCKET
from stacks.project.names import monitoring_stack_name
from stacks.project.spec import ProjectSpec, StageSpec

_CAPTURES = (
    "capture buckets of one stage, whose names CloudFormation generates: they begin with the "
    "stack's name"
)


def of_monitors(project: ProjectSpec, stage: StageSpec) -> Iterator[Acknowledged]:
    """Every finding of the stacks of monitors that stays."""
    for name, model in project.models.items():
        if model.monitoring is None:
            continue
        stack = monitoring_stack_name(project.name, stage.name, name)
        buckets = f"arn:{stage.partition}:s3:::{project.name}-{stage.name}-model-*"
        yield wildcard(stack, "MonitorModelRole", buckets, _CAPTURES)
        yield wildcard(stack, "MonitorModelRole", f"{buckets}/*", _CAPTURES)
        yield finding(
            stack,
            MONITOR_BUCKET,
            "S1",
            "it holds counts and a report, which one function writes; who reads them is in "
            "CloudTrail",
        )
