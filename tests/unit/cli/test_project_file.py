"""What the command line reads of a project file."""

from pathlib import Path

import pytest

from cli.exits import CommandError, Exit
from cli.project import read_project

GOOD = """
project: demo
stages:
  dev: {region: eu-west-1}
  prod: {}
  bare:
"""


def written(tmp_path: Path, text: str) -> Path:
    """A project file."""
    path = tmp_path / "tidegate.yaml"
    path.write_text(text)
    return path


def test_name_stages_and_regions_are_read(tmp_path: Path):
    """The first stage is the default; a stage without a region has none."""
    project = read_project(written(tmp_path, GOOD))
    assert (project.name, project.stages) == ("demo", ("dev", "prod", "bare"))
    assert project.regions == {"dev": "eu-west-1", "prod": "", "bare": ""}
    assert (project.stage(None), project.stage("prod")) == ("dev", "prod")


def test_accounts_are_those_that_stages_and_tools_name(tmp_path: Path):
    """The pipeline is where its tools are, else where staging is; nobody else has to be asked."""
    apart = """
project: demo
stages:
  dev: { account: "222222222222" }
  prod: { account: "333333333333" }
  bare:
pipeline:
  stages: { staging: dev, production: prod }
"""
    project = read_project(written(tmp_path, apart))
    assert (project.account("prod"), project.account("bare")) == ("333333333333", None)
    assert project.account("pipeline") == "222222222222"
    assert project.all_accounts == ("222222222222", "333333333333")
    tools = f'{apart}  tools: {{ account: "111111111111" }}\n'
    assert read_project(written(tmp_path, tools)).all_accounts == (
        "111111111111",
        "222222222222",
        "333333333333",
    )


def test_an_unknown_stage_lists_the_stages(tmp_path: Path):
    """The message has the names that are allowed."""
    with pytest.raises(CommandError, match="it has: dev, prod, bare") as refused:
        read_project(written(tmp_path, GOOD)).stage("test")
    assert refused.value.code is Exit.USAGE


def test_a_missing_file_says_where_to_run(tmp_path: Path):
    """Whoever is in the wrong folder is told so."""
    with pytest.raises(CommandError, match="--project-file") as refused:
        read_project(tmp_path / "tidegate.yaml")
    assert refused.value.code is Exit.USAGE


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "must name the project"),
        ("- a", "must name the project"),
        ("project: demo", "at least one stage"),
        ("project: demo\nstages: {}", "at least one stage"),
        ("project: 7\nstages: {dev: {}}", "must name the project"),
        ("a: [", "is not YAML"),
        ("a: 1\na: 2", "is not YAML"),
    ],
)
def test_a_malformed_file_is_refused(tmp_path: Path, text: str, told: str):
    """No traceback, whatever the file holds."""
    with pytest.raises(CommandError, match=told) as refused:
        read_project(written(tmp_path, text))
    assert refused.value.code is Exit.REFUSED
