"""Groups of the registry, and their policies."""

from typing import Any

import pytest

from emulator.sagemaker.errors import SageMakerError
from tests.unit.emulator.sagemaker.registry.conftest import faults

ARN = "arn:aws:sagemaker:eu-west-1:123456789012:model-package-group/flights"


@pytest.mark.parametrize("name", ["Flights", "flights", ARN])
def test_a_group_is_found_by_name_and_arn(registry: Any, name: Any):
    """Without case; what was created is described."""
    told = registry.call("DescribeModelPackageGroup", ModelPackageGroupName=name)
    assert (told["ModelPackageGroupName"], told["ModelPackageGroupArn"]) == ("Flights", ARN)
    assert told["ModelPackageGroupStatus"] == "Completed"
    assert faults("DescribeModelPackageGroup", told) == ""


@pytest.mark.parametrize(
    ("operation", "name", "sentence"),
    [
        ("CreateModelPackageGroup", "FLIGHTS", f"Model Package Group already exists: {ARN}"),
        ("DescribeModelPackageGroup", "x", f"ModelPackageGroup {ARN[:-7]}x does not exist."),
        ("DeleteModelPackageGroup", "x", f"ModelPackageGroup {ARN[:-7]}x does not exist."),
        ("GetModelPackageGroupPolicy", "x", f"Cannot find Model Package Group: {ARN[:-7]}x"),
        ("GetModelPackageGroupPolicy", "flights", f"Cannot find resource policy for: {ARN}"),
        ("DeleteModelPackageGroupPolicy", "flights", f"Cannot find resource policy for: {ARN}"),
    ],
)
def test_refusals_are_in_awss_sentences(registry: Any, operation: Any, name: Any, sentence: Any):
    """As its users and its CloudFormation handlers quote them."""
    with pytest.raises(SageMakerError) as refused:
        registry.call(operation, ModelPackageGroupName=name)
    assert (refused.value.code, refused.value.message) == ("ValidationException", sentence)


@pytest.mark.parametrize("name", ["a_b", "-a", "a" * 64])
def test_names_are_checked_against_the_model(registry: Any, name: Any):
    """At most 63 letters, digits and hyphens between them."""
    with pytest.raises(SageMakerError, match="modelPackageGroupName"):
        registry.call("CreateModelPackageGroup", ModelPackageGroupName=name)


def test_a_group_with_packages_stays(registry: Any):
    """A conflict until the last version is deleted."""
    arn = registry.package()
    with pytest.raises(SageMakerError) as refused:
        registry.call("DeleteModelPackageGroup", ModelPackageGroupName="Flights")
    assert refused.value.code == "ConflictException"
    registry.call("DeleteModelPackage", ModelPackageName=arn)
    registry.call("DeleteModelPackageGroup", ModelPackageGroupName="Flights")
    told = registry.call("ListModelPackageGroups")
    assert told == {"ModelPackageGroupSummaryList": []}


def test_groups_are_listed_in_pages(registry: Any):
    """In the order asked for, with descriptions where there are some."""
    for name in ("boats", "Cars"):
        registry.call(
            "CreateModelPackageGroup",
            ModelPackageGroupName=name,
            ModelPackageGroupDescription=f"all {name}",
        )
    asked = {"SortBy": "Name", "SortOrder": "Ascending", "MaxResults": 2}
    first = registry.call("ListModelPackageGroups", **asked)
    rest = registry.call("ListModelPackageGroups", **asked, NextToken=first["NextToken"])
    listed = [*first["ModelPackageGroupSummaryList"], *rest["ModelPackageGroupSummaryList"]]
    assert [g["ModelPackageGroupName"] for g in listed] == ["Cars", "Flights", "boats"]
    assert listed[0]["ModelPackageGroupDescription"] == "all Cars"
    assert "NextToken" not in rest
    assert faults("ListModelPackageGroups", first) == ""


def test_a_policy_is_kept_and_taken_away(registry: Any):
    """As text; one that is no JSON object is refused."""
    policy = '{"Version": "2012-10-17", "Statement": []}'
    named = {"ModelPackageGroupName": "flights"}
    with pytest.raises(SageMakerError, match="must be a JSON object"):
        registry.call("PutModelPackageGroupPolicy", **named, ResourcePolicy="[")
    registry.call("PutModelPackageGroupPolicy", **named, ResourcePolicy=policy)
    assert registry.call("GetModelPackageGroupPolicy", **named) == {"ResourcePolicy": policy}
    registry.call("DeleteModelPackageGroupPolicy", **named)
    with pytest.raises(SageMakerError, match="Cannot find resource policy"):
        registry.call("GetModelPackageGroupPolicy", **named)


def test_tags_are_those_of_groups(registry: Any):
    """A version has none of its own."""
    arn = registry.package()
    tags = [{"Key": "team", "Value": "ml"}]
    registry.call("AddTags", ResourceArn=ARN, Tags=tags)
    assert registry.call("ListTags", ResourceArn=ARN) == {"Tags": tags}
    with pytest.raises(SageMakerError, match="can't be tagged here"):
        registry.call("AddTags", ResourceArn=arn, Tags=tags)
