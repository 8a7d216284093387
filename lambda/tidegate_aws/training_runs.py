"""Runs of a training pipeline: executions of SageMaker Pipelines, and what they left in S3."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tidegate.errors import NotFoundError
from tidegate.training.run import (
    OVER,
    RunView,
    StepView,
    Trial,
    TuningView,
    figures_of,
    is_tuning,
)
from tidegate_aws.errors import code_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mypy_boto3_s3 import S3Client
    from mypy_boto3_sagemaker import SageMakerClient

_MADE = ("ProcessingJob", "TrainingJob", "TransformJob", "TuningJob", "Model", "RegisterModel")
_ABSENT = frozenset({"ResourceNotFound", "ValidationException"})


@dataclass(frozen=True, slots=True, kw_only=True)
class PipelineRuns:
    """The runs of one pipeline: begun, stopped, and which there are."""

    client: SageMakerClient
    pipeline: str

    def start(self, parameters: Mapping[str, str], *, token: str) -> str:
        """The ARN of a run that has begun; the same token never begins a second one."""
        listed = [{"Name": name, "Value": value} for name, value in sorted(parameters.items())]
        answer = self.client.start_pipeline_execution(
            PipelineName=self.pipeline,
            PipelineParameters=listed,  # type: ignore[arg-type]  # a list of the TypedDict's shape
            ClientRequestToken=token,
        )
        return answer["PipelineExecutionArn"]

    def stop(self, arn: str) -> None:
        """The run has been asked to end."""
        self.client.stop_pipeline_execution(  # type: ignore[call-arg]  # botocore makes a token up
            PipelineExecutionArn=arn
        )

    def arns(self, *, most: int = 20) -> tuple[str, ...]:
        """The newest runs, the newest first."""
        listed = self.client.list_pipeline_executions(
            PipelineName=self.pipeline,
            SortBy="CreationTime",
            SortOrder="Descending",
            MaxResults=most,
        )
        summaries = listed["PipelineExecutionSummaries"]
        return tuple(each["PipelineExecutionArn"] for each in summaries)

    def running(self) -> str | None:
        """The id of the newest run that is not over; None where all are."""
        listed = self.client.list_pipeline_executions(
            PipelineName=self.pipeline, SortBy="CreationTime", SortOrder="Descending"
        )
        for each in listed["PipelineExecutionSummaries"]:
            if each["PipelineExecutionStatus"] not in OVER:
                return each["PipelineExecutionArn"].rpartition("/")[2]
        return None


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingRuns(PipelineRuns):
    """The same, and what each run came to; its report is in a bucket."""

    s3: S3Client
    bucket: str

    def view(self, arn: str) -> RunView:
        """The run as it stands; NotFoundError for an unknown one."""
        try:
            told = self.client.describe_pipeline_execution(PipelineExecutionArn=arn)
        except self.client.exceptions.ClientError as error:
            if code_of(error) in _ABSENT:
                raise NotFoundError(f"no run {arn} of {self.pipeline}") from error
            raise
        steps = tuple(sorted(self._steps(arn), key=lambda step: step.started))
        packages = [step.made for step in steps if step.made and ":model-package/" in step.made]
        return RunView(
            arn=arn,
            status=told["PipelineExecutionStatus"],
            started=told["CreationTime"].timestamp(),
            failure=told.get("FailureReason"),
            steps=steps,
            figures=figures_of(self._report(arn)),
            tuning=tuple(self._tuning(step.made) for step in steps if is_tuning(step)),
            package=packages[-1] if packages else None,
            approval=None if not packages else self._approval(packages[-1]),
        )

    def _steps(self, arn: str) -> list[StepView]:
        pages = self.client.get_paginator("list_pipeline_execution_steps").paginate(
            PipelineExecutionArn=arn
        )
        return [_step(each) for page in pages for each in page["PipelineExecutionSteps"]]

    def _tuning(self, arn: str | None) -> TuningView:
        """The tuning job of a step, with the training jobs that it started."""
        name = str(arn).rpartition("/")[2]
        told = self.client.describe_hyper_parameter_tuning_job(HyperParameterTuningJobName=name)
        objective = told["HyperParameterTuningJobConfig"]["HyperParameterTuningJobObjective"]
        pages = self.client.get_paginator(
            "list_training_jobs_for_hyper_parameter_tuning_job"
        ).paginate(HyperParameterTuningJobName=name)
        jobs = [_trial(each) for page in pages for each in page["TrainingJobSummaries"]]
        goal, best = objective["Type"], told.get("BestTrainingJob", {}).get("TrainingJobName")
        return TuningView(
            name=told["HyperParameterTuningJobName"],
            objective=objective["MetricName"],
            goal=goal,
            best=best,
            jobs=tuple(sorted(jobs, key=lambda job: _rank(job, goal))),
        )

    def training_jobs(self, arn: str) -> tuple[str, ...]:
        """The names of a run's training jobs that are under way, of tuning jobs too."""
        view = self.view(arn)
        made = [s.made for s in view.steps if s.made is not None and s.ended is None]
        single = [arn.rpartition("/")[2] for arn in made if ":training-job/" in arn]
        running = (job for each in view.tuning for job in each.jobs if job.status == "InProgress")
        return (*single, *(job.name for job in running))

    def _approval(self, package: str) -> str:
        return self.client.describe_model_package(ModelPackageName=package)["ModelApprovalStatus"]

    def _report(self, arn: str) -> dict[str, Any]:
        """The run's evaluation.json, empty before there is one."""
        key = f"runs/{arn.rpartition('/')[2]}/output/evaluation.json"
        try:
            body = self.s3.get_object(Bucket=self.bucket, Key=key)["Body"].read()
        except self.s3.exceptions.NoSuchKey:
            return {}
        found = json.loads(body)
        return found if isinstance(found, dict) else {}


def _trial(each: Any) -> Trial:
    started, ended = each.get("TrainingStartTime"), each.get("TrainingEndTime")
    ran = started is not None and ended is not None
    return Trial(
        name=each["TrainingJobName"],
        status=each["TrainingJobStatus"],
        drawn=dict(each["TunedHyperParameters"]),
        value=each.get("FinalHyperParameterTuningJobObjectiveMetric", {}).get("Value"),
        seconds=(ended - started).total_seconds() if ran else 0.0,
    )


def _rank(job: Trial, goal: str) -> tuple[bool, float, str]:
    """The best first; without a value, last, by name."""
    if job.value is None:
        return True, 0.0, job.name
    return False, -job.value if goal == "Maximize" else job.value, job.name


def _step(each: Any) -> StepView:
    metadata = each.get("Metadata", {})
    made = [metadata[kind]["Arn"] for kind in _MADE if kind in metadata]
    ended = each.get("EndTime")
    return StepView(
        name=each["StepName"],
        status=each["StepStatus"],
        started=each["StartTime"].timestamp(),
        ended=None if ended is None else ended.timestamp(),
        failure=each.get("FailureReason"),
        outcome=metadata.get("Condition", {}).get("Outcome"),
        made=made[0] if made else None,
    )
