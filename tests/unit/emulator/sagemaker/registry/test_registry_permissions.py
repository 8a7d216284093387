"""What the registry's operations are asked on."""

from typing import Any

import pytest

from emulator.sagemaker.names import Tenant
from emulator.sagemaker.permissions import needed

TENANT = Tenant("123456789012", "eu-west-1")
ARN = "arn:aws:sagemaker:eu-west-1:123456789012:"
GROUP, VERSIONS = f"{ARN}model-package-group/flights", f"{ARN}model-package/flights/*"
ONE = f"{ARN}model-package/flights/1"
ELSEWHERE = "arn:aws:sagemaker:eu-west-1:999999999999:model-package/Theirs/2"


@pytest.mark.parametrize(
    ("operation", "request_", "resources"),
    [
        ("CreateModelPackageGroup", {"ModelPackageGroupName": "Flights"}, [GROUP]),
        ("DescribeModelPackageGroup", {"ModelPackageGroupName": GROUP}, [GROUP]),
        ("PutModelPackageGroupPolicy", {"ModelPackageGroupName": "Flights"}, [GROUP]),
        ("ListModelPackageGroups", {"NameContains": "f"}, ["*"]),
        ("CreateModelPackage", {"ModelPackageGroupName": "Flights"}, [GROUP, VERSIONS]),
        ("CreateModelPackage", {"ModelPackageGroupName": GROUP}, [GROUP, VERSIONS]),
        ("DescribeModelPackage", {"ModelPackageName": "Flights/1"}, [ONE]),
        ("DescribeModelPackage", {"ModelPackageName": ELSEWHERE}, [ELSEWHERE.lower()]),
        ("UpdateModelPackage", {"ModelPackageArn": ONE}, [ONE]),
        ("DeleteModelPackage", {"ModelPackageName": ONE}, [ONE]),
        ("ListModelPackages", {"ModelPackageGroupName": "Flights"}, [VERSIONS]),
        ("CreateModelPackage", {"ModelPackageName": "Churn"}, [f"{ARN}model-package/churn"]),
        ("DescribeAlgorithm", {"AlgorithmName": f"{ARN}algorithm/t"}, [f"{ARN}algorithm/t"]),
        ("ListModelPackages", {}, ["*"]),
        ("UpdateModelPackage", {"ModelPackageArn": 7}, ["*"]),
        ("CreateModelPackage", {"CustomerMetadataProperties": 7, "ModelLifeCycle": []}, ["*"]),
    ],
)
def test_resources_are_those_of_the_reference(operation: Any, request_: Any, resources: Any):
    """In lower case; a request of the wrong shape is asked on everything."""
    wanted = needed(operation, TENANT, request_)
    assert [(n.action, n.resource) for n in wanted] == [
        (f"sagemaker:{operation}", resource) for resource in resources
    ]


def test_who_may_approve_can_be_a_condition():
    """The new status, life cycle and metadata are condition keys."""
    (wanted,) = needed(
        "UpdateModelPackage",
        TENANT,
        {
            "ModelPackageArn": ONE,
            "ModelApprovalStatus": "Approved",
            "ModelLifeCycle": {"Stage": "Production", "StageStatus": "Pending"},
            "CustomerMetadataProperties": {"auc": "0.9"},
            "CustomerMetadataPropertiesToRemove": ["old"],
        },
    )
    assert wanted.context == {
        "sagemaker:ModelApprovalStatus": "Approved",
        "sagemaker:ModelLifeCycle:Stage": "Production",
        "sagemaker:ModelLifeCycle:StageStatus": "Pending",
        "sagemaker:CustomerMetadataProperties/auc": "0.9",
        "sagemaker:CustomerMetadataPropertiesToRemove": ["old"],
    }


def test_tags_of_a_group_need_add_tags():
    """On the group."""
    request = {"ModelPackageGroupName": "Flights", "Tags": [{"Key": "k", "Value": "v"}]}
    wanted = needed("CreateModelPackageGroup", TENANT, request)
    assert (wanted[-1].action, wanted[-1].resource) == ("sagemaker:AddTags", GROUP)
