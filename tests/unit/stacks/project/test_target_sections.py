"""Several models behind one endpoint in the project file."""

from collections.abc import Callable
from pathlib import Path

import pytest

from stacks.project.artifact_spec import TargetArtifacts
from stacks.project.load import load_project
from stacks.project.placement import version_of
from tests.unit.stacks.project.conftest import GOOD
from tidegate.version import Version

Faults = Callable[..., list[str]]

ALONE = """    framework: scikit-learn
    framework_version: "1.9-0"
    artifact: build/fraud/v1
"""
SEVERAL = """    framework: scikit-learn
    framework_version: "1.9-0"
    code: program
    target_models: { cards: build/cards, loans: build/loans }
"""


@pytest.fixture(autouse=True)
def _models(folder: Path) -> None:
    """Two models without code, and the program of both."""
    for name in ("cards", "loans"):
        (folder / "build" / name).mkdir()
        (folder / "build" / name / "model.joblib").write_text(name)
    (folder / "program").mkdir()
    (folder / "program" / "inference.py").write_text("def model_fn(model_dir): ...\n")


def version(folder: Path, section: str = SEVERAL) -> Version:
    """The version that the project file describes with this section."""
    file = folder / "tidegate.yaml"
    file.write_text(GOOD.replace(ALONE, section))
    model = load_project(file).models["fraud"]
    return version_of(model, region="eu-west-1", uri_of=uri)


def uri(artifact: object) -> str:
    """Where it would be published."""
    return "s3://b/prefix/" if isinstance(artifact, TargetArtifacts) else "s3://b/program.tar.gz"


def test_all_models_are_one_version(folder: Path) -> None:
    """Which says their names, their prefix, and where the program of all of them is."""
    told = version(folder)

    assert told.targets is not None
    assert told.model_names == ("cards", "loans")
    assert (told.artifact_uri, told.targets.code_uri) == ("s3://b/prefix/", "s3://b/program.tar.gz")
    assert told.environment == {"SAGEMAKER_PROGRAM": "inference.py"}
    assert told.label == "2-models"


@pytest.mark.parametrize("changed", ["build/cards/model.joblib", "program/inference.py"])
def test_a_change_of_any_of_them_is_another_version(folder: Path, changed: str) -> None:
    """Of the program as much as of a model."""
    before = version(folder)
    (folder / changed).write_text("changed")

    assert version(folder).digest != before.digest


def test_what_ends_changes_no_version(folder: Path) -> None:
    """It serves nothing."""
    ending = version(folder, f"{SEVERAL}    retired_models: [cash]\n")

    assert ending.targets is not None
    assert ending.targets.retired == ("cash",)
    assert ending.digest == version(folder).digest


def test_an_own_image_brings_its_program(folder: Path) -> None:
    """Nothing is told where it would be."""
    image = "    image: 123456789012.dkr.ecr.eu-west-1.amazonaws.com/several:1\n"
    told = version(folder, f"{image}    target_models: {{ cards: build/cards }}\n")

    assert told.targets is not None
    assert (told.targets.code_uri, dict(told.environment)) == ("", {})


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ([(SEVERAL, f"{SEVERAL}    artifact: build/fraud/v1\n")], "artifact does not go with"),
        ([(SEVERAL, f"{SEVERAL}    batch: {{}}\n")], "batch does not go with target_models"),
        ([("    code: program\n", "")], "code is missing"),
        ([("code: program", "code: nowhere")], "must be a directory with inference.py"),
        ([("code: program", "code: build/cards")], "has no inference.py, in it are: model.joblib"),
        ([("code: program", "code: program\n    entry_point: serve.py")], "has no serve.py"),
        ([("cards: build/cards", "cards: build/nothing")], "the artifact of cards is"),
        ([("cards: build/cards", 'cards: "s3://b/k.tar.gz?versionId=1"')], "under one prefix"),
        ([("cards: build/cards", "Cards: build/cards")], "Cards"),
        ([("{ cards: build/cards, loans: build/loans }", "{}")], "target_models"),
        ([(SEVERAL, f"{SEVERAL}    retired_models: [cards]\n")], "cannot end and go on"),
        (
            [
                (SEVERAL, SEVERAL.replace("scikit-learn", "xgboost").replace("1.9-0", "3.2-0")),
            ],
            "target_models go with scikit-learn or an image of your own",
        ),
        (
            [
                (
                    "instance_type: ml.m5.large\n      instances: { min: 1, max: 2 }",
                    "serverless: { memory_mb: 2048, max_concurrency: 5 }",
                )
            ],
            "serverless endpoints host one model",
        ),
        (
            [("instance_type: ml.m5.large", "instance_type: ml.m5.large\n      asynchronous: {}")],
            "InvokeEndpointAsync cannot name",
        ),
        ([("strategy: canary", "strategy: shadow")], "several models cannot be shadowed"),
        ([("strategy: canary", "strategy: ab-test")], "compares artifacts of one model"),
        ([("percent: 0", "percent: 10")], "does not tell which model was asked"),
    ],
)
def test_what_several_models_rule_out_is_told_with_a_way_out(
    folder: Path, faults: Faults, changes: list[tuple[str, str]], told: str
) -> None:
    """Before anything is deployed."""
    del folder
    found = faults((ALONE, SEVERAL), *changes)

    assert any(told in fault for fault in found), found


def test_one_model_has_neither_code_nor_models_that_end(faults: Faults) -> None:
    """The keys say nothing there."""
    found = faults((ALONE, f"{ALONE}    code: program\n    retired_models: [cash]\n"))

    assert len([fault for fault in found if "belongs to target_models" in fault]) == 2
