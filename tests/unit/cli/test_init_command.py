"""`tidegate init`: a project that is whole, and nothing overwritten."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from cli.main import app
from cli.starting import FILES
from stacks.project.load import load_project
from stacks.project.pipelines import Mode
from stacks.project.plans import agreed
from tidegate.fleet import Hosting
from tidegate.strategies import Mechanism, Strategy

RUNNER = CliRunner()


def test_project_file_is_right_and_cheap(tmp_path: Path):
    """Nothing that stands, the deploy is the release, and a budget."""
    told = RUNNER.invoke(app, ["init", str(tmp_path / "acme"), "--json"])

    assert told.exit_code == 0, told.output
    document = json.loads(told.stdout)
    assert document["project"] == "acme"
    said = agreed(tmp_path / "acme" / "tidegate.yaml")
    assert said.fleets["wine"].hosting is Hosting.SERVERLESS
    assert said.fleets["wine"].standing == 0
    assert (said.plans["wine"].strategy, said.plans["wine"].mechanism) == (
        Strategy.BIG_BANG,
        Mechanism.GUARDRAIL,
    )
    assert document["price"]["usd_per_hour"] == 0.0


def test_every_file_of_the_starter_is_written_and_filled_in(tmp_path: Path):
    """Name and region are in them, placeholders are not."""
    RUNNER.invoke(app, ["init", str(tmp_path), "--name", "acme", "--region", "eu-west-1"])

    written = {path.relative_to(tmp_path) for path in tmp_path.rglob("*") if path.is_file()}
    sources = {p.relative_to(FILES) for p in FILES.rglob("*") if p.suffix != ".pyc" and p.is_file()}
    assert {str(p).replace(".gitignore", "gitignore") for p in written} == set(map(str, sources))
    text = "".join(p.read_text() for p in tmp_path.rglob("*") if p.suffix in {".yaml", ".md"})
    assert "project: acme" in text
    assert "region: eu-west-1" in text
    placeholders = ("HEAD", "MODE", "PROJECT", "REGION", "TIDEGATE")
    assert not [word for word in placeholders if word in text]


@pytest.mark.parametrize("mode", list(Mode))
def test_a_pipeline_goes_as_far_as_asked_for(tmp_path: Path, mode: Mode):
    """Checks alone need no second stage; the file is right whichever mode it has."""
    told = RUNNER.invoke(app, ["init", str(tmp_path / "acme"), "--pipeline", mode.value])

    assert told.exit_code == 0, told.output
    artifact = tmp_path / "acme" / "build" / "wine" / "v1"
    (artifact / "code").mkdir(parents=True)
    (artifact / "code" / "inference.py").touch()
    project = load_project(tmp_path / "acme" / "tidegate.yaml")
    assert project.pipeline is not None
    assert project.pipeline.mode is mode
    one = mode is Mode.INTEGRATION
    assert tuple(project.stages) == (("dev",) if one else ("staging", "prod"))
    assert project.pipeline.stages == (() if one else ("staging", "prod"))


def test_nothing_is_overwritten_and_everything_in_the_way_is_named(tmp_path: Path):
    """Not a byte is written then."""
    (tmp_path / "tidegate.yaml").write_text("mine")
    (tmp_path / "app.py").write_text("mine too")

    told = RUNNER.invoke(app, ["init", str(tmp_path), "--name", "acme"])

    assert told.exit_code == 3
    assert "app.py" in told.stderr
    assert "tidegate.yaml" in told.stderr
    assert sorted(path.name for path in tmp_path.iterdir()) == ["app.py", "tidegate.yaml"]


def test_interrupted_start_goes_on(tmp_path: Path):
    """What is there already and the same stays; the rest is written."""
    RUNNER.invoke(app, ["init", str(tmp_path), "--name", "acme"])
    (tmp_path / "app.py").unlink()

    told = RUNNER.invoke(app, ["init", str(tmp_path), "--name", "acme", "--json"])

    assert json.loads(told.stdout)["files"] == [str(tmp_path / "app.py")]


@pytest.mark.parametrize("name", ["Acme", "acme_x", "a" * 21, "-", ""])
def test_bad_name_is_refused(tmp_path: Path, name: str):
    """What is allowed, and how to give another."""
    told = RUNNER.invoke(app, ["init", str(tmp_path), "--name", name])

    assert told.exit_code == 2
    assert "give one by --name" in told.stderr
    assert list(tmp_path.iterdir()) == []


def test_name_is_made_of_the_folder(tmp_path: Path):
    """As far as it can be."""
    told = RUNNER.invoke(app, ["init", str(tmp_path / "My Wines (2026)"), "--json"])

    assert json.loads(told.stdout)["project"] == "my-wines-2026"
