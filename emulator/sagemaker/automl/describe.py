"""The response shapes of AutoML jobs. Pure."""

from collections.abc import Mapping
from typing import Any

from emulator.sagemaker.jobs.job import Job
from emulator.sagemaker.jobs.training.describe import output_prefix
from emulator.sagemaker.jobstatus import JobStatus

Json = dict[str, Any]

OBJECTIVE = "AverageWeightedQuantileLoss"
"""What time-series jobs minimize (API reference, AutoMLJobObjective)."""
PROGRAM = "inference.py"
_COMPLETED = "Completed"


def artifact_uri(job: Job) -> str:
    """Where the job's `model.tar.gz` goes."""
    return f"{output_prefix(job.name, job.request)}/model.tar.gz"


def backtest_uri(job: Job) -> str:
    """Below what the results of its backtest go."""
    return f"{output_prefix(job.name, job.request)}/backtest"


def described(job: Job) -> Json:
    """DescribeAutoMLJobV2."""
    optional: Json = {"FailureReason": job.failure_reason, "EndTime": job.ended}
    if job.status is JobStatus.COMPLETED:
        optional["BestCandidate"] = candidate(job)
    return {
        **{name: value for name, value in job.request.items() if name in _ECHOED},
        "AutoMLJobArn": job.arn,
        "AutoMLProblemTypeConfigName": "TimeSeriesForecasting",
        "AutoMLJobObjective": {"MetricName": _objective(job)},
        "AutoMLJobStatus": job.status.value,
        "AutoMLJobSecondaryStatus": _secondary(job),
        "CreationTime": job.created,
        "LastModifiedTime": job.modified,
        **{name: value for name, value in optional.items() if value is not None},
    }


_ECHOED = (
    "AutoMLJobName",
    "AutoMLJobInputDataConfig",
    "OutputDataConfig",
    "RoleArn",
    "AutoMLProblemTypeConfig",
    "SecurityConfig",
    "DataSplitConfig",
)


def summary(job: Job) -> Json:
    """One entry of ListAutoMLJobs."""
    optional = {"EndTime": job.ended, "FailureReason": job.failure_reason}
    return {
        "AutoMLJobName": job.name,
        "AutoMLJobArn": job.arn,
        "AutoMLJobStatus": job.status.value,
        "AutoMLJobSecondaryStatus": _secondary(job),
        "CreationTime": job.created,
        "LastModifiedTime": job.modified,
        **{name: value for name, value in optional.items() if value is not None},
    }


def candidate(job: Job) -> Json:
    """The one candidate of a completed job."""
    measures: Mapping[str, float] = job.result.measures
    objective = _objective(job)
    region, account = job.arn.split(":")[3:5]
    image = f"{account}.dkr.ecr.{region}.amazonaws.com/sagemaker-scikit-learn:embedded-cloud"
    environment = {
        "SAGEMAKER_PROGRAM": PROGRAM,
        "SAGEMAKER_SUBMIT_DIRECTORY": "/opt/ml/model/code",
    }
    container = {"Image": image, "ModelDataUrl": artifact_uri(job), "Environment": environment}
    metrics = [
        {"MetricName": name, "StandardMetricName": name, "Value": value, "Set": "Test"}
        for name, value in measures.items()
        if name in {"WAPE", "RMSE", "MAPE", "MASE", OBJECTIVE}
    ]
    return {
        "CandidateName": f"{job.name}-quantile-regression"[:64],
        "FinalAutoMLJobObjectiveMetric": {
            "Type": "Minimize",
            "MetricName": objective,
            "Value": measures[objective],
        },
        "ObjectiveStatus": "Succeeded",
        "CandidateSteps": [],
        "CandidateStatus": _COMPLETED,
        "InferenceContainers": [container],
        "CreationTime": job.created,
        "EndTime": job.modified if job.ended is None else job.ended,
        "LastModifiedTime": job.modified,
        "CandidateProperties": {"CandidateMetrics": metrics},
    }


def _objective(job: Job) -> str:
    name: str = job.request.get("AutoMLJobObjective", {}).get("MetricName", OBJECTIVE)
    return name


def _secondary(job: Job) -> str:
    return {
        "Starting": "Starting",
        "Stopping": "Stopping",
        "MaxRuntimeExceeded": "MaxAutoMLJobRuntimeReached",
    }.get(job.transitions[-1].status, job.transitions[-1].status)
