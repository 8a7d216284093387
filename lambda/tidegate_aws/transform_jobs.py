"""Transform jobs of SageMaker, as it describes them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tidegate.batch.ports import Job
from tidegate_aws.errors import message_of

if TYPE_CHECKING:
    from mypy_boto3_sagemaker import SageMakerClient

_ABSENT = "Could not find"


@dataclass(frozen=True, slots=True, kw_only=True)
class SageMakerTransformJobs:
    """Port `Jobs` over SageMaker's control plane."""

    client: SageMakerClient

    def describe(self, name: str) -> Job | None:
        """The job, None when there is none of this name."""
        try:
            told: Any = self.client.describe_transform_job(TransformJobName=name)
        except self.client.exceptions.ClientError as error:
            if _ABSENT in message_of(error):
                return None
            raise
        return Job(
            name=name,
            status=told["TransformJobStatus"],
            reason=told.get("FailureReason", ""),
            started_at=_moment(told.get("TransformStartTime")),
            ended_at=_moment(told.get("TransformEndTime")),
        )


def _moment(time: Any) -> float | None:
    return None if time is None else float(time.timestamp())
