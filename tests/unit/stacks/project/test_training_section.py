"""Section `training` of a model: what it becomes, and every fault of it at once."""

from collections.abc import Callable
from pathlib import Path

import pytest

from stacks.project.artifact_spec import StoredArtifact
from stacks.project.load import load_project
from stacks.project.packages import packaged, read_packages
from stacks.project.spec import ModelSpec
from stacks.project.training_shape import AgainstLive, Approval
from tests.unit.stacks.project.conftest import GOOD
from tidegate.training.package import Package

SECTION = """\
    training:
      code: scripts
      require:
        - { metric: wrong_share, at_most: 0.15 }
"""
PACKAGE = Package(
    arn="arn:aws:sagemaker:eu-west-1:123456789012:model-package/shop-dev-fraud/3",
    version=3,
    image="1.dkr.ecr.eu-west-1.amazonaws.com/sagemaker-scikit-learn:1.4-2",
    artifact_uri="s3://models/a/model.tar.gz",
    environment={"SAGEMAKER_PROGRAM": "inference.py"},
)


@pytest.fixture
def scripts(folder: Path) -> Path:
    """The folder with the scripts."""
    made = folder / "scripts"
    made.mkdir()
    for name in ("process.py", "train.py", "evaluate.py"):
        (made / name).write_text("")
    return made


@pytest.fixture
def model(folder: Path, scripts: Path) -> Callable[[], ModelSpec]:
    """The model of the good file with the section."""

    def load() -> ModelSpec:
        (folder / "tidegate.yaml").write_text(GOOD + SECTION)
        (found,) = load_project(folder / "tidegate.yaml").models.values()
        return found

    return load


def test_what_is_left_out_has_its_default(model: Callable[[], ModelSpec], scripts: Path):
    """On demand, by a person, no worse than what is live."""
    training = model().training
    assert training is not None
    (needed,) = training.requirements
    assert (needed.metric, needed.side, needed.limit) == ("wrong_share", "at_most", 0.15)
    assert needed.against_live is AgainstLive.NO_WORSE
    assert (training.code, training.schedule) == (scripts, None)
    assert training.approval is Approval.MANUALLY
    assert (training.timeout_seconds, training.keep_days) == (3_600, 30)


def test_faults_are_told_at_once(faults: Callable[..., list[str]], scripts: Path):
    """Each with its line."""
    (scripts / "train.py").unlink()
    wrong = SECTION.replace("at_most: 0.15", "at_most: 0.15, at_least: 1.0") + (
        "      instance_type: ml.m5.larg\n      timeout: 10s\n      keep: 5h\n"
    )
    end = "        errors: { margin: 0.02 }\n"
    said = "\n".join(faults((end, end + wrong)))
    for words in (
        "wrong_share needs one of at_most and at_least, got both",
        "instance_type is 'ml.m5.larg'",
        "timeout is 10s, must be at least 60s",
        "keep is 5h, must be whole days",
        "train is 'train.py', which is not in scripts; there are: evaluate.py, process.py",
    ):
        assert words in said


def test_an_approved_package_is_the_version_to_deploy(model: Callable[[], ModelSpec]):
    """Artifact, image and environment are its own; its ARN is its identity."""
    found = packaged(model(), PACKAGE, region="eu-west-1")
    assert found.artifact == StoredArtifact(
        bucket="models", key="a/model.tar.gz", identity=PACKAGE.arn
    )
    assert found.images["eu-west-1"] == PACKAGE.image
    assert found.environment == PACKAGE.environment
    assert found.label == "package-3"
    assert packaged(model(), None, region="eu-west-1") == model()


def test_packages_are_read_as_they_were_written():
    """None where none was given."""
    assert read_packages({"fraud": PACKAGE.to_json()}) == {"fraud": PACKAGE}
    assert read_packages(None) == {}
