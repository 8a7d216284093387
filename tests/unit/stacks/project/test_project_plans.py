"""Plans of a project file, for whoever only asks what was agreed."""

import json
import shutil
from pathlib import Path

import pytest

from stacks.project.faults import ProjectFaultsError
from stacks.project.load import load_project
from stacks.project.plans import main, release_plans
from tidegate.plan import ReleasePlan


def test_plans_are_those_that_are_deployed(folder: Path):
    """What is simulated and what is deployed come from the same code."""
    loaded = load_project(folder / "tidegate.yaml")
    plans = release_plans(folder / "tidegate.yaml")
    assert plans == {name: model.plan for name, model in loaded.models.items()}


def test_an_artifact_need_not_be_there(folder: Path):
    """A plan can be tried before a model was trained."""
    shutil.rmtree(folder / "build")
    assert "fraud" in release_plans(folder / "tidegate.yaml")


@pytest.mark.parametrize(
    ("before", "after"), [("margin: 0.02", "margin: 2"), ("bake: 10m", "bake: soon")]
)
def test_faults_of_a_plan_have_their_line(folder: Path, before: str, after: str):
    """Faults of shape and of rules."""
    file = folder / "tidegate.yaml"
    file.write_text(file.read_text().replace(before, after))
    with pytest.raises(ProjectFaultsError) as refused:
        release_plans(file)
    assert all(fault.line > 1 for fault in refused.value.faults)


def test_the_document_has_the_plans(folder: Path, capsys: pytest.CaptureFixture[str]):
    """Other programs read one JSON document."""
    assert main(folder / "tidegate.yaml") == 0
    document = json.loads(capsys.readouterr().out)
    assert ReleasePlan.from_json(document["plans"]["fraud"]).steps[0].share_percent == 10


def test_the_document_has_the_faults(folder: Path, capsys: pytest.CaptureFixture[str]):
    """All of them, and the exit code says so."""
    (folder / "tidegate.yaml").write_text("project: 7\n")
    assert main(folder / "tidegate.yaml") == 1
    assert len(json.loads(capsys.readouterr().out)["faults"]) >= 2
