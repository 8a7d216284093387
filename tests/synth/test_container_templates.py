"""Templates of what is no single container of ours: pipelines, packages of AWS Marketplace."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.synth.assembly import ROOT, Assembly
from tests.synth.examples import synthesized

SELLER = "arn:aws:sagemaker:eu-west-1:985815980388"
SERIES, BOUGHT = "in-series-dev-model-flights", "bought-dev-model-moderation"
MADE, ALGORITHM = "made-dev-model-churn", f"{SELLER}:algorithm/boosted-trees-v2"
SEVERAL = "several-dev-model-delays"
ARN = f"{SELLER}:model-package/moderation-v3"


@pytest.fixture(scope="module")
def series(tmp_path_factory: pytest.TempPathFactory) -> Assembly:
    """The example of two containers in a row."""
    folder: Path = tmp_path_factory.mktemp("series")
    return synthesized(ROOT / "examples" / "frameworks" / "pipeline.yaml", folder)


@pytest.fixture(scope="module")
def bought(tmp_path_factory: pytest.TempPathFactory) -> Assembly:
    """The example of a subscribed package."""
    folder: Path = tmp_path_factory.mktemp("bought")
    return synthesized(ROOT / "examples" / "marketplace" / "tidegate.yaml", folder)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Assembly:
    """The example of a model that was made with a subscribed algorithm."""
    folder: Path = tmp_path_factory.mktemp("made")
    return synthesized(ROOT / "examples" / "marketplace" / "algorithm.yaml", folder)


@pytest.fixture(scope="module")
def several(tmp_path_factory: pytest.TempPathFactory) -> Assembly:
    """The example of several models behind one endpoint."""
    folder: Path = tmp_path_factory.mktemp("several")
    return synthesized(ROOT / "examples" / "frameworks" / "airports.yaml", folder)


def properties(template: Assembly, stack: str, kind: str) -> list[dict[str, Any]]:
    """The properties of each resource of a type."""
    return [each["Properties"] for each in template.resources(stack, kind).values()]


def test_a_slot_holds_the_whole_pipeline(series: Assembly):
    """Two containers in series in both slots; none is primary."""
    models = properties(series, SERIES, "AWS::SageMaker::Model")

    assert [len(model["Containers"]) for model in models] == [2, 2]
    assert {model["InferenceExecutionConfig"]["Mode"] for model in models} == {"Serial"}
    assert not [model for model in models if "PrimaryContainer" in model]


def test_the_role_reads_every_containers_artifact_and_the_guard_knows_them(series: Assembly):
    """Where one is missing, SageMaker cannot start the pipeline, and nobody could roll back."""
    models = properties(series, SERIES, "AWS::SageMaker::Model")
    urls = {json.dumps(each["ModelDataUrl"]) for model in models for each in model["Containers"]}
    (role,) = properties(series, SERIES, "AWS::IAM::Role")
    reading = [
        statement["Resource"]
        for policy in role["Policies"]
        for statement in policy["PolicyDocument"]["Statement"]
        if statement["Action"] == ["s3:GetObject"]
    ]
    (guard,) = properties(series, SERIES, "Custom::ReleaseGuard")

    assert len(urls) == 2
    assert [len(resources) for resources in reading] == [2]
    assert [len(slot["then"]) for slot in guard["Slots"].values()] == [1, 1]


def test_a_package_runs_isolated_by_its_name(bought: Assembly):
    """SageMaker demands isolation of what was bought."""
    for model in properties(bought, BOUGHT, "AWS::SageMaker::Model"):
        assert model["PrimaryContainer"] == {"ModelPackageName": ARN}
        assert model["EnableNetworkIsolation"] is True


def test_the_role_of_a_package_reads_and_pulls_nothing(bought: Assembly):
    """Image and artifact are the seller's."""
    (role,) = properties(bought, BOUGHT, "AWS::IAM::Role")
    text = json.dumps(role["Policies"])

    assert "s3:GetObject" not in text
    assert "ecr:" not in text
    assert "logs:PutLogEvents" in text


def test_a_model_of_a_bought_algorithm_is_a_package_of_both(made: Assembly):
    """One a slot, with the version in its name; the model runs what the package says."""
    packages = made.resources(MADE, "AWS::SageMaker::ModelPackage")
    (role,) = properties(made, MADE, "AWS::IAM::Role")
    named = {id_: each["Properties"]["ModelPackageName"] for id_, each in packages.items()}
    sources = [
        each["Properties"]["SourceAlgorithmSpecification"]["SourceAlgorithms"][0]
        for each in packages.values()
    ]
    models = properties(made, MADE, "AWS::SageMaker::Model")

    assert len(set(named.values())) == 2
    assert {source["AlgorithmName"] for source in sources} == {ALGORITHM}
    assert [model["PrimaryContainer"]["ModelPackageName"]["Ref"] for model in models] == [*named]
    assert all(model["EnableNetworkIsolation"] for model in models)
    assert "s3:GetObject" in json.dumps(role["Policies"])
    assert "ecr:" not in json.dumps(role["Policies"])


def prefix_of(several: Assembly) -> str:
    """Where the models of the version lie in the bucket of assets."""
    model, _ = properties(several, SEVERAL, "AWS::SageMaker::Model")
    url: str = model["PrimaryContainer"]["ModelDataUrl"]["Fn::Sub"]
    return url.partition("-eu-west-1/")[2]


def test_a_slot_of_several_models_is_their_prefix(several: Assembly):
    """Named by the digest of all of them, so that one version is never another."""
    models = properties(several, SEVERAL, "AWS::SageMaker::Model")
    (guard,) = properties(several, SEVERAL, "Custom::ReleaseGuard")
    digest = guard["Slots"]["blue"]["artifact"]

    assert [model["PrimaryContainer"]["Mode"] for model in models] == ["MultiModel"] * 2
    assert prefix_of(several) == f"{digest}/"
    assert guard["Slots"]["blue"]["targets"]["names"] == ["ewr", "jfk", "lga"]


def test_every_model_is_published_under_the_prefix(several: Assembly):
    """And the template names each of them, or a clean-up of assets took them away."""
    (stack,) = several.folder.glob(f"{SEVERAL}.assets.json")
    files = json.loads(stack.read_text())["files"].values()
    keys = {place["objectKey"] for file in files for place in file["destinations"].values()}
    wanted = [f"{prefix_of(several)}{name}" for name in ("ewr", "jfk", "lga")]
    named = [
        each["Metadata"]["tidegate:models"]
        for each in several.resources(SEVERAL, "AWS::SageMaker::Model").values()
    ]

    assert {f"{each}.tar.gz" for each in wanted} < keys
    assert named == [wanted, wanted]


def test_the_role_of_several_models_reads_their_prefix_and_their_program(several: Assembly):
    """And lists no other prefix of the bucket."""
    (role,) = properties(several, SEVERAL, "AWS::IAM::Role")
    statements = role["Policies"][0]["PolicyDocument"]["Statement"]
    (reading,) = [s["Resource"] for s in statements if s["Action"] == ["s3:GetObject"]]
    (listing,) = [s for s in statements if s["Action"] == ["s3:ListBucket"]]
    model, _ = properties(several, SEVERAL, "AWS::SageMaker::Model")
    program = model["PrimaryContainer"]["Environment"]["SAGEMAKER_SUBMIT_DIRECTORY"]["Fn::Sub"]
    read = [each["Fn::Sub"].partition(":::")[2] for each in reading]

    assert sorted(path.partition("-eu-west-1/")[2] for path in read) == sorted(
        [f"{prefix_of(several)}*", program.partition("-eu-west-1/")[2]]
    )
    assert listing["Condition"] == {"StringLike": {"s3:prefix": [f"{prefix_of(several)}*"]}}
