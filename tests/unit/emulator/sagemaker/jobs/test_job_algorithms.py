"""Which training jobs are of a built-in algorithm, and the metrics that it brings."""

from typing import Any

import pytest

from emulator.sagemaker.jobs.training.algorithms import algorithm_in, specification

REGISTRY = "683313688378.dkr.ecr.us-east-1.amazonaws.com"


def request(image: str, **more: Any) -> dict[str, Any]:
    """The part of a request that says what trains."""
    return {"AlgorithmSpecification": {"TrainingImage": f"{REGISTRY}/{image}"}, **more}


@pytest.mark.parametrize(
    ("asked", "name"),
    [
        (request("kmeans:1"), "kmeans"),
        (request("sagemaker-xgboost:3.2-0"), "xgboost"),
        (request("sagemaker-scikit-learn:1.9-0"), None),
        (request("sagemaker-xgboost:3.2-0", HyperParameters={"sagemaker_program": "t.py"}), None),
        (request("sagemaker-xgboost:3.2-0", Environment={"SAGEMAKER_PROGRAM": "t.py"}), None),
    ],
)
def test_an_image_that_is_both_runs_the_program_that_is_named(
    asked: dict[str, Any], name: str | None
):
    """As XGBoost's container does."""
    known = algorithm_in(asked)
    assert (None if known is None else known.name) == name


def test_an_algorithm_brings_its_metrics_beside_those_of_the_request():
    """A name of the request's own counts first."""
    asked = request("kmeans:1")
    own = [{"Name": "test:msd", "Regex": "mine=(.*)"}]
    asked["AlgorithmSpecification"]["MetricDefinitions"] = own
    found = {each["Name"]: each["Regex"] for each in specification(asked)["MetricDefinitions"]}
    assert set(found) == {"test:msd", "test:ssd"}
    assert found["test:msd"] == "mine=(.*)"
