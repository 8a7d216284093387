"""The model registry: what is asked of it, and what its answers mean."""

from typing import Any

import boto3
import pytest
from botocore.stub import Stubber

from tidegate_aws.packages import GroupNotEmptyError, Registry

GROUP = "shop-dev-fraud"
ARN = f"arn:aws:sagemaker:eu-west-1:123456789012:model-package/{GROUP}/2"
NO_GROUP = f"ModelPackageGroup arn:aws:sagemaker:x:1:model-package-group/{GROUP} does not exist."
NEWEST = {
    "ModelPackageGroupName": GROUP,
    "ModelApprovalStatus": "Approved",
    "SortBy": "CreationTime",
    "SortOrder": "Descending",
    "MaxResults": 1,
}
EVERY = {
    "ModelPackageGroupName": GROUP,
    "SortBy": "CreationTime",
    "SortOrder": "Descending",
    "MaxResults": 100,
}


@pytest.fixture
def stubbed() -> tuple[Registry, Stubber]:
    """The registry's group over a client that answers as told."""
    client: Any = boto3.client(
        "sagemaker", region_name="eu-west-1", aws_access_key_id="a", aws_secret_access_key="b"
    )
    stub = Stubber(client)
    stub.activate()
    return Registry(client=client, group=GROUP), stub


def listed(*arns: str) -> dict[str, Any]:
    """ListModelPackages' answer."""
    return {
        "ModelPackageSummaryList": [
            {
                "ModelPackageArn": arn,
                "ModelPackageName": GROUP,
                "CreationTime": 0,
                "ModelPackageStatus": "Completed",
            }
            for arn in arns
        ]
    }


def described() -> dict[str, Any]:
    """DescribeModelPackage's answer."""
    return {
        "ModelPackageArn": ARN,
        "ModelPackageName": GROUP,
        "ModelPackageVersion": 2,
        "CreationTime": 0,
        "ModelPackageStatus": "Completed",
        "ModelPackageStatusDetails": {"ValidationStatuses": []},
        "ModelApprovalStatus": "Approved",
        "InferenceSpecification": {
            "Containers": [{"Image": "image:1", "ModelDataUrl": "s3://b/m.tar.gz"}]
        },
    }


def test_the_newest_approved_version_is_described(stubbed: tuple[Registry, Stubber]):
    """One is asked for, the newest first."""
    registry, stub = stubbed
    stub.add_response("list_model_packages", listed(ARN), NEWEST)
    stub.add_response("describe_model_package", described(), {"ModelPackageName": ARN})
    package = registry.newest_approved()
    assert package is not None
    assert (package.arn, package.version, package.artifact_uri) == (ARN, 2, "s3://b/m.tar.gz")


def test_no_group_and_no_version_are_none(stubbed: tuple[Registry, Stubber]):
    """Before the first deploy, and before the first approval."""
    registry, stub = stubbed
    stub.add_client_error("list_model_packages", "ValidationException", NO_GROUP)
    stub.add_response("list_model_packages", listed(), NEWEST)
    assert registry.newest_approved() is None
    assert registry.newest_approved() is None


def test_any_other_refusal_is_not_taken_for_none(stubbed: tuple[Registry, Stubber]):
    """A deploy that may not look must not deploy something else."""
    registry, stub = stubbed
    stub.add_client_error("list_model_packages", "AccessDeniedException", "no")
    with pytest.raises(registry.client.exceptions.ClientError, match="AccessDenied"):
        registry.newest_approved()


def test_a_group_is_emptied_version_by_version(stubbed: tuple[Registry, Stubber]):
    """Until none is left."""
    registry, stub = stubbed
    stub.add_response("list_model_packages", listed(ARN), EVERY)
    stub.add_response("delete_model_package", {}, {"ModelPackageName": ARN})
    stub.add_response("list_model_packages", listed(), EVERY)
    assert registry.empty(out_of_time=lambda: False) == 1
    stub.assert_no_pending_responses()


def test_a_group_that_takes_too_long_says_how_to_go_on(stubbed: tuple[Registry, Stubber]):
    """The stack is deleted again."""
    registry, stub = stubbed
    stub.add_response("list_model_packages", listed(ARN), EVERY)
    with pytest.raises(GroupNotEmptyError, match="delete the stack again"):
        registry.empty(out_of_time=lambda: True)
