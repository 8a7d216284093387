"""Versions in a group: created, described, updated, listed, announced."""

import asyncio
from typing import Any

import pytest

from emulator.sagemaker.errors import SageMakerError
from emulator.sagemaker.names import Tenant
from tests.unit.emulator.sagemaker.registry.conftest import SPECIFICATION, faults

ARN = "arn:aws:sagemaker:eu-west-1:123456789012:model-package/flights"


def test_versions_count_up_and_are_never_used_twice(registry: Any):
    """The number of a deleted version is not given again."""
    assert [registry.package() for _ in range(2)] == [f"{ARN}/1", f"{ARN}/2"]
    registry.call("DeleteModelPackage", ModelPackageName=f"{ARN}/2")
    assert registry.package() == f"{ARN}/3"


@pytest.mark.parametrize("name", [f"{ARN}/1", "Flights/1"])
def test_a_package_is_described_as_created(registry: Any, name: Any):
    """Completed at once, and waiting for somebody who approves it."""
    registry.package(ModelPackageDescription="the first", CustomerMetadataProperties={"auc": "0.9"})
    told = registry.described(name)
    assert (told["ModelPackageGroupName"], told["ModelPackageVersion"]) == ("Flights", 1)
    assert told["ModelPackageStatus"] == "Completed"
    assert told["ModelApprovalStatus"] == "PendingManualApproval"
    assert told["InferenceSpecification"]["Containers"][0]["Image"] == "image:1"
    assert told["CustomerMetadataProperties"] == {"auc": "0.9"}
    assert "LastModifiedTime" not in told
    assert faults("DescribeModelPackage", told) == ""


def test_the_content_of_a_model_card_can_be_left_out(registry: Any):
    """By `MetadataOnly`; its status is described all the same."""
    card = {"ModelCardContent": "{}", "ModelCardStatus": "Draft"}
    arn = registry.package(ModelCard=card)
    named = {"ModelPackageName": arn, "IncludedData": "MetadataOnly"}
    told = registry.call("DescribeModelPackage", **named)
    assert told["ModelCard"] == {"ModelCardStatus": "Draft"}
    assert registry.described(arn)["ModelCard"] == card


@pytest.mark.parametrize(
    ("request_", "code", "words"),
    [
        (
            {"ModelPackageGroupName": "Flights", "ModelPackageName": "x"},
            "ValidationException",
            "Both ModelPackageName and ModelPackageGroupName are provided in the input.",
        ),
        ({}, "ValidationException", "Missing ARN."),
        ({"ModelPackageName": "x"}, "NotEmulatedException", "but those of an algorithm"),
        (
            {"ModelPackageGroupName": "none", "InferenceSpecification": SPECIFICATION},
            "ValidationException",
            "model-package-group/none does not exist.",
        ),
        (
            {
                "ModelPackageGroupName": "Flights",
                "InferenceSpecification": SPECIFICATION,
                "Tags": [{"Key": "k", "Value": "v"}],
                "AdditionalInferenceSpecifications": [
                    {"Name": "a", "Containers": [{"Image": "i"}]},
                    {"Name": "a", "Containers": [{"Image": "i"}]},
                ],
            },
            "ValidationException",
            "a version uses the tags of its group. Names of AdditionalInferenceSpecifications must",
        ),
        (
            {"ModelPackageGroupName": "Flights", "SourceUri": f"{ARN}/1"},
            "NotEmulatedException",
            "clones by SourceUri",
        ),
        (
            {"ModelPackageGroupName": "Flights", "CertifyForMarketplace": True},
            "NotEmulatedException",
            "Marketplace",
        ),
    ],
)
def test_what_makes_no_version_is_refused(registry: Any, request_: Any, code: Any, words: Any):
    """In AWS's sentences, or by the name of what is not emulated; no version comes of it."""
    with pytest.raises(SageMakerError) as refused:
        registry.call("CreateModelPackage", **request_)
    assert refused.value.code == code
    assert words in refused.value.message
    assert registry.package() == f"{ARN}/1"


def test_a_repeated_request_makes_nothing_new(registry: Any, world: Any):
    """By its client token; another request with that token is a conflict."""
    assert registry.package(ClientToken="t") == registry.package(ClientToken="t")
    assert len(world.announced) == 1
    with pytest.raises(SageMakerError) as refused:
        registry.package(ClientToken="t", ModelPackageDescription="another")
    assert refused.value.code == "ConflictException"


def test_creation_and_approval_are_announced(registry: Any, world: Any):
    """As the developer guide shows the event."""
    arn = registry.package()
    registry.update(arn, ModelApprovalStatus="Approved", ApprovalDescription="better")
    created, approved = world.announced
    assert created.source == "aws.sagemaker"
    assert created.detail_type == "SageMaker Model Package State Change"
    assert list(created.resources) == [arn]
    assert created.detail["ModelApprovalStatus"] == "PendingManualApproval"
    assert "UpdatedModelPackageFields" not in created.detail
    assert {
        "ModelPackageGroupName": "Flights",
        "ModelPackageVersion": 1,
        "ModelPackageArn": arn,
        "CreationTime": "1970-01-12T13:46:40Z",
        "LastModifiedTime": "1970-01-12T13:46:40Z",
        "ModelPackageStatus": "Completed",
        "ModelPackageStatusDetails": {"ValidationStatuses": [], "ImageScanStatuses": []},
        "CertifyForMarketplace": False,
        "ModelApprovalStatus": "Approved",
        "ApprovalDescription": "better",
        "UpdatedModelPackageFields": ["ModelApprovalStatus", "ApprovalDescription"],
    }.items() <= approved.detail.items()
    assert "ModelPackageName" not in approved.detail


def test_an_update_that_changes_nothing_is_not_announced(registry: Any, world: Any):
    """Approved twice is approved once."""
    arn = registry.package(ModelApprovalStatus="Approved")
    registry.update(arn, ModelApprovalStatus="Approved")
    assert len(world.announced) == 1


def test_versions_are_listed_by_group(registry: Any):
    """By status, in pages; without a group there are only unversioned ones: none."""
    arns = [registry.package() for _ in range(3)]
    registry.update(arns[0], ModelApprovalStatus="Approved")
    registry.update(arns[2], ModelApprovalStatus="Approved")
    asked = {"ModelPackageGroupName": "flights", "ModelApprovalStatus": "Approved"}
    first = registry.call("ListModelPackages", **asked, MaxResults=1)
    rest = registry.call("ListModelPackages", **asked, NextToken=first["NextToken"])
    listed = [*first["ModelPackageSummaryList"], *rest["ModelPackageSummaryList"]]
    assert [package["ModelPackageArn"] for package in listed] == [arns[0], arns[2]]
    assert faults("ListModelPackages", first) == ""
    assert registry.call("ListModelPackages") == {"ModelPackageSummaryList": []}
    every = registry.call("ListModelPackages", ModelPackageType="Both", SortOrder="Descending")
    assert [p["ModelPackageVersion"] for p in every["ModelPackageSummaryList"]] == [3, 2, 1]


def test_another_account_sees_nothing(registry: Any, story: Any):
    """Neither by name nor by the ARN of the first."""
    arn = registry.package()
    other = Tenant("999999999999", "eu-west-1")
    for name in ("flights/1", arn):
        with pytest.raises(SageMakerError, match="does not exist"):
            asyncio.run(story.plane.call(other, "DescribeModelPackage", {"ModelPackageName": name}))
