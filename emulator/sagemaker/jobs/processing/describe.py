"""The response shapes of processing jobs. Pure."""

from typing import Any

from emulator.sagemaker.jobs.job import Job

Json = dict[str, Any]


def described(job: Job) -> Json:
    """DescribeProcessingJob."""
    optional = {**_ending(job), "ProcessingStartTime": job.started}
    return {
        **job.request,
        **_identity(job),
        **{name: value for name, value in optional.items() if value is not None},
    }


def summary(job: Job) -> Json:
    """One entry of ListProcessingJobs."""
    optional = {name: value for name, value in _ending(job).items() if value is not None}
    return {"ProcessingJobName": job.name, **_identity(job), **optional}


def _identity(job: Job) -> Json:
    return {
        "ProcessingJobArn": job.arn,
        "ProcessingJobStatus": job.status.value,
        "CreationTime": job.created,
        "LastModifiedTime": job.modified,
    }


def _ending(job: Job) -> Json:
    return {
        "ProcessingEndTime": job.ended,
        "FailureReason": job.failure_reason,
        "ExitMessage": job.result.exit_message or None,
    }
