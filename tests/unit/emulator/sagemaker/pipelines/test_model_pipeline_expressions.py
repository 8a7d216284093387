"""References, functions and conditions of pipeline definitions."""

from typing import Any

import pytest

from emulator.sagemaker.pipelines.expressions import UnresolvedError, Values, holds, resolved

OUTPUTS = [{"OutputName": "train", "S3Output": {"S3Uri": "s3://b/t"}}]
VALUES = Values(
    parameters={"Count": 3, "Flag": True},
    execution={"PipelineExecutionId": "abc"},
    properties={"Process": {"ProcessingOutputConfig": {"Outputs": OUTPUTS}}},
    property_file=lambda step, file: {"step": step, file: {"rows": [1, 2]}},
)


def get(path: str) -> dict[str, str]:
    """A reference."""
    return {"Get": path}


@pytest.mark.parametrize(
    ("value", "found"),
    [
        (get("Parameters.Count"), 3),
        (get("Steps.Process.ProcessingOutputConfig.Outputs['train'].S3Output.S3Uri"), "s3://b/t"),
        (get('Steps.Process.ProcessingOutputConfig.Outputs["train"].OutputName'), "train"),
        (get("Steps.Process.ProcessingOutputConfig.Outputs[0].OutputName"), "train"),
        (
            {"Std:Join": {"On": "/", "Values": ["s3:/", get("Execution.PipelineExecutionId"), 1]}},
            "s3://abc/1",
        ),
        ({"Std:Join": {"On": "", "Values": [get("Parameters.Flag")]}}, "true"),
        (
            {"Std:JsonGet": {"PropertyFile": get("Steps.A.PropertyFiles.F"), "Path": "F.rows[1]"}},
            2,
        ),
        ({"a": [get("Parameters.Count")]}, {"a": [3]}),
    ],
)
def test_values_are_filled_in(value: Any, found: Any):
    """Wherever they stand."""
    assert resolved(value, VALUES) == found


@pytest.mark.parametrize("path", ["Parameters.No", "Steps.No.X", "Steps.Process.No", "Other.X"])
def test_a_reference_without_a_value_is_named(path: str):
    """In the words of the definition."""
    with pytest.raises(UnresolvedError, match=path):
        resolved(get(path), VALUES)


@pytest.mark.parametrize(
    ("condition", "true"),
    [
        ({"Type": "Equals", "LeftValue": get("Parameters.Count"), "RightValue": 3}, True),
        ({"Type": "GreaterThan", "LeftValue": 3, "RightValue": 3}, False),
        ({"Type": "GreaterThanOrEqualTo", "LeftValue": 3, "RightValue": 3}, True),
        ({"Type": "LessThan", "LeftValue": 2, "RightValue": 3}, True),
        ({"Type": "LessThanOrEqualTo", "LeftValue": 4, "RightValue": 3}, False),
        ({"Type": "In", "QueryValue": get("Parameters.Count"), "Values": [1, 3]}, True),
    ],
)
def test_conditions_compare(condition: dict[str, Any], *, true: bool):
    """And can be turned round and put together."""
    assert holds(condition, VALUES) is true
    assert holds({"Type": "Not", "Expression": condition}, VALUES) is not true
    never = {"Type": "Equals", "LeftValue": 1, "RightValue": 2}
    assert holds({"Type": "Or", "Conditions": [never, condition]}, VALUES) is true


def test_what_cannot_be_compared_is_said():
    """Instead of a guess."""
    with pytest.raises(UnresolvedError, match="can't be compared by LessThan"):
        holds({"Type": "LessThan", "LeftValue": "a", "RightValue": 1}, VALUES)
