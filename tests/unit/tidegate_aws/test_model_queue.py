"""Asynchronous endpoints as the product asks them: submitting, and waking a slot."""

from collections.abc import Iterator

import pytest
from botocore.exceptions import ClientError
from botocore.stub import Stubber

from tidegate.errors import ConflictError
from tidegate.inference import Submission
from tidegate_aws import clients
from tidegate_aws.endpoints import SageMakerEndpoints
from tidegate_aws.model_queue import SageMakerQueue

SUBMISSION = Submission(
    endpoint_name="demo-test-flights-green",
    input_location="s3://answers/inputs/n1",
    content_type="text/csv",
    accept="application/json",
    inference_id="n1",
    waiting_seconds=600,
    processing_seconds=300,
)
ASKED = {
    "EndpointName": "demo-test-flights-green",
    "InputLocation": "s3://answers/inputs/n1",
    "ContentType": "text/csv",
    "Accept": "application/json",
    "InferenceId": "n1",
    "RequestTTLSeconds": 600,
    "InvocationTimeoutSeconds": 300,
}


@pytest.fixture
def runtime() -> Iterator[Stubber]:
    """SageMaker's runtime, answering what a test queues."""
    with Stubber(clients.sagemaker_runtime()) as stubber:
        yield stubber
        stubber.assert_no_pending_responses()


@pytest.fixture
def queue() -> SageMakerQueue:
    """The adapter."""
    return SageMakerQueue(client=clients.sagemaker_runtime())


def test_a_request_is_queued_with_its_limits(runtime: Stubber, queue: SageMakerQueue):
    """Where the answer and the failure will be."""
    told = {"InferenceId": "n1", "OutputLocation": "s3://a/o", "FailureLocation": "s3://a/f"}
    runtime.add_response("invoke_endpoint_async", told, ASKED)
    queued = queue.submit(SUBMISSION)
    assert (queued.status, queued.output, queued.failure) == (202, "s3://a/o", "s3://a/f")


@pytest.mark.parametrize(
    ("code", "status"),
    [
        ("ValidationError", 400),
        ("InternalFailure", 500),
        ("ServiceUnavailable", 503),
    ],
)
def test_a_refusal_is_a_status(runtime: Stubber, queue: SageMakerQueue, code: str, status: int):
    """With SageMaker's words."""
    runtime.add_client_error("invoke_endpoint_async", code, "why", status)
    queued = queue.submit(SUBMISSION)
    assert (queued.status, queued.message) == (status, "why")


def test_a_right_that_is_missing_is_an_error(runtime: Stubber, queue: SageMakerQueue):
    """Nothing that a model did."""
    runtime.add_client_error("invoke_endpoint_async", "AccessDeniedException", "no", 403)
    with pytest.raises(ClientError):
        queue.submit(SUBMISSION)


def test_a_slot_is_woken_by_one_instance():
    """Its weight is left alone; an endpoint that is being changed is a conflict."""
    client = clients.sagemaker()
    wish = {
        "EndpointName": "e-green",
        "DesiredWeightsAndCapacities": [{"VariantName": "green", "DesiredInstanceCount": 1}],
    }
    told = {"EndpointArn": "arn:aws:sagemaker:eu-west-1:123456789012:endpoint/e-green"}
    with Stubber(client) as stubber:
        stubber.add_response("update_endpoint_weights_and_capacities", told, wish)
        SageMakerEndpoints(client=client).wake("e-green", "green", share=25)
        stubber.add_client_error(
            "update_endpoint_weights_and_capacities", "ValidationException", "update in-progress"
        )
        with pytest.raises(ConflictError):
            SageMakerEndpoints(client=client).wake("e-green", "green", share=25)
