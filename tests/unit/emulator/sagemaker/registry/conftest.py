"""A registry with one group, on the control plane of the folder above."""

import asyncio
from typing import Any

import pytest
from botocore.validate import ParamValidator

from emulator import apimodels

SPECIFICATION = {
    "Containers": [
        {
            "Image": "image:1",
            "ModelDataUrl": "s3://models/v1.tar.gz",
            "Environment": {"FROM": "package", "LEVEL": "1"},
        }
    ],
    "SupportedContentTypes": ["text/csv"],
    "SupportedResponseMIMETypes": ["text/csv"],
}


class Registry:
    """Calls operations, each of them to its end."""

    def __init__(self, story: Any) -> None:
        self.story = story
        self.call("CreateModelPackageGroup", ModelPackageGroupName="Flights")

    def call(self, operation: str, **request: Any) -> Any:
        """The operation's answer."""
        return asyncio.run(self.story.call(operation, **request))

    def package(self, **members: Any) -> str:
        """The ARN of a new version in the group."""
        request = {
            "ModelPackageGroupName": "Flights",
            "InferenceSpecification": SPECIFICATION,
            **members,
        }
        return str(self.call("CreateModelPackage", **request)["ModelPackageArn"])

    def described(self, arn: str) -> Any:
        """The package as it stands."""
        return self.call("DescribeModelPackage", ModelPackageName=arn)

    def update(self, arn: str, **members: Any) -> None:
        """The package is updated."""
        self.call("UpdateModelPackage", ModelPackageArn=arn, **members)


def faults(operation: str, answer: Any) -> str:
    """What of an answer is not of the operation's shape."""
    shape = apimodels.service_model("sagemaker").operation_model(operation).output_shape
    return str(ParamValidator().validate(answer, shape).generate_report())


@pytest.fixture
def registry(story: Any) -> Registry:
    """A registry with group `Flights`."""
    return Registry(story)
