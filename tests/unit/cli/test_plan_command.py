"""`tidegate plan`, from a project file to tables and JSON."""

from pathlib import Path

import pytest

from tests.cli_world import CliWorld, Said

PROJECT = """\
project: demo
stages:
  dev: { region: us-east-1 }
  prod: { region: sa-east-1 }
models:
  flights:
    framework: scikit-learn
    framework_version: "1.9-0"
    artifact: build/nowhere
    hosting: { instance_type: ml.m5.large, instances: { min: 2 } }
    release: { strategy: linear, step_percent: 25, bake: 5m, hold: 10m }
"""


@pytest.fixture
def planned(world: CliWorld) -> CliWorld:
    """A project file with a linear plan, in a place where nothing is deployed."""
    world.project_file.write_text(PROJECT)
    world.is_deployed = False
    return world


def plan(world: CliWorld, *arguments: str) -> Said:
    """Plan by that project file."""
    return world.run("plan", *arguments, "--project-file", str(world.project_file))


def test_the_plan_comes_first_and_the_others_after_it(planned: CliWorld):
    """Every row of the table is there with its shares; what is marked cannot run yet."""
    said = plan(planned)

    assert said.code == 0
    rows = [line.split("  ")[0] for line in said.out.splitlines()]
    assert rows.index("linear by weights") < rows.index("canary by weights")
    assert "25, 50, 75" in said.out
    assert "$0.115 an hour in us-east-1, 2026-07-30" in " ".join(said.out.split())


def test_json_has_the_same_figures(planned: CliWorld):
    """The plan, the others and what cannot be."""
    document = plan(planned, "--json").json()

    assert document["planned"]["strategy"] == "linear"
    assert [s["share_percent"] for s in document["planned"]["steps"]] == [25, 50, 75]
    assert document["planned"]["minutes"]["least"] == pytest.approx(16.25)
    assert document["planned"]["usd"]["least"] == pytest.approx(2 * 0.115 * 16.25 / 60)
    assert document["price"]["usd_per_hour"] == 0.115
    assert {"strategy", "mechanism", "available", "usd"} <= document["others"][0].keys()
    assert document["refused"] == []


def test_an_unknown_price_is_said_to_be_unknown(planned: CliWorld):
    """Of a region or a type that is not in the table nothing is guessed."""
    document = plan(planned, "--stage", "prod", "--json").json()
    told = " ".join(plan(planned, "--stage", "prod").out.split())

    assert document["price"] is None
    assert document["planned"]["usd"] is None
    assert "the price of ml.m5.large in sa-east-1 is not known here" in told


def test_what_the_endpoint_cannot_have_is_told_with_its_rule(planned: CliWorld):
    """One instance cannot be halved."""
    planned.project_file.write_text(PROJECT.replace("min: 2", "min: 1"))

    told = " ".join(plan(planned).out.split())

    assert "not here: rolling by weights needs at least 2 instances, instances.min is 1" in told


@pytest.mark.parametrize(
    ("arguments", "code", "told"),
    [
        (("nope",), 2, "there is no model nope"),
        (("--stage", "nope"), 2, "has no stage nope, it has: dev, prod"),
    ],
)
def test_unknown_names_are_told_with_the_known_ones(
    planned: CliWorld, arguments: tuple[str, ...], code: int, told: str
):
    """A model and a stage."""
    said = plan(planned, *arguments)

    assert said.code == code
    assert told in " ".join(said.err.split())


def test_faults_of_the_plan_are_those_of_synth(planned: CliWorld):
    """With their lines."""
    planned.project_file.write_text(PROJECT.replace("step_percent: 25", "step_percent: 3"))

    said = plan(planned, "--json")

    assert said.code == 3
    assert said.json()["faults"][0].startswith("tidegate.yaml:11: ")


def test_a_missing_file_is_told(planned: CliWorld, tmp_path: Path):
    """Before anything is run."""
    said = planned.run("plan", "--project-file", str(tmp_path / "none.yaml"))

    assert said.code == 2
    assert "does not exist" in said.err
