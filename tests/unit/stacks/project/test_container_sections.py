"""Containers of the project file: pipelines, and what each framework's container needs."""

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
ONE = '      - { framework: scikit-learn, framework_version: "1.9-0", artifact: build/fraud/v1 }\n'
TWO = f"    containers:\n{ONE}{ONE}"
TENSORFLOW = ALONE.replace("scikit-learn", "tensorflow").replace("1.9-0", "2.20.0")
PYTORCH = ALONE.replace("scikit-learn", "pytorch").replace("1.9-0", "2.6.0")


def in_series(folder: Path, containers: str = TWO) -> Version:
    """The version that the project file describes with these containers."""
    file = folder / "tidegate.yaml"
    file.write_text(file.read_text().replace(ALONE, containers))
    model = load_project(file).models["fraud"]
    return version_of(model, region="eu-west-1", uri_of=lambda _: "s3://b/k.tar.gz")


def test_a_pipeline_is_one_version_of_all_its_containers(folder: Path):
    """A variable of the second container makes another version, and it is read back whole."""
    version = in_series(folder)
    changed = in_series(folder, TWO)
    (folder / "tidegate.yaml").write_text(
        (folder / "tidegate.yaml")
        .read_text()
        .replace(f"{ONE}{ONE}", ONE + ONE.replace(" }", ", environment: { A: b } }"))
    )
    other = in_series(folder)

    assert [each.artifact for each in version.containers] == [version.artifact] * 2
    assert version.digest == changed.digest
    assert other.digest != version.digest
    assert Version.from_json(other.to_json()) == other
    assert other.then[0].environment["A"] == "b"


def test_one_container_keeps_its_digest_and_its_record(folder: Path):
    """Versions that were deployed before there were pipelines are still themselves."""
    model = load_project(folder / "tidegate.yaml").models["fraud"]
    version = version_of(model, region="eu-west-1", uri_of=lambda _: "s3://b/k.tar.gz")

    assert "then" not in version.to_json()
    assert len(version.containers) == 1


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ([(ALONE, f"    containers:\n{ONE}")], "containers has 1, an inference pipeline has 2"),
        ([(ALONE, f"    containers:\n{ONE * 16}")], "containers has 16"),
        ([(ALONE, f"{ALONE}{TWO}")], "framework belongs to one of the containers"),
        (
            [(ALONE, TWO.replace("1.9-0", "0.1"))],
            "framework_version is '0.1', allowed for scikit-learn",
        ),
        ([(ALONE, TWO.replace("fraud/v1", "fraud/v9"))], "it does not exist"),
        (
            [(ALONE, TWO), ("strategy: canary", "strategy: shadow")],
            "several containers cannot be shadowed",
        ),
        (
            [(ALONE, TWO), ("strategy: canary", "strategy: ab-test")],
            "compares artifacts of one container",
        ),
        (
            [
                (ALONE, TWO),
                (
                    "      instance_type: ml.m5.large\n      instances: { min: 1, max: 2 }\n",
                    "      serverless: { memory_mb: 2048, max_concurrency: 2 }\n",
                ),
            ],
            "serverless endpoints run no inference pipeline",
        ),
        (
            [
                (ALONE, TWO),
                (
                    "      instance_type: ml.m5.large\n      instances: { min: 1, max: 2 }\n",
                    "      ec2: { instance_type: m5.large }\n",
                ),
            ],
            "instances of EC2 run one container",
        ),
        (
            [(ALONE, f"{TWO}    training: {{ code: build/x, instance_type: ml.m5.large }}\n")],
            "makes the artifact of one container",
        ),
        ([("    artifact: build/fraud/v1\n", "")], "artifact is missing: it may be left out only"),
        ([(ALONE, TENSORFLOW)], "it has no NUMBER/saved_model.pb"),
        (
            [(ALONE, f"{TENSORFLOW}    entry_point: serve.py\n")],
            "runs code/inference.py if it is there",
        ),
        ([(ALONE, f"{PYTORCH}    entry_point: serve.py\n")], "it has no code/serve.py"),
    ],
)
def test_what_cannot_be_is_told(faults: Faults, changes: list[tuple[str, str]], told: str):
    """With what to do instead."""
    assert any(told in fault for fault in faults(*changes)), faults(*changes)


def test_a_saved_model_needs_no_code_and_no_variables(folder: Path):
    """TensorFlow Serving finds versions by their numbers."""
    bundle = folder / "build" / "fraud" / "v1" / "3" / "saved_model.pb"
    bundle.parent.mkdir()
    bundle.write_bytes(b"graph")

    assert in_series(folder, TENSORFLOW).environment == {}


@pytest.mark.parametrize(("files", "good"), [(("model.pt",), True), (("a.pt", "b.pth"), False)])
def test_torchscript_alone_is_served_without_code(
    faults: Faults, folder: Path, files: tuple[str, ...], *, good: bool
):
    """By the container's own functions, where it is one file."""
    artifact = folder / "build" / "fraud" / "v1"
    (artifact / "code" / "inference.py").unlink()
    for name in files:
        (artifact / name).write_bytes(b"script")

    assert (faults((ALONE, PYTORCH)) == []) is good
