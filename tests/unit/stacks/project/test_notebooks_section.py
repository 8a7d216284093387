"""Section `notebooks`: what its defaults are, and what is impossible."""

from collections.abc import Callable
from pathlib import Path

import pytest

from stacks.project.load import ProjectFaultsError, load_project
from stacks.project.notebook_shape import Internet
from stacks.project.notebook_spec import NotebookSpec
from tests.unit.stacks.project.conftest import GOOD
from tests.unit.stacks.project.test_ec2_section import ON_EC2, PLAIN, ROUTER


@pytest.fixture
def load(folder: Path) -> Callable[[str], NotebookSpec]:
    """The notebook of a project file with this section."""

    def loaded(section: str) -> NotebookSpec:
        text = f"{GOOD}notebooks:\n  explore: {section}\n"
        (folder / "tidegate.yaml").write_text(text)
        (notebook,) = load_project(folder / "tidegate.yaml").notebooks.values()
        return notebook

    return loaded


@pytest.fixture
def faults(load: Callable[[str], NotebookSpec]) -> Callable[[str], list[str]]:
    """What is wrong with a notebook."""

    def found(section: str) -> list[str]:
        try:
            load(section)
        except ProjectFaultsError as error:
            return [str(fault).partition(": ")[2] for fault in error.faults]
        return []

    return found


def test_the_least_notebook_is_isolated_and_stops(load: Callable[[str], NotebookSpec]):
    """No internet, an hour of idleness, no model."""
    found = load("{}")
    assert found.isolated
    assert (found.internet, found.idle_seconds, found.models) == (Internet.NONE, 3600, ())
    assert (found.instance_type, found.volume_gb) == ("ml.t3.medium", 5)


def test_nothing_stops_it_where_the_file_says_so(load: Callable[[str], NotebookSpec]):
    """Null is a choice, not a default."""
    assert load("{ idle_stop: null }").idle_seconds is None


def test_its_sample_is_a_file_beside_the_project_file(
    load: Callable[[str], NotebookSpec], folder: Path
):
    """Models are those of the project."""
    (folder / "one.json").write_text("{}")
    found = load("{ models: [fraud], sample: one.json }")
    assert (found.models, found.sample) == (("fraud",), folder / "one.json")


def test_every_fault_is_told_at_once(faults: Callable[[str], list[str]]):
    """Type, time, model, file and repository."""
    told = faults(
        "{ instance_type: ml.t3.medum, idle_stop: 5m, models: [frad], sample: no.json, "
        "repository: 'https://example.com/shop.git' }"
    )
    assert len(told) == 5, told
    text = " ".join(told)
    assert "did you mean ml.t3.medium" in text
    assert "idle_stop is '5m', must be 10m to 7d, or null" in text
    assert "did you mean fraud" in text
    assert "sample is 'no.json': no such file" in text
    assert "repository cannot be cloned without a way out" in text


def test_a_network_of_ones_own_says_itself_what_is_reached(faults: Callable[[str], list[str]]):
    """Direct internet would pass it by."""
    (told,) = faults(
        "{ internet: direct, network: { subnet: subnet-0123456789abcdef0, "
        "security_groups: [sg-0123456789abcdef0] } }"
    )
    assert "drop one of the two" in told


@pytest.mark.parametrize(
    ("section", "wanted"),
    [
        ("{ network: { subnet: mine, security_groups: [sg-0123456789abcdef0] } }", "subnet-"),
        ("{ volume_key: mine }", "the ARN of a KMS key"),
        ("{ internet: direct, repository: mine }", "URL of a Git repository"),
        ("{ volume_gb: 4 }", "at least 5"),
    ],
)
def test_values_of_the_wrong_shape_are_told_with_an_example(
    faults: Callable[[str], list[str]], section: str, wanted: str
):
    """What is allowed is said."""
    (told,) = faults(section)
    assert wanted in told


def test_a_model_on_instances_of_its_own_has_no_endpoint_to_ask(folder: Path):
    """It is told, with another way."""
    on_ec2 = GOOD.replace(PLAIN, ON_EC2).replace(*ROUTER)
    (folder / "tidegate.yaml").write_text(f"{on_ec2}notebooks:\n  explore: {{ models: [fraud] }}\n")
    with pytest.raises(ProjectFaultsError) as refused:
        load_project(folder / "tidegate.yaml")
    (fault,) = refused.value.faults
    assert "has no endpoint to ask: name others, or ask it by the front door" in str(fault)
