"""Algorithms of AWS Marketplace, and packages of models that were made with them."""

from typing import Any

import pytest

from emulator.sagemaker.errors import SageMakerError
from emulator.sagemaker.registry.listings import AlgorithmListing
from tests.unit.emulator.sagemaker.registry.conftest import SPECIFICATION, faults

SELLER = "arn:aws:sagemaker:eu-west-1:985815980388:algorithm/"
TREES, UNKNOWN = f"{SELLER}Trees", f"{SELLER}unknown"
OWN = "arn:aws:sagemaker:eu-west-1:123456789012:model-package/churn-1"
DATA = "s3://models/v1.tar.gz"


def of(algorithm: str = TREES, **changes: Any) -> dict[str, Any]:
    """A request for a package of that algorithm and a model."""
    source = {"AlgorithmName": algorithm, "ModelDataUrl": DATA}
    return {
        "ModelPackageName": "Churn-1",
        "SourceAlgorithmSpecification": {"SourceAlgorithms": [source]},
        **changes,
    }


@pytest.fixture(autouse=True)
def _listed(registry: Any) -> None:
    """The account is subscribed to one algorithm, and not to another."""
    for arn, accounts in ((TREES, {"123456789012"}), (f"{SELLER}strange", set[str]())):
        registry.story.world.store.listings.algorithms[arn.lower()] = AlgorithmListing(
            arn=arn,
            image="registry/sagemaker-scikit-learn:1.4-2-cpu-py3",
            environment={"FROM": "seller"},
            subscribers=frozenset(accounts),
            created=1.0,
        )


def test_a_package_of_an_algorithm_has_a_name_and_no_version(registry: Any) -> None:
    """It is described with its algorithm, waits for no approval, and is listed as unversioned."""
    versioned = registry.package()
    arn = registry.call("CreateModelPackage", **of())["ModelPackageArn"]
    told = registry.described(arn)
    listed = {
        kind: [
            each["ModelPackageArn"]
            for each in registry.call("ListModelPackages", **request)["ModelPackageSummaryList"]
        ]
        for kind, request in {
            "Unversioned": {},
            "Versioned": {"ModelPackageType": "Versioned"},
            "Both": {"ModelPackageType": "Both"},
        }.items()
    }

    assert arn == OWN
    assert told["ModelPackageName"] == "Churn-1"
    assert told["SourceAlgorithmSpecification"] == of()["SourceAlgorithmSpecification"]
    assert not {"ModelPackageGroupName", "ModelPackageVersion", "ModelApprovalStatus"} & set(told)
    assert faults("DescribeModelPackage", told) == ""
    assert listed["Unversioned"] == [OWN]
    assert listed["Versioned"] == [versioned]
    assert sorted(listed["Both"]) == sorted([OWN, versioned])


def test_a_name_is_given_once_and_free_again_afterwards(registry: Any) -> None:
    """Other than the number of a version."""
    registry.call("CreateModelPackage", **of())
    with pytest.raises(SageMakerError, match="Model Package already exists"):
        registry.call("CreateModelPackage", **of())
    registry.call("DeleteModelPackage", ModelPackageName=OWN)

    assert registry.call("CreateModelPackage", **of())["ModelPackageArn"] == OWN


@pytest.mark.parametrize(
    ("request_", "code", "words"),
    [
        (of(UNKNOWN), "ValidationException", "does not exist"),
        (of(f"{SELLER}strange"), "ValidationException", "Caller is not subscribed"),
        (of(InferenceSpecification=SPECIFICATION), "ValidationException", "the algorithm has one"),
        (of(ModelApprovalStatus="Approved"), "ValidationException", "only versions of a group"),
        (
            {
                **of(ModelPackageGroupName="Flights", InferenceSpecification=SPECIFICATION),
                "ModelPackageName": "",
            },
            "NotEmulatedException",
            "versions of algorithms",
        ),
        (
            {
                "ModelPackageName": "x",
                "SourceAlgorithmSpecification": {"SourceAlgorithms": [{"AlgorithmName": TREES}]},
            },
            "ValidationException",
            "ModelDataUrl of the source algorithm is missing",
        ),
    ],
)
def test_what_is_no_package_of_an_algorithm_is_refused(
    registry: Any, request_: dict[str, Any], code: str, words: str
) -> None:
    """Each with what is wrong."""
    named = {name: value for name, value in request_.items() if value != ""}
    with pytest.raises(SageMakerError, match=words) as refused:
        registry.call("CreateModelPackage", **named)

    assert refused.value.code == code


def test_an_algorithm_is_described_to_its_subscribers(registry: Any) -> None:
    """Without its image."""
    told = registry.call("DescribeAlgorithm", AlgorithmName=TREES)

    assert told["AlgorithmStatus"] == "Completed"
    assert "registry/" not in told["TrainingSpecification"]["TrainingImage"]
    assert faults("DescribeAlgorithm", told) == ""
    with pytest.raises(SageMakerError, match="Caller is not subscribed"):
        registry.call("DescribeAlgorithm", AlgorithmName=f"{SELLER}strange")
