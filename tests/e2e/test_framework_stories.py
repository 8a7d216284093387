"""The examples of frameworks, as `make frameworks` trained them, served by the embedded cloud."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from emulator.server import EmbeddedCloud
from examples.frameworks.data import asked, wrong_share
from stacks.project.artifact_spec import LocalArtifact
from stacks.project.artifacts import write_archive
from stacks.project.load import load_project
from stacks.project.spec import ModelSpec
from tests.emulated_hosting import Hosting, make_hosting

pytestmark = pytest.mark.frameworks

PROJECT = Path(__file__).parents[2] / "examples" / "frameworks" / "tidegate.yaml"
MODELS = {
    "sklearn": "scikit-learn",
    "boosted": "xgboost",
    "keras": "tensorflow",
    "torch": "pytorch",
    "onnx": "onnx",
}
WORST = 0.17
"""Share of flights that a model may get wrong; saying "on time" always gets 23 % wrong."""


@pytest.fixture(scope="module")
def hosting() -> Iterator[Hosting]:
    """A cloud with an account that hosts."""
    with EmbeddedCloud.start() as cloud:
        yield make_hosting(cloud)


def trained(name: str, folder: Path) -> ModelSpec:
    """The model of the project file; skips one that was not trained here."""
    content = YAML(typ="safe").load(PROJECT.read_text())
    model = content["models"][name]
    artifact = (PROJECT.parent / model["artifact"]).resolve()
    if not artifact.is_dir():
        pytest.skip(f"not trained here: make frameworks FRAMEWORKS={MODELS[name]}")
    file = folder / "tidegate.yaml"
    with file.open("w") as stream:
        alone = {**content, "models": {name: {**model, "artifact": str(artifact)}}}
        YAML(typ="safe").dump(alone, stream)
    return load_project(file).models[name]


@pytest.mark.parametrize("name", MODELS)
def test_a_framework_serves_what_it_trained(hosting: Hosting, name: str, tmp_path: Path) -> None:
    """By its container's contract, in a process on its own Python, by the flights it never saw."""
    model = trained(name, tmp_path)
    assert isinstance(model.artifact, LocalArtifact)
    write_archive(model.artifact.path, tmp_path / "model.tar.gz")
    hosting.s3.upload_file(str(tmp_path / "model.tar.gz"), hosting.bucket, f"{name}.tar.gz")
    hosting.sagemaker.create_model(
        ModelName=name,
        ExecutionRoleArn=hosting.role,
        PrimaryContainer={
            "Image": model.images["eu-west-1"],
            "ModelDataUrl": f"s3://{hosting.bucket}/{name}.tar.gz",
            "Environment": dict(model.environment),
        },
    )
    variant = {"VariantName": "blue", "ModelName": name}
    instances = {"InstanceType": "ml.m5.large", "InitialInstanceCount": 1}
    hosting.sagemaker.create_endpoint_config(
        EndpointConfigName=name, ProductionVariants=[{**variant, **instances}]
    )
    hosting.sagemaker.create_endpoint(EndpointName=name, EndpointConfigName=name)
    described = hosting.settled(name, seconds=90)
    assert described["EndpointStatus"] == "InService", described.get("FailureReason")

    body, late = asked(400)
    response = hosting.runtime.invoke_endpoint(
        EndpointName=name, Body=body, ContentType="application/json"
    )
    assert response["ContentType"] == "application/json"
    chances = json.loads(response["Body"].read())["predictions"]
    assert wrong_share(chances, late) < WORST
