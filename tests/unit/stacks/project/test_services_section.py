"""Section `services` of the project file: all faults at once, at their lines."""

from pathlib import Path

import pytest

from stacks.project.faults import ProjectFaultsError
from stacks.project.load import load_project
from stacks.project.service_page import PAGE_FILE, page_text
from tidegate.ai.comprehend.settings import ComprehendSettings
from tidegate.ai.kinds import KINDS

HEAD = """\
project: helpers
stages:
  dev: { region: us-east-1 }
"""


def loaded(folder: Path, text: str) -> list[str]:
    """The faults of a project file."""
    file = folder / "tidegate.yaml"
    file.write_text(HEAD + text)
    with pytest.raises(ProjectFaultsError) as caught:
        load_project(file)
    return [str(fault) for fault in caught.value.faults]


def test_a_service_has_the_settings_of_its_kind(tmp_path: Path) -> None:
    """With defaults filled in; a project needs no model."""
    file = tmp_path / "tidegate.yaml"
    file.write_text(
        f"{HEAD}services:\n  social:\n    kind: comprehend\n    keep: 7d\n"
        "    settings: { negative_alarm_percent: 30 }\n"
    )
    service = load_project(file).services["social"]
    assert service.settings == ComprehendSettings(negative_alarm_percent=30.0)
    assert (service.keep_days, service.requests_per_minute) == (7, 300)


def test_every_fault_of_a_service_is_told(tmp_path: Path) -> None:
    """At its line, with what is allowed."""
    text = """\
services:
  social:
    kind: comprehend
    keep: 90s
    settings:
      negative_alarm_percent: 0
      languags: [en]
  speech:
    kind: sing
"""
    known = ", ".join(sorted(KINDS))
    assert loaded(tmp_path, text) == [
        "tidegate.yaml:7: keep is '90s', must be whole days from 1d to 3650d",
        "tidegate.yaml:8: unknown field 'languags': did you mean languages?",
        "tidegate.yaml:9: settings.negative_alarm_percent is 0.0, must be 1 to 100",
        f"tidegate.yaml:12: services.speech.kind is 'sing', must be one of {known}",
    ]


def test_rules_of_a_kind_are_told_at_their_setting(tmp_path: Path) -> None:
    """English must be among the languages."""
    text = "services:\n  social:\n    kind: comprehend\n    settings: { languages: [de] }\n"
    (fault,) = loaded(tmp_path, text)
    assert "settings.languages lack en" in fault


def test_a_project_has_something(tmp_path: Path) -> None:
    """A model or a service."""
    (fault,) = loaded(tmp_path, "models: {}\n")
    assert "a project has models, services or edge fleets" in fault


def test_the_page_of_kinds_is_current() -> None:
    """Run `python -m stacks.project.service_page` after a change of a kind."""
    assert PAGE_FILE.read_text(encoding="utf-8") == page_text()


def test_outcomes_of_a_model_need_the_model_and_a_way_for_files(tmp_path: Path) -> None:
    """Both are told at the settings, with every other fault of these."""
    text = """\
services:
  sorting:
    kind: labelling
    settings:
      task: text-class
      classes: [cat]
      from_model: { model: zoo }
"""
    found = loaded(tmp_path, text)
    assert sorted(fault.partition("settings.")[2][:20] for fault in found) == [
        "classes are one, whi",
        "from_model needs fil",
        "from_model.model is ",
    ]
    assert any("stages.dev.outcome_files: { keep: 30d }" in fault for fault in found)
