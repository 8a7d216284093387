"""What a synth is asked for: stage and live pointers."""

import json
from pathlib import Path

import pytest

from stacks.project.faults import ProjectFaultsError
from stacks.project.inputs import chosen_stage, read_live_settings, read_pointers
from stacks.project.load import load_project
from tidegate.pointer import LivePointer
from tidegate.slots import Slot
from tidegate.version import Version

POINTER = LivePointer(
    model="fraud",
    slot=Slot.GREEN,
    version=Version(digest="d", label="v1", image="i", artifact="a", artifact_uri="s3://b/k"),
    generation=2,
    moved_at=0.0,
    moved_by="r",
)


def test_first_stage_is_the_default(folder: Path):
    """Without a choice, the first stage of the file is synthesized."""
    assert chosen_stage(load_project(folder / "tidegate.yaml"), None) == "dev"


def test_unknown_stage_is_a_fault(folder: Path):
    """A stage that the file does not have is refused with those it has."""
    with pytest.raises(ProjectFaultsError, match="no stage 'prod': allowed: dev"):
        chosen_stage(load_project(folder / "tidegate.yaml"), "prod")


def test_pointers_are_read_from_text_and_from_a_file(tmp_path: Path):
    """Both ways give the same pointers."""
    text = json.dumps({"fraud": POINTER.to_json()})
    file = tmp_path / "pointers.json"
    file.write_text(text)

    assert read_pointers(text) == read_pointers(str(file)) == {"fraud": POINTER}


def test_no_pointers_is_a_first_deploy():
    """Nothing given is no pointer."""
    assert read_pointers(None) == {}
    assert read_pointers("{}") == {}


@pytest.mark.parametrize("given", ["{", "/no/such/file.json", '{"fraud": {}}', '{"fraud": 1}'])
def test_broken_pointers_are_a_fault(given: str):
    """A pointer that cannot be read never becomes a first deploy."""
    with pytest.raises(ProjectFaultsError, match="tidegate:pointers"):
        read_pointers(given)


def test_live_settings_are_read_from_text_and_from_a_file(tmp_path: Path):
    """Both ways give the same; nothing given is nothing live."""
    text = json.dumps({"chat": {"bot": "x"}})
    file = tmp_path / "live.json"
    file.write_text(text)

    assert read_live_settings(text) == read_live_settings(str(file)) == {"chat": {"bot": "x"}}
    assert read_live_settings(None) == read_live_settings("") == {}


@pytest.mark.parametrize("given", ["{", "/no/such/file.json", '{"chat": 1}'])
def test_broken_live_settings_are_a_fault(given: str):
    """What serves never becomes what the project file says."""
    with pytest.raises(ProjectFaultsError, match="tidegate:live-settings"):
        read_live_settings(given)
