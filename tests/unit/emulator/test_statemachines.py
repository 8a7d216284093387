import pytest

from emulator.statemachines import Resource, UnsupportedTaskError, sdk_prefix


@pytest.mark.parametrize(
    ("service_id", "prefix"),
    [
        ("DynamoDB", "DynamoDb"),
        ("SFN", "Sfn"),
        ("SageMaker", "SageMaker"),
        ("SageMaker Runtime", "SageMakerRuntime"),
        ("CloudWatch Logs", "CloudWatchLogs"),
        ("Route 53", "Route53"),
        ("S3", "S3"),
    ],
)
def test_error_prefix_is_the_java_sdk_name(service_id: str, prefix: str):
    """aws-sdk errors are prefixed with the Java SDK's name of the service."""
    assert sdk_prefix(service_id) == prefix


def test_parses_an_sdk_resource():
    """The operation is named as in the API."""
    parsed = Resource.parse("arn:aws:states:::aws-sdk:sagemaker:updateEndpoint")

    assert parsed == Resource(service="sagemaker", operation="UpdateEndpoint", wait="", is_sdk=True)


def test_parses_the_way_to_wait():
    """`.sync:2` is kept apart from the operation."""
    parsed = Resource.parse("arn:aws:states:::states:startExecution.sync:2")

    assert (parsed.operation, parsed.wait) == ("StartExecution", "sync:2")


def test_refuses_a_resource_without_operation():
    """A resource that names no operation is refused with its value."""
    with pytest.raises(UnsupportedTaskError, match="lambda"):
        Resource.parse("arn:aws:states:::lambda")
