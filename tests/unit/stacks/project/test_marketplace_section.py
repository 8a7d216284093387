"""Models of AWS Marketplace in the project file: what they are, and what they rule out."""

from collections.abc import Callable
from pathlib import Path

import pytest

from stacks.project.load import load_project
from stacks.project.placement import version_of
from tidegate.version import Version

Faults = Callable[..., list[str]]

ALONE = """    framework: scikit-learn
    framework_version: "1.9-0"
    artifact: build/fraud/v1
"""
ARN = "arn:aws:sagemaker:eu-west-1:985815980388:model-package/moderation-v3"
BOUGHT = f"    model_package: {ARN}\n"
INSTANCES = "      instance_type: ml.m5.large\n      instances: { min: 1, max: 2 }\n"


def test_a_package_is_the_version(folder: Path):
    """Known by its ARN: there is no image and no artifact of ours."""
    file = folder / "tidegate.yaml"
    file.write_text(file.read_text().replace(ALONE, BOUGHT))
    model = load_project(file).models["fraud"]
    version = version_of(model, region="eu-west-1", uri_of=lambda artifact: artifact.uri)
    file.write_text(file.read_text().replace("v3", "v4"))
    newer = load_project(file).models["fraud"]

    assert (version.label, version.containers[0].package) == ("moderation-v3", ARN)
    assert newer.label == "moderation-v4"
    other = version_of(newer, region="eu-west-1", uri_of=lambda artifact: artifact.uri)
    assert other.digest != version.digest


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ([(ALONE, ALONE + BOUGHT)], "framework comes with the model package: drop it"),
        (
            [(ALONE, f"{BOUGHT}    environment: {{ A: b }}\n")],
            "environment cannot be given to a package of AWS Marketplace (CreateModel refuses it",
        ),
        ([(ALONE, BOUGHT.replace("eu-west-1", "us-east-1"))], "model_package is of us-east-1"),
        ([(ALONE, BOUGHT.replace("model-package/", "algorithm/"))], "must be the ARN of a model"),
        (
            [(ALONE, BOUGHT), ("strategy: canary", "strategy: canary\n      mechanism: guardrail")],
            "without a bake and without going back, whatever a guardrail says: choose canary",
        ),
        ([(ALONE, BOUGHT), ("strategy: canary", "strategy: big-bang")], "all at once, without"),
        ([(ALONE, BOUGHT), ("strategy: canary", "strategy: shadow")], "cannot be shadowed"),
        ([(ALONE, BOUGHT), ("strategy: canary", "strategy: ab-test")], "compares artifacts"),
        (
            [
                (ALONE, BOUGHT),
                (INSTANCES, "      serverless: { memory_mb: 2048, max_concurrency: 2 }\n"),
            ],
            "serverless endpoints run no packages of AWS Marketplace",
        ),
        (
            [(ALONE, BOUGHT), (INSTANCES, "      ec2: { instance_type: m5.large }\n")],
            "run on SageMaker only",
        ),
        (
            [(ALONE, f"{BOUGHT}    training: {{ code: build/x, instance_type: ml.m5.large }}\n")],
            "training is not of a package that is subscribed to",
        ),
    ],
)
def test_what_a_package_rules_out_is_told(
    faults: Faults, changes: list[tuple[str, str]], told: str
):
    """At synth, with what is legal instead."""
    assert any(told in fault for fault in faults(*changes)), faults(*changes)


@pytest.mark.parametrize("mechanism", ["weights"])
def test_what_moves_weights_may_release_one(faults: Faults, mechanism: str):
    """SageMaker's own traffic shifting is what it falls back from."""
    change = ("strategy: canary", f"strategy: canary\n      mechanism: {mechanism}")

    assert faults((ALONE, BOUGHT), change) == []


ALGORITHM = "arn:aws:sagemaker:eu-west-1:985815980388:algorithm/boosted-trees-v2"
MADE = f"    algorithm_arn: {ALGORITHM}\n    artifact: build/fraud/v1\n"


def test_a_model_of_an_algorithm_is_a_version_of_both(folder: Path):
    """A new artifact is another version, and so is a new version of the algorithm."""
    file = folder / "tidegate.yaml"
    file.write_text(file.read_text().replace(ALONE, MADE))

    def version() -> Version:
        model = load_project(file).models["fraud"]
        return version_of(model, region="eu-west-1", uri_of=lambda _: "s3://b/k.tar.gz")

    first = version()
    (folder / "build" / "fraud" / "v1" / "model.joblib").write_bytes(b"trained again")
    again = version()
    file.write_text(file.read_text().replace("trees-v2", "trees-v3"))

    assert first.containers[0].algorithm == ALGORITHM
    assert first.containers[0].package is None
    assert first.label == "v1"
    assert len({first.digest, again.digest, version().digest}) == 3


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ([(ALONE, f"    algorithm_arn: {ALGORITHM}\n")], "artifact is missing: name what a"),
        ([(ALONE, MADE + BOUGHT)], "algorithm_arn comes with the model package: drop it"),
        (
            [(ALONE, ALONE.replace("    artifact: build/fraud/v1\n", "") + MADE)],
            "framework comes with the algorithm: drop it",
        ),
        ([(ALONE, MADE.replace("v1", "v9"))], "it does not exist"),
        ([(ALONE, f"{MADE}    environment: {{ A: b }}\n")], "environment cannot be given"),
        ([(ALONE, f"{MADE}    training: {{}}\n")], "train with CreateTrainingJob's AlgorithmName"),
        ([(ALONE, MADE.replace("eu-west-1", "us-east-1"))], "algorithm_arn is of us-east-1"),
        ([(ALONE, MADE.replace("algorithm/", "model-package/"))], "the ARN of an algorithm"),
        ([(ALONE, MADE), ("strategy: canary", "strategy: shadow")], "cannot be shadowed"),
        (
            [(ALONE, MADE), ("strategy: canary", "strategy: canary\n      mechanism: guardrail")],
            "without a bake and without going back",
        ),
    ],
)
def test_what_an_algorithm_rules_out_is_told(
    faults: Faults, changes: list[tuple[str, str]], told: str
):
    """As of a package, but that the artifact is one's own."""
    found = faults(*changes)

    assert any(told in fault for fault in found), found
