"""SageMaker's refusals, which moto does not make."""

from collections.abc import Iterator

import pytest
from botocore.exceptions import ClientError
from botocore.stub import Stubber

from tidegate.errors import ConflictError, NotFoundError
from tidegate_aws import clients
from tidegate_aws.endpoints import SageMakerEndpoints

ARN = "arn:aws:sagemaker:eu-west-1:123456789012:endpoint/e"


@pytest.fixture
def stub() -> Iterator[Stubber]:
    """SageMaker's control plane, answering what a test queues."""
    with Stubber(clients.sagemaker()) as stubber:
        yield stubber


def set_weights() -> None:
    """One shift."""
    endpoints = SageMakerEndpoints(client=clients.sagemaker())
    endpoints.set_weights("e", {"blue": 90, "green": 10})


def test_an_endpoint_that_is_being_changed_is_a_conflict(stub: Stubber):
    """The shift waits and asks again."""
    stub.add_client_error(
        "update_endpoint_weights_and_capacities",
        "ValidationException",
        f'Cannot update in-progress endpoint "{ARN}".',
    )
    with pytest.raises(ConflictError, match="in-progress"):
        set_weights()


def test_an_endpoint_that_is_gone_is_not_found(stub: Stubber):
    """A shift cannot make it."""
    stub.add_client_error(
        "update_endpoint_weights_and_capacities",
        "ValidationException",
        f'Could not find endpoint "{ARN}".',
    )
    with pytest.raises(NotFoundError):
        set_weights()


def test_any_other_refusal_stays_aws_s_own(stub: Stubber):
    """A missing permission is not to be retried as a conflict."""
    stub.add_client_error(
        "update_endpoint_weights_and_capacities", "AccessDeniedException", "not authorized"
    )
    with pytest.raises(ClientError, match="not authorized"):
        set_weights()


def test_a_silent_rollback_shows_in_configuration_and_reason(stub: Stubber):
    """InService says nothing of what serves."""
    stub.add_response(
        "describe_endpoint",
        {
            "EndpointName": "e",
            "EndpointArn": ARN,
            "EndpointConfigName": "old",
            "EndpointStatus": "InService",
            "FailureReason": "an alarm fired",
            "CreationTime": 0,
            "LastModifiedTime": 0,
        },
    )
    state = SageMakerEndpoints(client=clients.sagemaker()).read("e")
    assert (state.status, state.config_name) == ("InService", "old")
    assert (state.failure_reason, state.variants) == ("an alarm fired", {})
