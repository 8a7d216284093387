"""Requests are checked against the published model."""

import re
from typing import Any

import pytest

from emulator.apimodels import compiled, service_model
from emulator.sagemaker.errors import SageMakerError
from emulator.sagemaker.validate import check_request

OPERATIONS = (
    "CreateModel",
    "CreateEndpointConfig",
    "CreateEndpoint",
    "UpdateEndpoint",
    "UpdateEndpointWeightsAndCapacities",
    "ListEndpoints",
    "AddTags",
)


def _refusal(operation: Any, **request: Any) -> Any:
    with pytest.raises(SageMakerError) as caught:
        check_request(operation, request)
    return caught.value


def test_legal_request_passes():
    """A request that satisfies the model raises nothing."""
    check_request("CreateEndpoint", {"EndpointName": "e-1", "EndpointConfigName": "c"})


def test_missing_members_are_all_named():
    """Every required member that is absent is named in one sentence."""
    error = _refusal("CreateEndpoint")
    assert error.code == "ValidationException"
    assert error.message == (
        "2 validation errors detected: Value null at 'endpointName' failed to satisfy constraint: "
        "Member must not be null; Value null at 'endpointConfigName' failed to satisfy "
        "constraint: Member must not be null"
    )


@pytest.mark.parametrize(
    ("name", "rule"),
    [
        ("a_b", "Member must satisfy regular expression pattern"),
        ("x" * 64, "Member must have length less than or equal to 63"),
        ("ends-with-newline\n", "Member must satisfy regular expression pattern"),
    ],
)
def test_names_are_checked_beyond_what_botocore_checks(name: Any, rule: Any):
    """Pattern and maximum are enforced, which botocore does not do on the client's side."""
    assert rule in _refusal("DeleteEndpoint", EndpointName=name).message


def test_path_into_a_list_is_aws_style():
    """A fault inside a list is located as `list.1.member.name`."""
    variant = {"VariantName": "blue", "InitialVariantWeight": -1.0}
    message = _refusal(
        "CreateEndpointConfig", EndpointConfigName="c", ProductionVariants=[variant]
    ).message
    assert "Value '-1.0' at 'productionVariants.1.member.initialVariantWeight'" in message
    assert "Member must have value greater than or equal to 0" in message


def test_unknown_enum_value_lists_the_set():
    """A value outside an enumeration is answered with the values allowed."""
    message = _refusal("ListEndpoints", StatusEquals="Happy").message
    assert "Member must satisfy enum value set: [OutOfService, Creating" in message


@pytest.mark.parametrize("value", [1, True, ["e"], {"a": 1}])
def test_wrong_type_is_a_serialization_error(value: Any):
    """A member of the wrong JSON type never reaches the operation."""
    assert _refusal("DescribeEndpoint", EndpointName=value).code == "SerializationException"


def test_boolean_is_no_number():
    """JSON's true is not the integer 1."""
    assert _refusal("ListEndpoints", MaxResults=True).code == "SerializationException"


def test_unknown_members_are_ignored():
    """A member that the model does not know is ignored, as AWS ignores it."""
    check_request("DescribeEndpoint", {"EndpointName": "e", "FromTheFuture": object})


def test_zero_weight_is_legal():
    """A weight of 0 is a value, not an absent one."""
    wishes = [{"VariantName": "blue", "DesiredWeight": 0.0}]
    check_request(
        "UpdateEndpointWeightsAndCapacities",
        {"EndpointName": "e", "DesiredWeightsAndCapacities": wishes},
    )


def _patterns(shape: Any, seen: Any) -> Any:
    if shape.name in seen:
        return
    seen.add(shape.name)
    if "pattern" in shape.metadata:
        yield shape.metadata["pattern"]
    members = getattr(shape, "members", {}).values() if shape.type_name == "structure" else ()
    inner = [getattr(shape, part, None) for part in ("member", "key", "value")]
    for child in [*members, *(part for part in inner if part is not None)]:
        yield from _patterns(child, seen)


@pytest.mark.parametrize("operation", OPERATIONS)
def test_every_pattern_of_the_emulated_operations_is_enforced(operation: Any):
    """No pattern of an emulated operation is skipped because Python can't read it."""
    shape = service_model("sagemaker").operation_model(operation).input_shape
    found = list(_patterns(shape, set()))
    assert found
    assert [p for p in found if compiled(p) is None] == []


def test_java_classes_are_translated():
    """Java's Unicode classes in tag patterns accept letters, digits and spaces."""
    matcher = compiled("([\\p{L}\\p{Z}\\p{N}_.:/=+\\-@]*)")
    assert matcher is not None
    assert matcher("Größe 1:a") is not None
    assert matcher("a;b") is None
    assert isinstance(matcher("a"), re.Match)
