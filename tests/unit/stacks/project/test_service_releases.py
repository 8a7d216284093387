"""Releases of services: what a project file may say of them."""

from pathlib import Path

import pytest

from stacks.project.faults import ProjectFaultsError
from stacks.project.load import load_project
from stacks.project.spec import ProjectSpec
from tidegate.strategies import Mechanism, Split, Strategy

HEAD = "project: helpers\nstages:\n  dev: { region: us-east-1 }\nservices:\n"
SERVICE = "  wary:\n    kind: comprehend\n    settings: { languages: [en] }\n    release:\n"


def load(folder: Path, text: str) -> ProjectSpec:
    """The project of a file."""
    file = folder / "tidegate.yaml"
    file.write_text(HEAD + text)
    return load_project(file)


def faults(folder: Path, text: str) -> str:
    """All faults as one text."""
    with pytest.raises(ProjectFaultsError) as caught:
        load(folder, text)
    return str(caught.value)


def test_a_canary_of_settings_is_drawn_by_users(tmp_path: Path) -> None:
    """By weights that the door draws; the project has a release loop then."""
    project = load(tmp_path, f"{SERVICE}      strategy: canary\n")
    release = project.services["wary"].release
    assert release is not None
    plan = release.plan
    assert (plan.strategy, plan.mechanism) == (Strategy.CANARY, Mechanism.WEIGHTS)
    assert (plan.split, project.releases) == (Split.ROUTER, True)


def test_an_ab_test_has_sets_of_settings(tmp_path: Path) -> None:
    """Each begins with the service's own."""
    text = (
        f"{SERVICE}      strategy: ab-test\n"
        "      objective: { kind: labels, horizon_requests: 1000 }\n"
        "      challengers:\n"
        "        - { label: shown, settings: { keep_types: [PHONE] } }\n"
    )
    release = load(tmp_path, text).services["wary"].release
    assert release is not None
    (arm,) = release.challengers
    assert (arm.label, arm.settings.keep_types, arm.settings.languages) == (
        "shown",
        ("PHONE",),
        ("en",),
    )


def test_what_moves_endpoints_is_refused(tmp_path: Path) -> None:
    """A service has none."""
    told = faults(tmp_path, f"{SERVICE}      strategy: shadow\n")
    assert "a managed service has no endpoint" in told
    assert "use linear by weights, canary by weights, ab-test by weights" in told


def test_arms_with_faults_are_named(tmp_path: Path) -> None:
    """Settings that are wrong, and those that are the service's own."""
    text = (
        f"{SERVICE}      strategy: ab-test\n"
        "      objective: { kind: labels, horizon_requests: 1000 }\n"
        "      challengers:\n"
        "        - { label: wrong, settings: { keep_tips: [PHONE] } }\n"
        "        - { label: same, settings: {} }\n"
    )
    told = faults(tmp_path, text)
    assert "challenger wrong: unknown field 'keep_tips': did you mean keep_types?" in told
    assert "challenger same: the same settings as the service's own" in told


def test_what_is_released_has_a_name_of_its_own(tmp_path: Path) -> None:
    """Models and services are released by their names."""
    text = f"{SERVICE}      strategy: canary\nmodels:\n  wary: {{ artifact: none }}\n"
    assert "wary is a model as well" in faults(tmp_path, text)


TEST = """    release:
      strategy: ab-test
      objective: { kind: labels, horizon_requests: 1000 }
      challengers:
        - { label: other, settings: SETTINGS }
"""


def test_voices_are_tested_against_each_other(tmp_path: Path) -> None:
    """Arms of one service, whose resources they share."""
    own = "  phone:\n    kind: polly\n    settings: { voices: { en-US: Joanna } }\n"
    text = own + TEST.replace("SETTINGS", "{ voices: { en-US: Matthew } }")
    release = load(tmp_path, text).services["phone"].release
    assert release is not None
    assert release.challengers[0].settings.voices == {"en-US": "Matthew"}


def test_terminologies_are_tested_against_each_other(tmp_path: Path) -> None:
    """Both belong to the service; an arm applies one."""
    for name, term in (("own", "Warenkorb"), ("other", "Korb")):
        (tmp_path / f"{name}.csv").write_text(f"en,de\nCart,{term}\n")
    own = (
        "  shop:\n    kind: translate\n"
        "    settings: { terminology: own.csv, other_terminology: other.csv }\n"
    )
    text = own + TEST.replace("SETTINGS", "{ applies: other_terminology }")
    release = load(tmp_path, text).services["shop"].release
    assert release is not None
    assert "Korb" in release.challengers[0].settings.terms
