"""The checker of requests finds what botocore lets pass."""

from typing import Any

import pytest

from tests.botocore_model import faults_of
from tidegate_aws import clients


def faults(operation: str, **request: Any) -> list[str]:
    """What is wrong with a request to SageMaker."""
    shape: Any = clients.sagemaker().meta.service_model.operation_model(operation).input_shape
    return list(map(str, faults_of(shape, request)))


def test_a_right_request_has_no_faults():
    """The checker does not cry wolf."""
    assert faults("DescribeEndpoint", EndpointName="demo-test-flights") == []


@pytest.mark.parametrize(
    ("request_", "fault"),
    [
        ({}, "EndpointName is missing"),
        ({"EndpointName": "x" * 64}, "above the maximum 63"),
        ({"EndpointName": "no_underscores"}, "does not match"),
        ({"EndpointName": 7}, "string expected"),
        ({"EndpointName": "e", "Colour": "red"}, "Colour is unknown"),
    ],
)
def test_each_fault_is_named(request_: dict[str, Any], fault: str):
    """Required, length, pattern, type and unknown members."""
    assert any(fault in found for found in faults("DescribeEndpoint", **request_))


def test_a_value_outside_an_enumeration_is_a_fault():
    """The SDK sends it; AWS refuses it."""
    found = faults("ListEndpointConfigs", SortBy="Colour")
    assert len(found) == 1
    assert "is none of" in found[0]
