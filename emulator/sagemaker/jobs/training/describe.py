"""The response shapes of training jobs. Pure."""

from collections.abc import Mapping
from typing import Any

from emulator.sagemaker.jobs.job import Job, Transition
from emulator.sagemaker.jobs.training.algorithms import specification

Json = dict[str, Any]


def artifact_uri(job_name: str, request: Mapping[str, Any]) -> str:
    """Where the job's `model.tar.gz` goes."""
    return f"{output_prefix(job_name, request)}/model.tar.gz"


def output_prefix(job_name: str, request: Mapping[str, Any]) -> str:
    """Where all that the job makes goes: `<S3OutputPath>/<job>/output`."""
    return f"{request['OutputDataConfig']['S3OutputPath'].rstrip('/')}/{job_name}/output"


def described(job: Job) -> Json:
    """DescribeTrainingJob."""
    optional: Json = {
        "FailureReason": job.failure_reason,
        "TrainingStartTime": job.started,
        "TrainingEndTime": job.ended,
        "FinalMetricDataList": [
            {"MetricName": each.name, "Value": each.value, "Timestamp": each.moment}
            for each in job.metrics
        ]
        or None,
    }
    if job.started is not None and job.ended is not None:
        seconds = max(0, round(job.ended - job.started))
        optional |= {"TrainingTimeInSeconds": seconds, "BillableTimeInSeconds": seconds}
    return {
        **job.request,
        "AlgorithmSpecification": specification(job.request),
        "TrainingJobArn": job.arn,
        "ModelArtifacts": {"S3ModelArtifacts": artifact_uri(job.name, job.request)},
        "TrainingJobStatus": job.status.value,
        "SecondaryStatus": job.transitions[-1].status,
        "SecondaryStatusTransitions": [_transition(each) for each in job.transitions],
        "CreationTime": job.created,
        "LastModifiedTime": job.modified,
        **{name: value for name, value in optional.items() if value is not None},
    }


def summary(job: Job) -> Json:
    """One entry of ListTrainingJobs."""
    ended = {} if job.ended is None else {"TrainingEndTime": job.ended}
    return {
        "TrainingJobName": job.name,
        "TrainingJobArn": job.arn,
        "CreationTime": job.created,
        "LastModifiedTime": job.modified,
        "TrainingJobStatus": job.status.value,
        "SecondaryStatus": job.transitions[-1].status,
        **ended,
    }


def _transition(each: Transition) -> Json:
    ended = {} if each.ended is None else {"EndTime": each.ended}
    return {
        "Status": each.status,
        "StartTime": each.started,
        "StatusMessage": each.message,
        **ended,
    }
