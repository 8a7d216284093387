"""Packages of the model registry, and runs that made them."""

from typing import Any

import pytest

from tidegate.errors import InvalidValueError
from tidegate.training.package import Package, package_of
from tidegate.training.run import Figure, RunView, StepView, figures_of

ARN = "arn:aws:sagemaker:eu-west-1:123456789012:model-package/group/7"


def described(*containers: dict[str, Any]) -> dict[str, Any]:
    """DescribeModelPackage of a package with these containers."""
    return {
        "ModelPackageArn": ARN,
        "ModelPackageVersion": 7,
        "InferenceSpecification": {"Containers": list(containers)},
    }


def test_a_package_is_what_its_container_says():
    """And survives JSON."""
    container = {"Image": "i", "ModelDataUrl": "s3://b/m.tar.gz", "Environment": {"A": "1"}}
    package = package_of(described(container))
    assert package.label == "package-7"
    assert (package.image, package.artifact_uri) == ("i", "s3://b/m.tar.gz")
    assert Package.from_json(package.to_json()) == package


@pytest.mark.parametrize(
    ("containers", "words"),
    [((), "has 0 containers"), (({"Image": "i"},), "without ModelDataUrl")],
)
def test_a_package_that_cannot_be_deployed_is_refused(containers: Any, words: str):
    """With its ARN."""
    with pytest.raises(InvalidValueError, match=words) as refused:
        package_of(described(*containers))
    assert ARN in str(refused.value)


def test_figures_are_the_metrics_with_a_value():
    """Of the live version too, where it was measured."""
    report = {"metrics": {"b": {"value": 0.5, "live": 0.25}, "a": {"value": 0}, "c": {"x": 1}}}
    assert figures_of(report) == (
        Figure(metric="a", value=0.0, live=None),
        Figure(metric="b", value=0.5, live=0.25),
    )
    assert figures_of({}) == ()


def test_a_run_tells_why_it_failed():
    """Step by step."""
    step = StepView(name="Train", status="Failed", started=1.0, failure="no luck")
    run = RunView(arn="arn:x/execution/abc", status="Failed", started=0.0, steps=(step,))
    assert (run.id, run.over, run.reasons) == ("abc", True, ("Train: no luck",))
    assert run.to_json()["steps"][0]["failure"] == "no luck"
