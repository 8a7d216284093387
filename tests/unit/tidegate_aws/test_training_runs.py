"""Executions of a training pipeline: what is asked, and how they are told."""

import io
from datetime import UTC, datetime
from typing import Any

import boto3
import pytest
from botocore.response import StreamingBody
from botocore.stub import Stubber

from tidegate.errors import NotFoundError
from tidegate_aws.training_runs import TrainingRuns

ARN = "arn:aws:sagemaker:eu-west-1:123456789012:pipeline/p/execution/abcdefghijkl"
PACKAGE = "arn:aws:sagemaker:eu-west-1:123456789012:model-package/group/1"
MOMENT = datetime(2026, 1, 1, tzinfo=UTC)
REPORT = b'{"metrics": {"wrong_share": {"value": 0.1, "live": 0.2}}}'


def client(service: str) -> Any:
    """A client that never leaves the process."""
    return boto3.client(  # type: ignore[call-overload]
        service, region_name="eu-west-1", aws_access_key_id="a", aws_secret_access_key="b"
    )


@pytest.fixture
def runs() -> tuple[TrainingRuns, Stubber, Stubber]:
    """Runs over clients that answer as told: SageMaker and S3."""
    sagemaker, s3 = client("sagemaker"), client("s3")
    stubs = Stubber(sagemaker), Stubber(s3)
    for stub in stubs:
        stub.activate()
    return (TrainingRuns(client=sagemaker, s3=s3, pipeline="p", bucket="bucket"), *stubs)


def test_a_run_is_started_once_a_token(runs: tuple[TrainingRuns, Stubber, Stubber]):
    """With its parameters by name."""
    found, stub, _ = runs
    token = "t" * 32
    asked = {
        "PipelineName": "p",
        "PipelineParameters": [{"Name": "A", "Value": "1"}, {"Name": "B", "Value": "2"}],
        "ClientRequestToken": token,
    }
    stub.add_response("start_pipeline_execution", {"PipelineExecutionArn": ARN}, asked)
    assert found.start({"B": "2", "A": "1"}, token=token) == ARN


def test_a_run_is_told_with_its_steps_figures_and_package(
    runs: tuple[TrainingRuns, Stubber, Stubber],
):
    """In the order in which the steps began."""
    found, stub, s3 = runs
    execution = {"PipelineExecutionStatus": "Succeeded", "CreationTime": MOMENT}
    later = MOMENT.replace(minute=1)
    steps = [
        {
            "StepName": "Register",
            "StepStatus": "Succeeded",
            "StartTime": later,
            "EndTime": later,
            "Metadata": {"RegisterModel": {"Arn": PACKAGE}},
        },
        {
            "StepName": "Decide",
            "StepStatus": "Succeeded",
            "StartTime": MOMENT,
            "Metadata": {"Condition": {"Outcome": "True"}},
        },
    ]
    stub.add_response("describe_pipeline_execution", execution, {"PipelineExecutionArn": ARN})
    stub.add_response("list_pipeline_execution_steps", {"PipelineExecutionSteps": steps})
    key = {"Bucket": "bucket", "Key": "runs/abcdefghijkl/output/evaluation.json"}
    body = StreamingBody(io.BytesIO(REPORT), len(REPORT))
    s3.add_response("get_object", {"Body": body}, key)
    stub.add_response(
        "describe_model_package",
        {
            "ModelPackageName": "group",
            "ModelPackageArn": PACKAGE,
            "CreationTime": MOMENT,
            "ModelPackageStatus": "Completed",
            "ModelPackageStatusDetails": {"ValidationStatuses": []},
            "ModelApprovalStatus": "PendingManualApproval",
        },
    )
    view = found.view(ARN)
    assert [(step.name, step.outcome) for step in view.steps] == [
        ("Decide", "True"),
        ("Register", None),
    ]
    (figure,) = view.figures
    assert (figure.value, figure.live) == (0.1, 0.2)
    assert (view.package, view.approval) == (PACKAGE, "PendingManualApproval")


def test_an_unknown_run_is_not_found(runs: tuple[TrainingRuns, Stubber, Stubber]):
    """Whatever its pipeline is called."""
    found, stub, _ = runs
    stub.add_client_error("describe_pipeline_execution", "ResourceNotFound", "no")
    with pytest.raises(NotFoundError, match=ARN):
        found.view(ARN)


TUNING = "arn:aws:sagemaker:eu-west-1:123456789012:hyper-parameter-tuning-job/abc"
RANGES = {"Strategy": "Random", "ResourceLimits": {"MaxParallelTrainingJobs": 1}}


def _tried(name: str, value: float | None, status: str = "Completed") -> dict[str, Any]:
    objective = {"Type": "Minimize", "MetricName": "loss", "Value": value}
    known = {} if value is None else {"FinalHyperParameterTuningJobObjectiveMetric": objective}
    return {
        "TrainingJobName": name,
        "TrainingJobArn": f"arn:aws:sagemaker:eu-west-1:123456789012:training-job/{name}",
        "CreationTime": MOMENT,
        "TrainingStartTime": MOMENT,
        "TrainingEndTime": MOMENT.replace(second=40),
        "TrainingJobStatus": status,
        "TunedHyperParameters": {"depth": "3"},
        **known,
    }


def test_a_tuned_run_is_told_with_its_tries_the_best_first(
    runs: tuple[TrainingRuns, Stubber, Stubber],
):
    """Where less is better, the least; what has no value comes last."""
    found, stub, s3 = runs
    told = {"PipelineExecutionStatus": "Executing", "CreationTime": MOMENT}
    step = {
        "StepName": "Train",
        "StepStatus": "Executing",
        "StartTime": MOMENT,
        "Metadata": {"TuningJob": {"Arn": TUNING}},
    }
    stub.add_response("describe_pipeline_execution", told, {"PipelineExecutionArn": ARN})
    stub.add_response("list_pipeline_execution_steps", {"PipelineExecutionSteps": [step]})
    s3.add_client_error("get_object", "NoSuchKey")
    objective = {"Type": "Minimize", "MetricName": "loss"}
    described = {
        "HyperParameterTuningJobName": "abc",
        "HyperParameterTuningJobArn": TUNING,
        "HyperParameterTuningJobConfig": RANGES | {"HyperParameterTuningJobObjective": objective},
        "HyperParameterTuningJobStatus": "InProgress",
        "CreationTime": MOMENT,
        "TrainingJobStatusCounters": {},
        "ObjectiveStatusCounters": {},
        "BestTrainingJob": _tried("two", 0.1),
    }
    asked = {"HyperParameterTuningJobName": "abc"}
    stub.add_response("describe_hyper_parameter_tuning_job", described, asked)
    listed = [_tried("one", 0.4), _tried("three", None, "InProgress"), _tried("two", 0.1)]
    answer = {"TrainingJobSummaries": listed}
    stub.add_response("list_training_jobs_for_hyper_parameter_tuning_job", answer, asked)
    (tuning,) = found.view(ARN).tuning
    assert [(job.name, job.value) for job in tuning.jobs] == [
        ("two", 0.1),
        ("one", 0.4),
        ("three", None),
    ]
    assert (tuning.best, tuning.goal, tuning.objective) == ("two", "Minimize", "loss")
    assert tuning.jobs[0].seconds == 40.0
