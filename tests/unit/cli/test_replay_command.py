"""`tidegate replay`: a recorded release once more, by its own plan and by others."""

import json
import re
from dataclasses import replace
from pathlib import Path

import pytest

from tests.cli_world import CliWorld
from tests.html_page import Page
from tests.release_world import Traffic
from tests.samples import MODEL, PLAN, RELEASE
from tidegate.plan import Guardrail, Metric


@pytest.fixture
def recorded(world: CliWorld, tmp_path: Path) -> CliWorld:
    """A release that was rolled back on errors, exported with its plan."""
    world.release.traffic = Traffic(error_shares={"green": 0.05})
    world.release.run()
    exported = world.run(
        "release", "report", MODEL, "--observations", "seen.jsonl", "--plan", "plan.json"
    )
    assert exported.code == 0
    return world


def test_its_own_plan_gives_the_verdicts_that_were(recorded: CliWorld):
    """The judge is deterministic: each recorded verdict comes out again."""
    document = recorded.run("replay", "seen.jsonl", "--plan", "plan.json", "--json").json()
    looks = recorded.release.looks.looks(RELEASE)
    verdicts = [look.verdict for look in looks if look.verdict is not None]
    (replayed,) = document["replays"]
    assert document["release_id"] == RELEASE
    assert (document["live"], document["candidate"]) == ("blue", "green")
    assert replayed["end"] == "rolled-back"
    assert replayed["reason"] == verdicts[-1]["reason"]
    assert replayed["looks"][-1]["verdict"] == verdicts[-1]


def test_another_plan_may_decide_otherwise(recorded: CliWorld):
    """A plan that tolerates the harm promotes, and it is told from when on they part."""
    lenient = replace(
        PLAN, guardrails=(Guardrail(metric=Metric.LATENCY, margin=0.5),), hold_seconds=0
    )
    Path("lenient.json").write_text(json.dumps(lenient.to_json()))
    said = recorded.run("replay", "seen.jsonl", "--plan", "plan.json", "--against", "lenient.json")
    assert said.code == 0
    assert "plan.json rolls back after" in said.out
    assert re.search(r"lenient.json (promotes|has not decided) after", said.out)
    assert "the plans part after" in said.out


def test_quantiles_of_the_recorded_latency_are_told(world: CliWorld):
    """In text, on the page, and with all digits in JSON: of live, candidate and their ratio."""
    world.release.run()
    world.run("release", "report", MODEL, "--observations", "seen.jsonl", "--plan", "plan.json")
    command = ("replay", "seen.jsonl", "--plan", "plan.json", "--output", "out")
    document = world.run(*command, "--json").json()
    assert [item["quantile"] for item in document["latency"]] == [0.5, 0.95, 0.99]
    median = document["latency"][0]
    assert median["live"]["lower"] < median["live"]["value"] <= median["live"]["upper"]
    assert re.search(r"candidate / live\n *p50 ", world.run(*command).out)
    assert Path("out/replay.html").read_text(encoding="utf-8").count("candidate / live") == 1


def test_without_latencies_of_both_slots_no_quantiles_are_told(recorded: CliWorld):
    """A release that was over before an interval was closed has none to compare."""
    said = recorded.run("replay", "seen.jsonl", "--plan", "plan.json")
    assert "candidate / live" not in said.out


def test_the_same_plan_twice_parts_nowhere(recorded: CliWorld):
    """No difference is said to be none."""
    said = recorded.run("replay", "seen.jsonl", "--plan", "plan.json", "--against", "plan.json")
    assert "both plans say the same at every look" in said.out


def test_which_slot_was_live_is_told_and_can_be_said(recorded: CliWorld):
    """The slot that served first is taken for it; roles the other way round change the verdict."""
    taken = recorded.run("replay", "seen.jsonl", "--plan", "plan.json")
    assert "blue is taken for the live slot" in taken.err
    turned = recorded.run(
        "replay", "seen.jsonl", "--plan", "plan.json", "--live", "green", "--json"
    ).json()
    assert turned["candidate"] == "blue"
    assert turned["replays"][0]["end"] != "rolled-back"


def test_the_page_opens_offline(recorded: CliWorld):
    """A chart of the evidence by each plan, and nothing from elsewhere."""
    recorded.run(
        *("replay", "seen.jsonl", "--plan", "plan.json", "--against", "plan.json"),
        *("--output", "out"),
    )
    text = Path("out/replay.html").read_text(encoding="utf-8")
    page = Page(text)
    assert page.open == []
    assert not re.search(r"https?://|url\(|@import|\bsrc=|\bhref=", text)
    assert len([a for a in page.of("svg") if a.get("role") == "img"]) == 2
    assert json.loads(Path("out/replay.json").read_text())["first_difference"] is None


def test_faulty_lines_are_told_all_at_once(recorded: CliWorld):
    """Each fault has its line, and the file is refused as a whole."""
    good = Path("seen.jsonl").read_text().splitlines()
    bad = json.loads(good[1])
    bad["errors"] = bad["requests"] + 1
    bad["slot"] = None
    Path("bad.jsonl").write_text("\n".join([good[0], json.dumps(bad), "{"]))
    said = recorded.run("replay", "bad.jsonl", "--plan", "plan.json", "--json")
    assert said.code == 3
    faults = said.json()["faults"]
    assert [fault.split(" ")[1] for fault in faults] == ["2:", "2:", "3:"]


@pytest.mark.parametrize(
    ("arguments", "code", "told"),
    [
        (("nope.jsonl", "--plan", "plan.json"), 3, "cannot be read"),
        (("seen.jsonl", "--plan", "nope.json"), 2, "does not exist"),
        (("seen.jsonl", "--plan", "seen.jsonl"), 2, "is no plan"),
        (("seen.jsonl", "--plan", "plan.json", "--live", "red"), 2, "it has: blue, green"),
    ],
)
def test_wrong_usage_says_what_is_missing(
    recorded: CliWorld, arguments: tuple[str, ...], code: int, told: str
):
    """Files that are not there, files that are something else, a slot that is none."""
    said = recorded.run("replay", *arguments)
    assert said.code == code
    assert told in said.err
