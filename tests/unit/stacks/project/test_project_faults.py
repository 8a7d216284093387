"""Every fault of a project file: where, what, value, what is allowed."""

from collections.abc import Callable
from pathlib import Path

import pytest

from stacks.project.faults import ProjectFaultsError
from stacks.project.load import load_project

Faults = Callable[..., list[str]]

ONE_FAULT = [
    ("project: shop", "project: Shop_1", 1, "project is 'Shop_1', must be small letters"),
    ("project: shop", "project: shop\nmodel: 1", 2, "unknown key model: did you mean models?"),
    ("region: eu-west-1", "region: eu-west-9", 4, "region is 'eu-west-9', which has no SageMaker"),
    (
        "region: eu-west-1",
        "region: eu-west-1\n    account: 123456789012",
        5,
        "account is 123456789012, must be text: put it in quotes",
    ),
    (
        "region: eu-west-1",
        "region: eu-west-1\n    log_days: 8",
        5,
        "log_days is 8, allowed: 1, 3, 5, 7, 14",
    ),
    (
        "region: eu-west-1",
        "region: eu-west-1\n    data_on_destroy: burn",
        5,
        "is 'burn', must be one of keep, delete",
    ),
    ("region: eu-west-1", "region: mx-central-1", 8, "1.9-0 has no image in mx-central-1"),
    ("  dev:", "  Dev:", 3, "stages.Dev cannot be used as a name, must be small letters"),
    ("framework: scikit-learn", "framework: scikit-lean", 7, "did you mean scikit-learn?"),
    ('"1.9-0"', "1.9", 8, "is 1.9, must be text: put it in quotes"),
    ('"1.9-0"', '"1.9"', 8, "framework_version is '1.9', allowed for scikit-learn: \"1.2-1\""),
    ("instance_type: ml.m5.large", "instance_typ: ml.m5.large", 11, "did you mean instance_type?"),
    ("ml.m5.large", "ml.m5.larg", 11, "did you mean ml.m5.large?"),
    ("max: 2", "max: 0", 12, "instances.max is 0, must be at least 1"),
    ("min: 1, max: 2", "min: 3, max: 2", 12, "instances.max is 2, below instances.min"),
    ("percent: 0 }", "percent: 101 }", 13, "percent is 101, must be at most 100"),
    ("percent: 0 }", "percent: 1, keep: 36h }", 13, "keep is '36h', must be whole days"),
    ("strategy: canary", "strategy: canry", 15, "is 'canry', must be one of big-bang, linear"),
    ("strategy: canary", "strategy: ab-test", 15, "strategy ab-test needs an objective"),
    (
        "strategy: canary",
        "strategy: canary\n      mechanism: shadow",
        15,
        "strategy canary cannot be done by shadow",
    ),
    ("bake: 10m }", "bake: 10 }", 17, "bake is 10, must be text: put it in quotes"),
    ("bake: 10m }", "bake: 10min }", 17, "bake is '10min', must be a whole number and a unit"),
    ("share_percent: 10", "share_percent: 60", 16, "steps must rise, got (60, 50)"),
    ("margin: 0.02", "margin: 2", 20, "margin of guardrail errors must be above 0 and below 1"),
    ("errors: {", "error: {", 20, "unknown key models.fraud.release.guardrails.error: did you"),
    ("errors: { margin: 0.02 }", "{}", 19, "a release needs at least one guardrail metric"),
    (
        "errors: { margin: 0.02 }",
        "outcomes: { margin: 0.02, kind: event }",
        20,
        "is 'event', must be one of labels, conversions, complaints",
    ),
    (
        "errors: { margin: 0.02 }",
        "outcomes: { margin: 0.02, kind: complaints }",
        20,
        "kind is complaints, of which nothing is known to be safe before the outcome_window (86400",
    ),
    (
        "errors: { margin: 0.02 }",
        "errors: { margin: 0.02, kind: complaints }",
        20,
        "unknown key models.fraud.release.guardrails.errors.kind",
    ),
    ("strategy: canary", "lag: 4h", 15, "lag (in seconds) must be 0 to 10800, got 14400"),
    ("strategy: canary", "split: user", 15, "is 'user', must be one of endpoint, router"),
    ("strategy: canary", "holdout_percent: 5", 15, "for split router, got 5 with split endpoint"),
    ("strategy: canary", "holdout_percent: 51", 15, "holdout_percent must be 0 to 50, got 51"),
    (
        "strategy: canary",
        "mechanism: guardrail\n      split: router",
        16,
        "split router needs mechanism weights, got guardrail",
    ),
    ("build/fraud/v1", "build/fraud/v7", 9, "--version v7 --output build/fraud/v7'"),
    ("build/fraud/v1", "elsewhere", 9, "it does not exist: train the model first"),
    ("build/fraud/v1", "s3://b/k.tar.gz", 9, "must be s3://BUCKET/KEY.tar.gz?versionId=VERSION"),
    ("framework: scikit-learn", "image: fraud:1", 7, "must be an image in ECR with a tag"),
]


@pytest.mark.parametrize("case", ONE_FAULT)
def test_fault_names_line_and_what_is_allowed(faults: Faults, case: tuple[str, str, int, str]):
    """A single mistake is reported at its line, in words that say what to write instead."""
    before, after, line, words = case
    found = faults((before, after))

    assert any(fault.startswith(f"tidegate.yaml:{line}: ") and words in fault for fault in found), (
        found
    )


def test_all_faults_come_at_once(faults: Faults):
    """Mistakes in different sections are all reported, in the order of their lines."""
    found = faults(
        ("region: eu-west-1", "region: mars-1"),
        ("ml.m5.large", "huge"),
        ("percent: 0 }", "percent: lots }"),
        ("margin: 0.02", "margin: 7"),
        ("build/fraud/v1", "gone"),
    )

    assert [int(fault.split(":")[1]) for fault in found] == [4, 9, 11, 13, 20]


def test_faults_of_a_plan_come_all_at_once(faults: Faults):
    """The release section reports every rule that its plan breaks, not just the first."""
    found = faults(("strategy: canary", "alpha: 0.7"), ("share_percent: 10", "share_percent: 0"))

    assert any("alpha must be above 0" in fault for fault in found)
    assert any("share must be 1 to 99 percent, got 0" in fault for fault in found)


def test_missing_key_says_what_it_is_for(faults: Faults):
    """A key that must be there is named with its meaning."""
    found = faults(("      instance_type: ml.m5.large\n", ""))

    assert found == [
        (
            "tidegate.yaml:10: hosting has neither instance_type nor serverless nor ec2: give one "
            "of them, such as instance_type: ml.m5.large, or serverless: { memory_mb: 2048, "
            "max_concurrency: 5 }"
        )
    ]


def test_duplicate_key_is_a_fault(faults: Faults):
    """YAML would silently take the last of two keys."""
    found = faults(("project: shop", "project: shop\nproject: other"))

    assert len(found) == 1
    assert found[0].startswith("tidegate.yaml:2: ")
    assert "drop one of the two" in found[0]


def test_text_that_is_not_yaml_is_a_fault(faults: Faults):
    """A syntax error is reported at its line."""
    found = faults(("project: shop", "project: [shop"))

    assert len(found) == 1
    assert "not YAML" in found[0]


def test_file_that_is_a_list_is_a_fault(folder: Path):
    """A file of another shape altogether is refused in the same way."""
    (folder / "tidegate.yaml").write_text("- a\n- b\n")

    with pytest.raises(ProjectFaultsError, match="the project file is"):
        load_project(folder / "tidegate.yaml")


def test_empty_file_is_a_fault(folder: Path):
    """An empty file is refused, not taken for an empty project."""
    (folder / "tidegate.yaml").write_text("")

    with pytest.raises(ProjectFaultsError, match="must be a section"):
        load_project(folder / "tidegate.yaml")


def test_missing_file_is_a_fault(tmp_path: Path):
    """A project file that is not there is named."""
    with pytest.raises(ProjectFaultsError, match=r"none\.yaml:1: the project file cannot be read"):
        load_project(tmp_path / "none.yaml")


def test_framework_and_image_exclude_each_other(faults: Faults):
    """A model has one container."""
    image = "123456789012.dkr.ecr.eu-west-1.amazonaws.com/fraud:7"
    found = faults(("framework: scikit-learn", f"framework: scikit-learn\n    image: {image}"))

    assert any("framework and framework_version, or algorithm" in fault for fault in found)


def test_image_of_another_region_is_a_fault(faults: Faults):
    """SageMaker pulls images of its own region only."""
    image = "123456789012.dkr.ecr.us-east-1.amazonaws.com/fraud:7"
    found = faults(
        ("framework: scikit-learn", f"image: {image}"), ('    framework_version: "1.9-0"\n', "")
    )

    assert found == [
        (
            "tidegate.yaml:7: image is in us-east-1, a stage is in eu-west-1: SageMaker takes "
            "images of its own region only; give each region its project file"
        )
    ]


def test_entry_point_variables_belong_to_the_template(faults: Faults):
    """Setting SAGEMAKER_PROGRAM by hand would contradict entry_point."""
    found = faults(
        ("    hosting:", "    environment:\n      SAGEMAKER_PROGRAM: x.py\n    hosting:")
    )

    assert len(found) == 1
    assert "environment.SAGEMAKER_PROGRAM is set from entry_point" in found[0]


def test_artifact_without_code_is_a_fault(folder: Path, faults: Faults):
    """A framework's container needs code/, and the fault says what goes there."""
    (folder / "build/fraud/v1/code/inference.py").unlink()
    (folder / "build/fraud/v1/code").rmdir()

    found = faults()

    assert len(found) == 1
    assert found[0].startswith("tidegate.yaml:9: artifact is 'build/fraud/v1': it has no code/")


def test_artifact_with_another_entry_point_is_a_fault(folder: Path, faults: Faults):
    """What is under code/ is listed when the entry point is not there."""
    code = folder / "build/fraud/v1/code"
    (code / "inference.py").rename(code / "serve.py")

    assert "it has no code/inference.py, under code/ are: code/serve.py" in faults()[0]
    assert faults(("    hosting:", "    entry_point: serve.py\n    hosting:")) == []
