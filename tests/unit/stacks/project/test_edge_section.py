"""Section `edge` of the project file: all faults at once, at their lines."""

from pathlib import Path

import pytest

from stacks.components.edge_version import IMAGE, placed, recipe
from stacks.project.faults import ProjectFaultsError
from stacks.project.load import load_project
from tests import samples
from tidegate.edge.names import component_version
from tidegate.observation import OutcomeKind
from tidegate.plan import Metric
from tidegate.slots import Slot

HEAD = """\
project: plant
stages:
  dev: { region: eu-west-1 }
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with a model that devices can run, and one that they can't."""
    for name, file in (("v1", "model.onnx"), ("v2", "model.joblib")):
        (tmp_path / name).mkdir()
        (tmp_path / name / file).write_text(name)
    return tmp_path


def project(folder: Path, text: str) -> Path:
    """A project file with this section."""
    file = folder / "tidegate.yaml"
    file.write_text(HEAD + text)
    return file


def faults(folder: Path, text: str) -> list[str]:
    """What is wrong with it."""
    with pytest.raises(ProjectFaultsError) as caught:
        load_project(project(folder, text))
    return [str(fault) for fault in caught.value.faults]


def test_a_fleet_has_rings_and_looks_at_errors_at_least(folder: Path) -> None:
    """A project needs nothing else."""
    text = "edge:\n  eyes:\n    artifact: v1\n"
    fleet = load_project(project(folder, text)).edge["eyes"]
    assert (fleet.label, fleet.ends) == ("v1", (1, 10, 100))
    assert [g.metric for g in fleet.plan.guardrails] == [Metric.ERRORS]
    assert fleet.plan.lag_seconds == 120


def test_rings_and_guardrails_are_those_of_the_file(folder: Path) -> None:
    """In the words of a release plan."""
    text = """\
edge:
  eyes:
    artifact: v1
    rings: [{ percent: 5, bake: 30m }]
    guardrails:
      latency: { margin: 0.2, tolerated_slowdown: 2.0 }
      outcomes: { margin: 0.1, kind: complaints }
"""
    plan = load_project(project(folder, text)).edge["eyes"].plan
    assert [(s.share_percent, s.bake_seconds) for s in plan.steps] == [(5, 1800)]
    assert plan.outcome_kind is OutcomeKind.COMPLAINTS


def test_every_fault_of_a_fleet_is_told(folder: Path) -> None:
    """At its line, with what is allowed."""
    text = """\
edge:
  eyes:
    artifact: v2
    lag: 30s
    alpha: 0.9
    rings: [{ percent: 10, bake: 1h }, { percent: 5, bake: 1h }]
    guardrails: {}
  ears: {}
  nose: { model: noses }
"""
    found = faults(folder, text)
    for told in (
        "tidegate.yaml:6: v2 has no model.onnx",
        "tidegate.yaml:7: lag is 30s, must be at least 90s",
        "tidegate.yaml:8: alpha must be above 0",
        "tidegate.yaml:9: steps must rise",
        "tidegate.yaml:10: a release needs at least one guardrail",
        "tidegate.yaml:11: a fleet runs the live version of a model, or an artifact: name one",
        "tidegate.yaml:12: model is 'noses'",
    ):
        assert any(fault.startswith(told) for fault in found), (told, found)


def test_regions_without_greengrass_are_refused(folder: Path) -> None:
    """By data: CloudFormation has no type there."""
    file = folder / "tidegate.yaml"
    file.write_text(
        "project: plant\nstages:\n  dev: { region: eu-north-1 }\nedge:\n  eyes: { artifact: v1 }\n"
    )
    with pytest.raises(ProjectFaultsError, match="no Greengrass V2"):
        load_project(file)


def test_a_fleet_has_a_name_of_its_own(folder: Path) -> None:
    """Releases are found by it."""
    text = """\
services:
  eyes: { kind: comprehend }
edge:
  eyes: { artifact: v1 }
"""
    assert any("eyes is an AI service as well" in fault for fault in faults(folder, text))


def test_the_live_version_of_a_model_is_what_devices_get(folder: Path) -> None:
    """Its artifact where it was deployed; before, the artifact of the file."""
    spec = load_project(project(folder, "edge:\n  eyes: { artifact: v1 }\n")).edge["eyes"]

    def place(pointer: object, model: object) -> object:
        return placed(
            spec,
            pointer,  # type: ignore[arg-type]
            model,  # type: ignore[arg-type]
            publish=lambda _: "s3://assets/own.tar.gz",
            publish_file=lambda _: ("assets", "serve.py"),
        )

    first = placed(
        spec,
        None,
        None,
        publish=lambda _: "s3://assets/own.tar.gz",
        publish_file=lambda _: ("assets", "serve.py"),
    )
    assert {v.artifact_uri for v in first.slots.values()} == {"s3://assets/own.tar.gz"}
    live = samples.pointer("v9")
    second = place(None, live)
    (version,) = {v.digest: v for v in second.slots.values()}.values()  # type: ignore[attr-defined]
    assert (version.image, version.label) == (IMAGE, "v9")
    assert version.artifact_uri == live.version.artifact_uri


def test_a_recipe_follows_from_its_version_alone(folder: Path) -> None:
    """What is live keeps its recipe to the letter, whatever is deployed beside it."""
    spec = load_project(project(folder, "edge:\n  eyes: { artifact: v1 }\n")).edge["eyes"]
    placement = placed(
        spec,
        None,
        None,
        publish=lambda _: "s3://assets/own.tar.gz",
        publish_file=lambda _: ("assets", "serve.py"),
    )
    version = placement.slots[Slot.BLUE]
    text = recipe("plant-dev-eyes", version)
    assert text == recipe("plant-dev-eyes", type(version).from_json(version.to_json()))
    assert f'"ComponentVersion":"{component_version(version.digest)}"' in text
    assert "--topic tidegate/plant-dev-eyes/reports/{iot:thingName}" in text
