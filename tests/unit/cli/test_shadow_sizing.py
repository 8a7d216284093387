"""Shadows before and after they ran: simulated, warned about at their start, and replayed."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from tests.cli_world import CliWorld, Said
from tests.html_page import Page
from tests.samples import MODEL, RELEASE
from tests.samples import PLAN as CANARY
from tests.shadow_world import PLAN, shadowed
from tidegate.plan import Guardrail, Metric, Step

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
    data_capture: { percent: 100 }
    release:
      strategy: shadow
      bake: 10m
      hold: 10m
      compare: { answer: /label }
      guardrails:
        errors: { margin: 0.05 }
        latency: { margin: 0.20 }
        agreement: { margin: 0.10 }
"""
BUSY = ("--requests-per-minute", "600", "--offline", "--runs", "2", "--jobs", "1")


def simulate(world: CliWorld, *arguments: str, text: str = PROJECT) -> Said:
    """Simulate by a project file."""
    world.project_file.write_text(text)
    return world.run("simulate", *arguments, "--project-file", str(world.project_file))


def test_a_shadow_is_simulated_by_its_pairs(world: CliWorld):
    """A harmless candidate passes, an outage of each guardrail fails, and nobody got an answer."""
    document = simulate(world, *BUSY, "--json").json()
    ends = {(item["metric"], item["harm"]): item for item in document["candidates"]}
    assert ends[None, "no harm"]["passed"]["count"] == 2
    for metric in ("errors", "latency", "agreement"):
        assert ends[metric, "outage"]["failed"]["count"] == 2
    assert {item["bad_answers_mean"] for item in document["candidates"]} == {0.0}


def test_the_table_and_page_of_a_shadow_speak_of_pairs(world: CliWorld, tmp_path: Path):
    """It passes or fails, its requests are pairs, and no bad answers are counted."""
    folder = tmp_path / "charts"
    said = simulate(world, *BUSY, "--differing", "0.01", "--output", str(folder))
    assert said.code == 0
    told = " ".join(said.out.split())
    assert "shadow: copies of all requests for 10m" in told
    assert "answers that differ: 1 % without harm (given)" in told
    assert "candidate failed passed held after pairs" in told
    assert "bad answers" not in told
    page = (folder / "simulation.html").read_text(encoding="utf-8")
    assert Page(page).open == []
    assert "bad answers" not in page
    assert " passed</li>" in page


def test_what_cannot_be_simulated_is_refused_at_the_door(world: CliWorld):
    """SageMaker moves that traffic by its own clock: figures of weights would be false for it."""
    release = "    release: { strategy: big-bang, guardrails: { errors: { margin: 0.05 } } }\n"
    said = simulate(world, *BUSY, text=PROJECT[: PROJECT.index("    release:")] + release)
    assert said.code == 3
    assert "by mechanism guardrail cannot be simulated" in " ".join(said.err.split())


def test_a_shadow_that_is_too_short_is_warned_about_at_its_start(world: CliWorld):
    """The warning names a bake that would do; the shadow starts all the same."""
    world.release = shadowed(plan=replace(PLAN, hold_seconds=0))
    said = world.run("release", "start", MODEL, "--requests-per-minute", "1", "--json")
    assert said.code == 0
    (warning,) = said.json()["sizing"]["warnings"]
    assert "agreement at twice the margin" in warning
    assert "; a bake of " in warning


@pytest.fixture
def recorded(world: CliWorld) -> CliWorld:
    """A shadow that failed since it answered otherwise, exported with its plan."""
    world.release = shadowed(differing=30)
    world.release.run()
    exported = world.run(
        "release", "report", MODEL, "--observations", "seen.jsonl", "--plan", "plan.json"
    )
    assert exported.code == 0, exported.err
    return world


def test_a_recorded_shadow_gives_the_verdicts_that_were(recorded: CliWorld):
    """Judged again by its own plan, and its latencies are those of its pairs."""
    command = ("replay", "seen.jsonl", "--plan", "plan.json", "--live", "blue")
    document = recorded.run(*command, "--json").json()
    verdicts = [look.verdict for look in recorded.release.looks.looks(RELEASE) if look.verdict]
    (replayed,) = document["replays"]
    assert replayed["end"] == "failed"
    assert replayed["looks"][-1]["verdict"] == verdicts[-1]
    assert document["latency"][0]["candidate"]["value"] > 0
    told = " ".join(recorded.run(*command).out.split())
    assert "plan.json fails it after" in told
    assert "pairs: fail because answers that differ" in told


def test_another_shadow_plan_may_let_it_pass(recorded: CliWorld):
    """More may differ by it."""
    lenient = replace(
        PLAN,
        guardrails=(
            Guardrail(metric=Metric.ERRORS, margin=0.02),
            Guardrail(metric=Metric.AGREEMENT, margin=0.60),
        ),
        steps=(Step(share_percent=100, bake_seconds=0),),
    )
    Path("lenient.json").write_text(json.dumps(lenient.to_json()))
    said = recorded.run(
        *("replay", "seen.jsonl", "--plan", "plan.json", "--against", "lenient.json"),
        *("--live", "blue", "--output", "out"),
    )
    told = " ".join(said.out.split())
    assert said.code == 0
    assert "the plans part after" in told
    assert Page(Path("out/replay.html").read_text(encoding="utf-8")).open == []


def test_a_shadow_is_not_judged_by_another_strategys_plan(recorded: CliWorld):
    """The candidate served nobody: nothing but pairs can be judged."""
    Path("canary.json").write_text(json.dumps(CANARY.to_json()))
    said = recorded.run("replay", "seen.jsonl", "--plan", "canary.json", "--live", "blue")
    assert said.code == 3
    assert "was a shadow, and canary.json is of strategy canary" in " ".join(said.err.split())


def test_faulty_pairs_are_told_with_their_line(recorded: CliWorld):
    """A pair is counted once, as a whole number, whatever became of it."""
    records = [json.loads(line) for line in Path("seen.jsonl").read_text().splitlines()]
    number, bad = next((n, r) for n, r in enumerate(records, start=1) if "pairs" in r)
    bad["pairs"] |= {"agreed": -1, "differed": None}
    Path("bad.jsonl").write_text("\n".join(json.dumps(record) for record in records))
    said = recorded.run("replay", "bad.jsonl", "--plan", "plan.json", "--json")
    assert said.code == 3
    assert said.json()["faults"] == [
        f"line {number}: pairs.agreed must be a whole number of 0 or more, got -1",
        f"line {number}: pairs.differed must be a whole number of 0 or more, got nothing",
    ]


def test_a_release_without_pairs_is_not_judged_by_a_shadows_plan(world: CliWorld):
    """Who served in turns cannot be compared request by request."""
    world.release.run()
    world.run("release", "report", MODEL, "--observations", "seen.jsonl")
    Path("shadow.json").write_text(json.dumps(PLAN.to_json()))
    said = world.run("replay", "seen.jsonl", "--plan", "shadow.json", "--live", "blue")
    assert said.code == 3
    assert "has no pairs in slot green" in " ".join(said.err.split())
