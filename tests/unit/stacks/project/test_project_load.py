"""From a project file to its specification."""

from pathlib import Path

import pytest

from stacks.project.artifact_spec import LocalArtifact, StoredArtifact
from stacks.project.load import load_project
from stacks.project.spec import DataOnDestroy
from tidegate.observation import OutcomeKind
from tidegate.plan import Guardrail, Metric, ReleasePlan, Step
from tidegate.strategies import Mechanism, Strategy


def test_good_file_becomes_a_specification(folder: Path):
    """Every key of the file is found in the specification."""
    project = load_project(folder / "tidegate.yaml")

    model = project.models["fraud"]
    assert project.name == "shop"
    assert project.stages["dev"].region == "eu-west-1"
    assert model.hosting.instance_type == "ml.m5.large"
    assert (model.hosting.instances_min, model.hosting.instances_max) == (1, 2)
    assert model.images["eu-west-1"].endswith("/sagemaker-scikit-learn:1.9-0-cpu-py3")


def test_plan_of_the_file_is_the_plan_of_the_release(folder: Path):
    """Durations are seconds, guardrails and steps are those of the file."""
    plan = load_project(folder / "tidegate.yaml").models["fraud"].plan

    assert plan.strategy is Strategy.CANARY
    assert plan.mechanism is Mechanism.WEIGHTS
    assert plan.steps == (
        Step(share_percent=10, bake_seconds=600),
        Step(share_percent=50, bake_seconds=600),
    )
    assert plan.guardrails == (Guardrail(metric=Metric.ERRORS, margin=0.02),)


@pytest.mark.parametrize("kind", OutcomeKind)
def test_kind_of_outcomes_is_that_of_the_file(folder: Path, kind: OutcomeKind):
    """With a window that passes before the release ends, so that its end can be safe."""
    text = (folder / "tidegate.yaml").read_text()
    outcomes = f"outcomes: {{ margin: 0.02, kind: {kind} }}\n      outcome_window: 80m"
    (folder / "tidegate.yaml").write_text(text.replace("errors: { margin: 0.02 }", outcomes))

    plan = load_project(folder / "tidegate.yaml").models["fraud"].plan

    assert plan.guardrails == (Guardrail(metric=Metric.OUTCOMES, margin=0.02, kind=kind),)


def test_outcomes_are_labels_unless_the_file_says_otherwise(folder: Path):
    """Then a long window delays nothing."""
    text = (folder / "tidegate.yaml").read_text()
    outcomes = "outcomes: { margin: 0.02 }\n      outcome_window: 30d"
    (folder / "tidegate.yaml").write_text(text.replace("errors: { margin: 0.02 }", outcomes))

    plan = load_project(folder / "tidegate.yaml").models["fraud"].plan

    assert plan.outcome_kind is OutcomeKind.LABELS


def test_release_may_be_left_out(folder: Path):
    """A model without a release section gets the plan's defaults."""
    text = (folder / "tidegate.yaml").read_text().split("    release:")[0]
    (folder / "tidegate.yaml").write_text(text)

    assert load_project(folder / "tidegate.yaml").models["fraud"].plan == ReleasePlan()


def test_defaults_are_filled_in(folder: Path):
    """What the file leaves out has its documented default."""
    project = load_project(folder / "tidegate.yaml")

    stage = project.stages["dev"]
    assert stage.data_on_destroy is DataOnDestroy.KEEP
    assert stage.account is None
    assert stage.partition == "aws"
    assert project.models["fraud"].alarms.latency_milliseconds == 1000


def test_zero_is_a_value(folder: Path):
    """A capture of 0 percent stays 0, and so does a lag of no seconds."""
    text = (folder / "tidegate.yaml").read_text()
    (folder / "tidegate.yaml").write_text(
        text.replace("strategy: canary", "strategy: canary\n      lag: 0s\n      hold: 0s")
    )

    model = load_project(folder / "tidegate.yaml").models["fraud"]

    assert model.capture.percent == 0
    assert (model.plan.lag_seconds, model.plan.hold_seconds) == (0, 0)


def test_framework_container_gets_its_entry_point(folder: Path):
    """The scikit-learn container finds code/inference.py by two environment variables."""
    environment = load_project(folder / "tidegate.yaml").models["fraud"].environment

    assert environment == {
        "SAGEMAKER_PROGRAM": "inference.py",
        "SAGEMAKER_SUBMIT_DIRECTORY": "/opt/ml/model/code",
    }


def test_own_image_gets_no_entry_point(folder: Path):
    """An own container has its own conventions."""
    text = (folder / "tidegate.yaml").read_text()
    image = "123456789012.dkr.ecr.eu-west-1.amazonaws.com/fraud:7"
    text = text.replace("framework: scikit-learn", f"image: {image}")
    (folder / "tidegate.yaml").write_text(text.replace('    framework_version: "1.9-0"\n', ""))

    model = load_project(folder / "tidegate.yaml").models["fraud"]

    assert model.environment == {}
    assert model.images == {"eu-west-1": image}


def test_local_artifact_has_a_digest_and_a_label(folder: Path):
    """The label is the artifact's name unless the file gives one."""
    model = load_project(folder / "tidegate.yaml").models["fraud"]

    assert isinstance(model.artifact, LocalArtifact)
    assert len(model.artifact.digest) == 64
    assert model.label == "v1"


def test_stored_artifact_is_named_with_its_version(folder: Path):
    """The object's version is what identifies it, its key is what SageMaker reads."""
    uri = "s3://models/fraud/v1.tar.gz?versionId=abc"
    text = (folder / "tidegate.yaml").read_text().replace("build/fraud/v1", uri)
    (folder / "tidegate.yaml").write_text(text)

    model = load_project(folder / "tidegate.yaml").models["fraud"]

    assert isinstance(model.artifact, StoredArtifact)
    assert model.artifact.uri == "s3://models/fraud/v1.tar.gz"
    assert model.artifact.identity == uri
    assert model.label == "v1"


def test_chinese_region_has_its_own_partition(folder: Path):
    """ARNs of a stage begin with its region's partition."""
    text = (folder / "tidegate.yaml").read_text().replace("eu-west-1", "cn-north-1")
    (folder / "tidegate.yaml").write_text(text)

    assert load_project(folder / "tidegate.yaml").stages["dev"].partition == "aws-cn"
