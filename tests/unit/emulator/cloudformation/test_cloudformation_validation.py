"""Checking properties against a public schema."""

from typing import Any

import pytest

from emulator.cloudformation.schemas import ResourceSchema, bundled_catalogue
from emulator.cloudformation.validation import (
    InvalidPropertiesError,
    checked_properties,
    without_system_tags,
)

TARGET = {
    "MinCapacity": 1,
    "MaxCapacity": 4,
    "ResourceId": "endpoint/e/variant/blue",
    "ScalableDimension": "sagemaker:variant:DesiredInstanceCount",
    "ServiceNamespace": "sagemaker",
}


def _faults(type_name: str, **properties: Any) -> str:
    with pytest.raises(InvalidPropertiesError) as caught:
        checked_properties(bundled_catalogue().load(type_name), "It", properties)
    return str(caught.value)


def test_strings_become_the_numbers_the_schema_wants() -> None:
    """Parameters are strings, and CloudFormation reads them as what the property is."""
    schema = bundled_catalogue().load("AWS::ApplicationAutoScaling::ScalableTarget")
    checked = checked_properties(schema, "It", {**TARGET, "MaxCapacity": "4"})
    assert checked["MaxCapacity"] == 4


def test_numbers_become_the_strings_the_schema_wants() -> None:
    """A number or boolean is fine where a string is wanted."""
    schema = bundled_catalogue().load("AWS::CodeGuruProfiler::ProfilingGroup")
    checked = checked_properties(schema, "It", {"ProfilingGroupName": 12})
    assert checked["ProfilingGroupName"] == "12"


def test_zero_and_false_survive() -> None:
    """A zero is a value, not an absence."""
    schema = bundled_catalogue().load("AWS::ApplicationAutoScaling::ScalableTarget")
    checked = checked_properties(schema, "It", {**TARGET, "MinCapacity": 0})
    assert checked["MinCapacity"] == 0


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"MaxCapacity": "many"}, "#/MaxCapacity: expected type: Integer, found: String"),
        ({"Depth": 1}, "#: extraneous key [Depth] is not permitted"),
        ({"Id": "mine"}, "#: Encountered unsupported property Id"),
        ({"ScheduledActions": {}}, "#/ScheduledActions: expected type: JSONArray, found: JSONObj"),
    ],
)
def test_a_fault_is_worded_as_cloudformation_does(change: dict[str, Any], fault: str) -> None:
    """Type, unknown key and read-only property each have their sentence."""
    assert fault in _faults("AWS::ApplicationAutoScaling::ScalableTarget", **{**TARGET, **change})


def test_all_missing_keys_are_named_at_once() -> None:
    """Each absent required property is a fault of its own."""
    said = _faults("AWS::ApplicationAutoScaling::ScalableTarget", MinCapacity=1)
    for name in ("MaxCapacity", "ResourceId", "ScalableDimension", "ServiceNamespace"):
        assert f"#: required key [{name}] not found" in said


def test_patterns_with_unicode_classes_are_understood() -> None:
    r"""`\p{L}` and its like, which Python's own expressions lack, decide too."""
    schema = bundled_catalogue().load("AWS::SSM::Parameter")
    properties = {"Type": "String", "Value": "v", "Tags": {"héllo": "ok"}}
    assert checked_properties(schema, "It", properties) == properties
    assert "extraneous key [a<b]" in _faults(
        "AWS::SSM::Parameter", Type="String", Value="v", Tags={"a<b": "x"}
    )


def test_additional_properties_with_a_schema_are_checked() -> None:
    """Where any name is allowed, its value still has a type."""
    schema = ResourceSchema(
        type_name="AWS::T::T",
        document={
            "properties": {
                "Map": {"type": "object", "additionalProperties": {"type": "integer"}},
            }
        },
    )
    with pytest.raises(InvalidPropertiesError, match="#/Map/a: expected type: Integer"):
        checked_properties(schema, "It", {"Map": {"a": []}})


@pytest.mark.parametrize(
    ("tags", "left"),
    [
        (
            [{"Key": "aws:x", "Value": "1"}, {"Key": "k", "Value": "2"}],
            [{"Key": "k", "Value": "2"}],
        ),
        ({"aws:x": "1", "k": "2"}, {"k": "2"}),
    ],
)
def test_system_tags_are_left_out(tags: Any, left: Any) -> None:
    """Tags that only the stack engine sets do not reach a service."""
    schema = bundled_catalogue().load("AWS::SageMaker::Model")
    assert without_system_tags(schema, {"Tags": tags}) == {"Tags": left}
