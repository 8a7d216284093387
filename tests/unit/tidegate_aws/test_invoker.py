"""Answers of models, and everything that can be in their place."""

import io
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from botocore.exceptions import ClientError, ConnectTimeoutError, ReadTimeoutError
from botocore.response import StreamingBody
from botocore.stub import Stubber

from tidegate.inference import Answer, Question
from tidegate_aws import clients
from tidegate_aws.invoker import SageMakerInvoker

QUESTION = Question(
    endpoint_name="demo-test-flights",
    body=b"[1]",
    content_type="application/json",
    accept="application/json",
    inference_id="abc",
)


@pytest.fixture
def stub() -> Iterator[Stubber]:
    """SageMaker's runtime, answering what a test queues."""
    with Stubber(clients.sagemaker_runtime()) as stubber:
        yield stubber
        stubber.assert_no_pending_responses()


def ask(question: Question = QUESTION) -> Answer:
    """One request, which takes a quarter of a second."""
    ticks = iter([1.0, 1.25])
    invoker = SageMakerInvoker(client=clients.sagemaker_runtime(), timer=lambda: next(ticks))
    return invoker.invoke(question)


def fail(stub: Stubber, code: str, status: int, **details: Any) -> Answer:
    """The answer to a request that AWS answers with an error."""
    headers = details.pop("headers", {})
    stub.add_client_error(
        "invoke_endpoint",
        service_error_code=code,
        service_message="it went wrong",
        http_status_code=status,
        modeled_fields=details or None,
        response_meta={"HTTPHeaders": headers},
    )
    return ask()


def test_an_answer_has_its_slot_body_type_and_time(stub: Stubber):
    """The variant's name is the slot."""
    response = {
        "Body": StreamingBody(io.BytesIO(b"[0.5]"), 5),
        "ContentType": "application/json",
        "InvokedProductionVariant": "green",
        "CustomAttributes": "tidegate-version=abc",
    }
    asked = {
        "EndpointName": "demo-test-flights",
        "Body": b"[1]",
        "ContentType": "application/json",
        "Accept": "application/json",
        "InferenceId": "abc",
    }
    stub.add_response("invoke_endpoint", response, asked)
    assert ask() == Answer(
        status=200,
        slot="green",
        body=b"[0.5]",
        content_type="application/json",
        milliseconds=250.0,
        attributes="tidegate-version=abc",
    )


def test_a_pinned_slot_is_the_target_variant(stub: Stubber):
    """The endpoint draws only where nobody else did."""
    response = {"Body": StreamingBody(io.BytesIO(b""), 0)}
    stub.add_response("invoke_endpoint", response, {**_request(), "TargetVariant": "blue"})
    pinned = Question(
        endpoint_name=QUESTION.endpoint_name,
        body=QUESTION.body,
        content_type=QUESTION.content_type,
        accept=QUESTION.accept,
        inference_id=QUESTION.inference_id,
        slot="blue",
    )
    assert ask(pinned).slot is None


def test_a_model_behind_the_endpoint_is_the_target_model(stub: Stubber):
    """By its object below the prefix of its version."""
    response = {"Body": StreamingBody(io.BytesIO(b""), 0)}
    stub.add_response("invoke_endpoint", response, {**_request(), "TargetModel": "ewr.tar.gz"})

    assert ask(replace(QUESTION, target="ewr")).status == 200


def test_a_target_model_that_is_not_there_is_no_fault_of_the_caller(stub: Stubber):
    """He named one that the version was declared with."""
    message = "Failed to download model data(bucket: b, key: k). Please ensure that there is an"
    stub.add_client_error("invoke_endpoint", "ValidationError", message, http_status_code=400)

    assert ask(replace(QUESTION, target="ewr")).status == 502


def _request() -> dict[str, Any]:
    return {
        "EndpointName": QUESTION.endpoint_name,
        "Body": QUESTION.body,
        "ContentType": QUESTION.content_type,
        "Accept": QUESTION.accept,
        "InferenceId": QUESTION.inference_id,
    }


@pytest.mark.parametrize(("original", "status"), [(500, 500), (422, 422), (0, 504)])
def test_a_model_s_error_keeps_the_model_s_status(stub: Stubber, original: int, status: int):
    """A container that gave no answer at all was too slow or dead."""
    answer = fail(stub, "ModelError", 424, OriginalStatusCode=original, OriginalMessage="boom")
    assert (answer.status, answer.milliseconds) == (status, 250.0)


def test_a_failed_answer_counts_for_the_slot_in_its_header(stub: Stubber):
    """Without it nobody could tell which variant fails."""
    headers = {"x-amzn-invoked-production-variant": "green"}
    answer = fail(stub, "ModelError", 424, OriginalStatusCode=500, headers=headers)
    assert answer.slot == "green"


def test_a_failed_answer_without_the_header_counts_for_no_slot(stub: Stubber):
    """It is not guessed."""
    assert fail(stub, "ModelError", 424, OriginalStatusCode=500).slot is None


@pytest.mark.parametrize(
    ("code", "http_status", "status"),
    [
        ("ValidationError", 400, 400),
        ("ThrottlingException", 400, 429),
        ("ModelNotReadyException", 429, 503),
        ("InternalFailure", 500, 500),
        ("ServiceUnavailable", 503, 503),
        ("413", 413, 413),
    ],
)
def test_aws_s_own_errors_are_answers(stub: Stubber, code: str, http_status: int, status: int):
    """Whose fault it was is in the status."""
    assert fail(stub, code, http_status).status == status


def test_a_missing_permission_is_no_answer_of_a_model(stub: Stubber):
    """Our own fault must not count against a version."""
    with pytest.raises(ClientError, match="AccessDenied"):
        fail(stub, "AccessDeniedException", 403)


class BrokenRuntime:
    """A client whose connection fails."""

    def __init__(self, error: Exception) -> None:
        self.error = error

    def invoke_endpoint(self, **_: Any) -> Any:
        """The error."""
        raise self.error


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (ReadTimeoutError(endpoint_url="https://runtime"), 504),
        (ConnectTimeoutError(endpoint_url="https://runtime"), 503),
    ],
)
def test_a_broken_connection_is_an_answer(error: Exception, status: int):
    """Too slow is 504, not reached is 503."""
    client: Any = BrokenRuntime(error)
    assert SageMakerInvoker(client=client).invoke(QUESTION).status == status
