"""The response shapes of labelling jobs. Pure."""

from typing import Any

from emulator.sagemaker.jobs.job import Job
from emulator.sagemaker.jobstatus import JobStatus

Json = dict[str, Any]
LABELLED = "labelled"
"""What a job measured: how many items have a label."""


def output_uri(job: Job) -> str:
    """Where the manifest with labels goes: developer guide, "Labeling job output data"."""
    begin = str(job.request["OutputConfig"]["S3OutputPath"]).rstrip("/")
    return f"{begin}/{job.name}/manifests/output/output.manifest"


def described(job: Job) -> Json:
    """DescribeLabelingJob."""
    optional: Json = {"FailureReason": job.failure_reason}
    if job.status is JobStatus.COMPLETED:
        optional["LabelingJobOutput"] = {"OutputDatasetS3Uri": output_uri(job)}
    return {
        **job.request,
        "LabelingJobArn": job.arn,
        "JobReferenceCode": job.name,
        "LabelingJobStatus": job.status.value,
        "LabelCounters": _counters(job),
        "CreationTime": job.created,
        "LastModifiedTime": job.modified,
        **{name: value for name, value in optional.items() if value is not None},
    }


def summary(job: Job) -> Json:
    """One entry of ListLabelingJobs."""
    task = job.request["HumanTaskConfig"]
    told = {
        "LabelingJobName": job.name,
        "LabelingJobArn": job.arn,
        "CreationTime": job.created,
        "LastModifiedTime": job.modified,
        "LabelingJobStatus": job.status.value,
        "LabelCounters": _counters(job),
        "WorkteamArn": task["WorkteamArn"],
        "PreHumanTaskLambdaArn": task["PreHumanTaskLambdaArn"],
        "FailureReason": job.failure_reason,
        "InputConfig": job.request["InputConfig"],
    }
    return {name: value for name, value in told.items() if value is not None}


def _counters(job: Job) -> Json:
    labelled = int(job.result.measures.get(LABELLED, 0))
    return {
        "TotalLabeled": labelled,
        "HumanLabeled": labelled,
        "MachineLabeled": 0,
        "FailedNonRetryableError": 0,
        "Unlabeled": int(job.result.measures.get("unlabelled", 0)),
    }
