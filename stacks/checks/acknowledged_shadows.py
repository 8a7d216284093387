"""What cdk-nag finds around shadows, and why it stays."""

from collections.abc import Iterator

from stacks.checks.rows import Acknowledged, wildcard
from stacks.project.spec import StageSpec

_CAPTURES = (
    "capture buckets of one stage, whose names CloudFormation generates: they begin with the "
    "stack's name, and models come and go without a change of this role"
)


def of_shadows(stack: str, project: str, stage: StageSpec) -> Iterator[Acknowledged]:
    """Every finding of the release stack that stays, around the function that joins captures."""
    role = "JoinShadowCapturesRole"
    buckets = f"arn:{stage.partition}:s3:::{project}-{stage.name}-model-*"
    yield wildcard(stack, role, buckets, _CAPTURES)
    yield wildcard(stack, role, f"{buckets}/*", _CAPTURES)
    why = "GetMetricData takes no resource (Service Authorization Reference)"
    yield wildcard(stack, role, "*", why)
