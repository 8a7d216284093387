"""A blueprint says what a stack holds, without CDK."""

import pytest

from stacks.components.blueprint import Blueprint, Kept, att, data, ref
from stacks.project.spec import DataOnDestroy


def test_resource_stands_as_it_was_said():
    """Type, properties, order and what is kept are CloudFormation's own words."""
    blueprint = Blueprint()

    id_ = blueprint.add("A", "AWS::SNS::Topic", {"X": 0}, after=["B"], kept=Kept.FORMER)

    assert id_ == "A"
    assert blueprint.resources == {
        "A": {
            "Type": "AWS::SNS::Topic",
            "Properties": {"X": 0},
            "DependsOn": ["B"],
            "DeletionPolicy": "Delete",
            "UpdateReplacePolicy": "Retain",
        }
    }


def test_property_that_is_none_is_left_out():
    """None means absent; 0, empty text and False are values."""
    blueprint = Blueprint()

    blueprint.add("A", "T", {"none": None, "zero": 0, "empty": "", "no": False})

    assert blueprint.resources["A"]["Properties"] == {"zero": 0, "empty": "", "no": False}


def test_second_resource_of_an_id_is_refused():
    """It would silently take the first one's place."""
    blueprint = Blueprint()
    blueprint.add("A", "T", {})

    with pytest.raises(ValueError, match="two resources have the logical id A"):
        blueprint.add("A", "T", {})


def test_data_always_outlives_a_replacement():
    """The stage decides only about the end of its stack."""
    assert data(DataOnDestroy.KEEP).policies["DeletionPolicy"] == "Retain"
    assert data(DataOnDestroy.DELETE).policies["DeletionPolicy"] == "Delete"
    assert {data(d).policies["UpdateReplacePolicy"] for d in DataOnDestroy} == {"Retain"}


def test_references_are_plain_intrinsics():
    """No token hides what the template says."""
    assert ref("A") == {"Ref": "A"}
    assert att("A") == {"Fn::GetAtt": ["A", "Arn"]}
