"""`tidegate simulate`, from the command line to tables, page and JSON."""

import re
from pathlib import Path

import pytest

from tests.cli_world import CliWorld, Said
from tests.html_page import Page

PROJECT = """\
project: demo
stages:
  dev:
    region: eu-west-1
models:
  flights:
    framework: scikit-learn
    framework_version: "1.9-0"
    artifact: build/nowhere
    hosting: { instance_type: ml.m5.large }
    data_capture: { percent: 0 }
    release:
      steps: [{ share_percent: 25, bake: 3m }]
      guardrails: { errors: { margin: 0.05 } }
      hold: 10m
      warm_up: 20s
"""
BUSY = ("--requests-per-minute", "600", "--offline", "--runs", "3", "--jobs", "1")


@pytest.fixture
def simulated(world: CliWorld) -> CliWorld:
    """A project file with a plan, whose artifact is not even there."""
    world.project_file.write_text(PROJECT)
    return world


def simulate(world: CliWorld, *arguments: str) -> Said:
    """Simulate by that project file."""
    return world.run("simulate", *arguments, "--project-file", str(world.project_file))


def test_each_candidate_is_released_as_often_as_asked(simulated: CliWorld):
    """No harm is promoted, an outage rolled back; the plan is the project file's."""
    document = simulate(simulated, *BUSY, "--json").json()
    assert document["plan"]["steps"] == [{"share_percent": 25, "bake_seconds": 180}]
    ends = {item["harm"]: item for item in document["candidates"]}
    assert list(ends) == ["no harm", "half margin", "at margin", "twice margin", "outage"]
    assert ends["no harm"]["promoted"]["count"] == 3
    assert ends["no harm"]["rolled-back"]["interval"][1] == pytest.approx(0.708, abs=0.001)
    assert ends["outage"]["rolled-back"]["count"] == 3
    assert ends["outage"]["bad_answers_mean"] > 0


def test_the_table_tells_every_figure_with_its_source(simulated: CliWorld):
    """Nothing that was made up looks as if it had been measured."""
    said = simulate(simulated, *BUSY, "--errors", "0.002")
    assert said.code == 0
    told = " ".join(said.out.split())  # wherever the lines of this terminal end
    assert "requests a minute: 600 (given)" in told
    assert "errors: 0.2 % (given)" in told
    assert "latency: p50 50 ms, p99 150 ms (assumed)" in told
    assert "outage" in told
    assert "100 %" in told


def test_recent_traffic_stands_in_for_what_is_not_given(simulated: CliWorld):
    """The model's own counters say how many requests there are, and how many fail."""
    simulated.release.advance(600)
    said = simulate(simulated, "--runs", "1", "--jobs", "1")
    told = " ".join(said.out.split())
    assert "requests a minute: 1,200 (observed)" in told
    assert "errors: 0 % (observed)" in told


def test_unknown_traffic_is_asked_for(simulated: CliWorld):
    """Everything depends on it: it is never assumed."""
    said = simulate(simulated, "--offline", "--json")
    assert said.code == 2
    assert "--requests-per-minute" in said.json()["error"]


def test_no_cloud_is_only_a_remark(simulated: CliWorld):
    """A plan can be tried before anything is deployed."""
    simulated.is_deployed = False
    said = simulate(simulated, "--requests-per-minute", "600", "--runs", "1", "--jobs", "1")
    assert said.code == 0
    assert "nothing is deployed" in said.err


def test_a_plan_that_is_too_short_is_told(simulated: CliWorld):
    """The advice of `release start`, before anything is deployed."""
    quiet = ("--requests-per-minute", "5", "--offline", "--runs", "1", "--jobs", "1")
    document = simulate(simulated, *quiet, "--json").json()
    assert document["estimate"]["needs"][0]["within_budget"] is False
    assert "a last step of" in document["estimate"]["warnings"][0]


def test_the_page_opens_offline_and_has_every_figure(simulated: CliWorld, tmp_path: Path):
    """Two charts, each with its figures as a table, and nothing from elsewhere."""
    folder = tmp_path / "charts"
    assert simulate(simulated, *BUSY, "--output", str(folder)).code == 0
    text = (folder / "simulation.html").read_text(encoding="utf-8")
    page = Page(text)
    assert page.open == []
    assert not re.search(r"https?://|url\(|@import|\bsrc=|\bhref=", text)
    charts = [attributes for attributes in page.of("svg") if attributes.get("role") == "img"]
    assert len(charts) == 2
    assert "errors at margin" in text
    assert (folder / "simulation.json").is_file()


@pytest.mark.parametrize(
    ("arguments", "code", "told"),
    [
        (("nope", "--offline"), 2, "it has: flights"),
        (("--requests-per-minute", "5", "--errors", "7", "--offline"), 3, "errors must be 0"),
    ],
)
def test_wrong_usage_says_what_is_allowed(
    simulated: CliWorld, arguments: tuple[str, ...], code: int, told: str
):
    """An unknown model and an impossible rate."""
    said = simulate(simulated, *arguments)
    assert said.code == code
    assert told in said.err


def test_every_fault_of_the_plan_comes_at_once(simulated: CliWorld):
    """The project file is checked as synth checks it, with its lines."""
    wrong = PROJECT.replace("share_percent: 25", "share_percent: 0").replace("0.05", "1.5")
    simulated.project_file.write_text(wrong)
    said = simulate(simulated, *BUSY, "--json")
    assert said.code == 3
    assert [fault.split(": ")[0] for fault in said.json()["faults"]] == [
        "tidegate.yaml:13",
        "tidegate.yaml:14",
    ]
