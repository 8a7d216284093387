"""Models made of packages."""

from typing import Any

import pytest

from emulator.sagemaker.errors import SageMakerError
from emulator.sagemaker.names import Tenant
from tests.unit.emulator.sagemaker.conftest import ROLE
from tests.unit.emulator.sagemaker.registry.conftest import SPECIFICATION

TENANT = Tenant("123456789012", "eu-west-1")


def make_model(registry: Any, arn: str, **members: Any) -> Any:
    """The record of a model of the package."""
    registry.call(
        "CreateModel",
        ModelName="m",
        ExecutionRoleArn=ROLE,
        PrimaryContainer={"ModelPackageName": arn, **members},
    )
    return registry.story.world.store.model(TENANT, "m")


def test_a_model_has_the_container_of_its_package(registry: Any):
    """Image, artifact and environment; variables of the model come on top."""
    arn = registry.package(ModelApprovalStatus="Approved")
    model = make_model(registry, arn, Environment={"LEVEL": "2"})
    assert model.container["Image"] == "image:1"
    assert model.container["ModelDataUrl"] == "s3://models/v1.tar.gz"
    assert model.container["Environment"] == {"FROM": "package", "LEVEL": "2"}


def test_the_model_is_described_by_its_package(registry: Any):
    """As the request named it; what the package says stays with the package."""
    arn = registry.package(ModelApprovalStatus="Approved")
    make_model(registry, arn)
    told = registry.call("DescribeModel", ModelName="m")
    assert told["PrimaryContainer"] == {"ModelPackageName": arn}


def test_a_specification_is_chosen_by_name(registry: Any):
    """Among the additional ones."""
    other = {"Name": "other", "Containers": [{"Image": "image:2"}]}
    arn = registry.package(
        ModelApprovalStatus="Approved", AdditionalInferenceSpecifications=[other]
    )
    model = make_model(registry, arn, InferenceSpecificationName="other")
    assert model.container["Image"] == "image:2"
    assert "ModelDataUrl" not in model.container


def test_the_role_must_read_the_artifact_of_the_package(registry: Any, world: Any):
    """As that of any other model."""
    arn = registry.package(ModelApprovalStatus="Approved")
    world.unreadable["s3://models/v1.tar.gz"] = SageMakerError("ValidationException", "unreadable")
    with pytest.raises(SageMakerError, match="unreadable"):
        make_model(registry, arn)


@pytest.mark.parametrize(
    ("package", "container", "words"),
    [
        ({}, {}, "its ModelApprovalStatus is PendingManualApproval, it must be Approved"),
        ({"ModelApprovalStatus": "Approved"}, {"Image": "i"}, "has Image from its model package"),
        (
            {"ModelApprovalStatus": "Approved"},
            {"InferenceSpecificationName": "none"},
            "has no inference specification none",
        ),
        (
            {
                "ModelApprovalStatus": "Approved",
                "InferenceSpecification": {**SPECIFICATION, "Containers": [{"Image": "i"}] * 2},
            },
            {},
            "does not emulate model packages of several containers",
        ),
    ],
)
def test_what_makes_no_model_is_refused(registry: Any, package: Any, container: Any, words: Any):
    """With the reason; no model comes of it."""
    arn = registry.package(**package)
    with pytest.raises(SageMakerError, match=words):
        make_model(registry, arn, **container)
    assert registry.call("ListModels") == {"Models": []}


def test_a_package_that_is_not_there_is_named(registry: Any):
    """By its ARN."""
    with pytest.raises(SageMakerError, match="model-package/flights/9 does not exist"):
        make_model(registry, "flights/9")
