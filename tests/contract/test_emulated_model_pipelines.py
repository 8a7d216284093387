"""SageMaker Pipelines as a client with boto3 sees them: real programs in every step, IAM on."""

import json
import uuid
from typing import Any

import pytest
from botocore.exceptions import ClientError

from emulator.server import EmbeddedCloud
from tests.emulated_jobs import Shop
from tests.emulated_model_pipelines import Line, get, step
from tests.polling import until


@pytest.fixture(scope="module")
def line(ground_cloud: EmbeddedCloud) -> Line:
    """A pipeline that processes, trains, evaluates and registers."""
    made = Line(Shop(ground_cloud))
    made.create()
    return made


def test_steps_run_in_the_order_of_their_needs(line: Line):
    """Each gets what the one before it made; the model is registered."""
    arn = line.start()
    told = line.ended(arn)
    steps = line.steps_of(arn)
    reasons = [each.get("FailureReason") for each in steps.values()]
    assert told["PipelineExecutionStatus"] == "Succeeded", reasons
    assert list(steps) == ["Process", "Train", "Evaluate", "Decide", "Register"]
    assert steps["Decide"]["Metadata"] == {"Condition": {"Outcome": "True"}}
    package = line.sagemaker.describe_model_package(
        ModelPackageName=steps["Register"]["Metadata"]["RegisterModel"]["Arn"]
    )
    (container,) = package["InferenceSpecification"]["Containers"]
    name = steps["Train"]["Metadata"]["TrainingJob"]["Arn"].rpartition("/")[2]
    job = line.sagemaker.describe_training_job(TrainingJobName=name)
    assert container["ModelDataUrl"] == job["ModelArtifacts"]["S3ModelArtifacts"]
    assert package["ModelApprovalStatus"] == "PendingManualApproval"


@pytest.mark.accept
def test_a_condition_that_does_not_hold_takes_the_other_branch(line: Line):
    """A Fail step ends the execution with its message; nothing is registered."""
    arn = line.start(Least="4")
    told = line.ended(arn)
    steps = line.steps_of(arn)
    assert told["PipelineExecutionStatus"] == "Failed"
    assert told["FailureReason"] == "Step failure: One or multiple steps failed."
    assert steps["Refuse"]["FailureReason"] == "only 3 rows"
    assert "Register" not in steps


@pytest.mark.accept
def test_a_failed_execution_is_retried_from_what_failed(line: Line):
    """What succeeded does not run again."""
    arn = line.start(Behaviour="fail")
    assert line.ended(arn)["PipelineExecutionStatus"] == "Failed"
    failed = line.steps_of(arn)
    assert "ValueError: no such luck" in failed["Train"]["FailureReason"]
    assert "Evaluate" not in failed
    line.sagemaker.retry_pipeline_execution(PipelineExecutionArn=arn)
    assert line.ended(arn)["PipelineExecutionStatus"] == "Failed"
    again = line.steps_of(arn)
    assert again["Process"] == failed["Process"]
    assert again["Train"]["Metadata"] != failed["Train"]["Metadata"]


@pytest.mark.accept
def test_an_execution_that_is_stopped_stops_its_job(line: Line):
    """And starts no other step; one that has ended can't be stopped."""
    arn = line.start(Behaviour="sleep")
    until(
        lambda: line.steps_of(arn).get("Train", {}).get("Metadata"), seconds=30, what="a job runs"
    )
    line.sagemaker.stop_pipeline_execution(PipelineExecutionArn=arn)
    assert line.ended(arn)["PipelineExecutionStatus"] == "Stopped"
    steps = line.steps_of(arn)
    assert steps["Train"]["StepStatus"] == "Stopped"
    assert "Evaluate" not in steps
    with pytest.raises(ClientError, match="ConflictException"):
        line.sagemaker.stop_pipeline_execution(PipelineExecutionArn=arn)


@pytest.mark.accept
def test_repeated_requests_do_nothing_twice(line: Line):
    """A token that is known gets the answer of the first request."""
    token = uuid.uuid4().hex
    request = {"PipelineName": line.name, "ClientRequestToken": token}
    first = line.sagemaker.start_pipeline_execution(**request)
    second = line.sagemaker.start_pipeline_execution(**request)
    assert first["PipelineExecutionArn"] == second["PipelineExecutionArn"]
    line.ended(first["PipelineExecutionArn"])
    other = Line(Shop(line.shop.cloud))
    assert other.create(ClientRequestToken=token) == other.create(ClientRequestToken=token)
    with pytest.raises(ClientError, match="must be unique"):
        other.create()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"Version": "1"}, "Version must be 2020-12-01"),
        ({"Steps": [step("A", "Fail", {}), step("A", "Fail", {})]}, "got A more than once"),
        ({"Steps": [step("A", "Lambda", {})]}, "the step type Lambda of step A"),
        ({"Steps": [step("A", "Fail", {"ErrorMessage": get("Steps.B.X")})]}, "unknown steps: B"),
        (
            {"Steps": [step("A", "Fail", {"ErrorMessage": get("Parameters.No")})]},
            "unknown parameter: Parameters.No",
        ),
        (
            {
                "Steps": [
                    step("A", "Fail", {}, DependsOn=["B"]),
                    step("B", "Fail", {}, DependsOn=["A"]),
                ]
            },
            "in a circle: A, B",
        ),
    ],
)
def test_wrong_definitions_are_refused(line: Line, change: dict[str, Any], words: str):
    """At creation, with what is wrong."""
    definition = line.definition(**change)
    request = {"PipelineName": f"wrong-{line.shop.mark}", "definition": definition}
    with pytest.raises(ClientError) as refused:
        line.create(**request)
    assert words in refused.value.response["Error"]["Message"]


def test_parameters_have_their_types(line: Line):
    """An unknown one and one of another type are refused together."""
    with pytest.raises(ClientError) as refused:
        line.start(Least="many", Most="9")
    message = refused.value.response["Error"]["Message"]
    assert "Unknown parameters: Most." in message
    assert "Parameter Least must be of type Integer, got 'many'." in message


@pytest.mark.accept
def test_the_role_decides_what_steps_may_do(ground_cloud: EmbeddedCloud):
    """A right that it lacks fails the step with the call's name."""
    line = Line(Shop(ground_cloud))
    rights = [right for right in line.rights() if right["Action"] != "iam:PassRole"]
    line.shop.allow(*line.shop.usual(), *rights)
    line.create()
    arn = line.start()
    assert line.ended(arn)["PipelineExecutionStatus"] == "Failed"
    reason = line.steps_of(arn)["Process"]["FailureReason"]
    assert reason.startswith("ClientError: Failed to invoke sagemaker:CreateProcessingJob.")
    assert "iam:PassRole" in reason


@pytest.mark.accept
def test_a_pipeline_is_updated_described_listed_and_deleted(line: Line):
    """An execution keeps the definition that it began with."""
    other = Line(Shop(line.shop.cloud))
    other.create(PipelineDescription="first")
    execution = other.start()
    changed = {**other.definition(), "Metadata": {"changed": "yes"}}
    other.sagemaker.update_pipeline(PipelineName=other.name, PipelineDefinition=json.dumps(changed))
    told = other.sagemaker.describe_pipeline(PipelineName=other.name)
    assert json.loads(told["PipelineDefinition"]) == changed
    assert told["PipelineDescription"] == "first"
    began = other.sagemaker.describe_pipeline_definition_for_execution(
        PipelineExecutionArn=execution
    )
    assert "Metadata" not in json.loads(began["PipelineDefinition"])
    with pytest.raises(ClientError, match="running execution"):
        other.sagemaker.delete_pipeline(PipelineName=other.name)
    other.ended(execution)
    listed = other.sagemaker.list_pipelines(PipelineNamePrefix=other.name)["PipelineSummaries"]
    assert [each["PipelineName"] for each in listed] == [other.name]
    other.sagemaker.delete_pipeline(PipelineName=other.name)
    with pytest.raises(ClientError, match="does not exist"):
        other.sagemaker.describe_pipeline(PipelineName=other.name)
