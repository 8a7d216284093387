"""What EventBridge is told of transform jobs.

The shape is that of "SageMaker transform job state change" in the developer guide.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from emulator.sagemaker.transform.job import TransformJob, described

SOURCE = "aws.sagemaker"
DETAIL_TYPE = "SageMaker Transform Job State Change"

_TIMES = ("CreationTime", "TransformStartTime", "TransformEndTime")


def detail_of(job: TransformJob, tags: Mapping[str, str]) -> dict[str, Any]:
    """The job as DescribeTransformJob has it, times as texts, and its tags."""
    shown = described(job)
    for name in _TIMES:
        if name in shown:
            shown[name] = f"{datetime.fromtimestamp(shown[name], UTC):%Y-%m-%dT%H:%M:%SZ}"
    return {**shown, "Tags": dict(tags)}
