"""What is remembered of a transform job, and how it is described."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from emulator.sagemaker.jobstatus import JobStatus
from emulator.sagemaker.state import Model

Json = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class TransformJob:
    """One job; `request` is the CreateTransformJob request, tags taken out; times are Unix seconds.

    The model is as it was when the job was created: deleting it does not end the job.
    """

    name: str
    arn: str
    request: Mapping[str, Any]
    model: Model
    created: float
    modified: float
    status: JobStatus = JobStatus.IN_PROGRESS
    started: float | None = None
    ended: float | None = None
    failure_reason: str | None = None

    @property
    def instance_count(self) -> int:
        """How many instances it was created with."""
        return int(self.request["TransformResources"]["InstanceCount"])


def described(job: TransformJob) -> Json:
    """DescribeTransformJob."""
    optional = {
        "FailureReason": job.failure_reason,
        "TransformStartTime": job.started,
        "TransformEndTime": job.ended,
    }
    return {
        **job.request,
        "TransformJobArn": job.arn,
        "TransformJobStatus": job.status.value,
        "CreationTime": job.created,
        **{name: value for name, value in optional.items() if value is not None},
    }


def summary(job: TransformJob) -> Json:
    """One entry of ListTransformJobs."""
    optional = {"TransformEndTime": job.ended, "FailureReason": job.failure_reason}
    return {
        "TransformJobName": job.name,
        "TransformJobArn": job.arn,
        "CreationTime": job.created,
        "LastModifiedTime": job.modified,
        "TransformJobStatus": job.status.value,
        **{name: value for name, value in optional.items() if value is not None},
    }
