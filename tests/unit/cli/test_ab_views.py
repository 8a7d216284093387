"""An A/B test as people see it: terminal, report, console, lists, news and the operator's order."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from cli.ab_sizing import ab_remark
from cli.arms import cells, out_words, versions_words
from cli.console.actions import Offer, Verb, offers
from cli.console.pages import overview_page, release_page
from cli.console.reader import Reader
from cli.html import report_page
from tests.ab_world import TERMS, ABWorld, LabelTraffic, plan_of
from tests.cli_world import CliWorld
from tests.html_page import Page
from tests.samples import MODEL, PLAN, RELEASE
from tidegate.announcement import Where, announcement_of, metrics_of
from tidegate.arms.terms import Winner
from tidegate.decide import Next
from tidegate.release import Phase
from tidegate.view import ReleaseView

WHERE = Where(project="demo", stage="dev", dashboard_url="https://example.com/board")


def a_world(*, end: bool, winner: Winner = Winner.PROMOTE) -> CliWorld:
    """Three arms, of which b does harm: ended with c as winner, or with b just taken out."""
    right = {"a": 0.5, "b": 0.6, "c": 0.9 if end else 0.52}
    traffic = LabelTraffic(right=right, error_shares={"b": 0.4})
    plan = plan_of(replace(TERMS, winner=winner))
    release = ABWorld.testing("v1", "v2", "v3", plan=plan, traffic=traffic)
    output = release.prepare()
    for _ in range(300):
        testing = release.record().testing
        taken = testing is not None and bool(testing.out)
        if release.record().phase.terminal or (not end and taken):
            break
        if release.record().paused is not None:
            break
        release.advance(output.wait_seconds)
        output = release.perform(output.next)
    return CliWorld(release=release)


@pytest.fixture(scope="module")
def ended() -> CliWorld:
    """A test that c won."""
    return a_world(end=True)


@pytest.fixture(scope="module")
def open_test() -> CliWorld:
    """A test of which b was just taken out."""
    return a_world(end=False)


def view_of_world(world: CliWorld) -> ReleaseView:
    """The view of its release."""
    return world.deployed().view(RELEASE)


def test_the_view_has_every_arm_in_the_order_of_their_slots(ended: CliWorld):
    """With what it served, what was judged of that, and why it went."""
    view = view_of_world(ended)
    assert view.ab_test is not None
    control, out, winner = view.ab_test.arms
    assert [arm.served.slot for arm in view.ab_test.arms] == ["a", "b", "c"]
    assert [slot.role for slot in view.slots] == ["live", "challenger", "candidate"]
    assert (control.difference, control.progress) == (None, 0.0)
    assert out.out is not None
    assert out.served.share_percent == 0
    assert winner.safe
    assert winner.progress == 1.0
    assert winner.lower is not None
    assert winner.rate is not None
    assert winner.lower <= winner.rate
    assert (view.ab_test.conclusion, view.ab_test.slot) == ("winner", "c")
    assert view.unattributed_requests == 0
    told = view.to_json()
    assert [arm["served"]["slot"] for arm in told["ab_test"]["arms"]] == ["a", "b", "c"]
    assert all("bad_answers" in arm["served"] for arm in told["ab_test"]["arms"])


def test_the_terminal_shows_every_arm(open_test: CliWorld, ended: CliWorld):
    """While it runs, and when it is over."""
    going = open_test.run("release", "status", MODEL).out
    assert "testing 2 of 3 arms, shifting" in going
    assert "b was taken out because errors are" in going.replace("\n", " ")
    over = ended.run("release", "status", MODEL).out
    for words in ("winner", "control", "out", "safe", "v1", "v2", "v3"):
        assert words in over


def test_the_list_and_the_overview_name_all_challengers(open_test: CliWorld, ended: CliWorld):
    """Until one of them was promoted."""
    assert versions_words(view_of_world(open_test)) == "v1 → v2 | v3"
    assert versions_words(view_of_world(ended)) == "v1 → v3"
    (model,) = ended.run("release", "status", "--json").json()["models"]
    assert (model["live"], model["live_slot"]) == ("v3", "c")
    assert (model["idle"], model["idle_is"]) == ("v1 | v2", "previous")
    (listed,) = ended.run("release", "list", MODEL, "--json").json()["releases"]
    assert (listed["from"], listed["to"], listed["phase"]) == ("v1", "v3", "promoted")


def test_a_test_is_not_started_again_by_mistake(ended: CliWorld):
    """None of its challengers is new: that takes an intent."""
    said = ended.run("release", "start", MODEL)
    assert said.code == 3
    assert "--again" in said.err


def test_the_report_has_a_table_of_the_arms_and_their_shares(ended: CliWorld):
    """It is well formed, and refers to nothing outside."""
    view = view_of_world(ended)
    text = report_page([view], title="Report")
    assert Page(text).open == []
    assert "The arms of the test" in text
    assert "Share of the traffic that each arm had" in text
    assert "b was taken out because" in text
    assert view.ab_test is not None
    for arm in view.ab_test.arms:
        assert all(cell in text.replace("&#39;", "'") for cell in cells(view.ab_test, arm))
    assert len(out_words(view.ab_test)) == 1


def test_the_console_shows_the_arms(open_test: CliWorld, ended: CliWorld):
    """Open or over, without a chart that would mix the arms."""
    for world in (open_test, ended):
        reader = Reader(world.deployed())
        page = release_page(reader.release(RELEASE), who="ada")
        assert Page(page).open == []
        assert "The arms of the test" in page
        assert "Evidence against the limit" not in page
        assert Page(overview_page(reader.overview())).open == []


def offer_of(world: CliWorld, verb: Verb) -> Offer:
    """What the console offers."""
    found = offers(world.release.record(), attended=True)
    return next(offer for offer in found if offer.verb is verb)


def test_the_console_promotes_a_winner_only(open_test: CliWorld):
    """Another arm has to be named, which the command line can."""
    refusal = offer_of(open_test, Verb.PROMOTE).refusal
    assert refusal is not None
    assert "--slot" in refusal
    assert "Each arm keeps its share" in offer_of(open_test, Verb.PAUSE).consequences[0]
    asked = a_world(end=True, winner=Winner.ASK)
    assert asked.release.record().paused is not None
    assert offer_of(asked, Verb.PROMOTE).refusal is None
    assert "v3 (c)" in offer_of(asked, Verb.PROMOTE).consequences[0]


def test_an_operator_names_the_arm_to_promote():
    """And is told what cannot be promoted."""
    world = a_world(end=False)
    refused = world.run("release", "promote", MODEL)
    assert refused.code == 3
    assert "no arm of" in refused.err
    assert world.run("release", "promote", MODEL, "--slot", "b").code == 3
    done = world.run("release", "promote", MODEL, "--slot", "c", "--why", "as agreed")
    assert done.code == 0
    record = world.release.record()
    assert record.forced is not None
    assert record.candidate.slot.value == "c"


def test_news_and_figures_name_every_arm(open_test: CliWorld):
    """Subject within what SNS takes; a metric a slot and a challenger."""
    record = open_test.release.record()
    entry = open_test.release.store.log(RELEASE)[-1]
    news = announcement_of(record, entry, sequence="1", where=WHERE)
    assert len(news.subject) <= 100
    for words in ("v1 in a: 34 % -> 67 %", "v2 in b: 33 % -> 0 %", "v3 in c", "out: errors are"):
        assert words in news.text
    assert [held["slot"] for held in news.detail["arms"]] == ["b"]
    shown = [dict(metric.dimensions) for metric in metrics_of(record)]
    assert {"Model": MODEL, "Slot": "b"} in shown
    assert {"Model": MODEL, "Claim": "c better"} in shown


def test_who_is_told_which_arm_a_user_has(open_test: CliWorld):
    """By the cells of the split document."""
    open_test.release.perform(Next.SHIFT)
    said = open_test.run("who", "user-1", MODEL, "--json")
    assert said.code == 0
    assert '"slot": "a"' in said.out or '"slot": "c"' in said.out


def test_a_horizon_out_of_reach_is_warned_of():
    """At the model's traffic, before it waits for an operator."""
    plan = plan_of(replace(TERMS, horizon_requests=1_000_000))
    remark = ab_remark(plan, requests_per_minute=100)
    assert remark is not None
    assert "1 000 000 requests" in remark
    assert ab_remark(plan, requests_per_minute=100_000) is None
    assert ab_remark(PLAN, requests_per_minute=1) is None


def test_starting_a_test_says_when_its_horizon_is_out_of_reach():
    """At the rate given; nothing is said of guardrails, which a test watches beside it."""
    world = CliWorld(release=ABWorld.testing("v1", "v2", "v3"))
    slow = ("--requests-per-minute", "2", "--json")
    said = world.run("release", "start", MODEL, *slow)
    assert said.code == 0
    sizing = said.json()["sizing"]
    assert len(sizing["warnings"]) == 1
    assert "the objective's horizon is 20 000 requests" in sizing["warnings"][0]
    assert sizing["estimate"] is None


def test_a_kept_test_is_done_well():
    """The live version stays; scripts see success."""
    traffic = LabelTraffic(right={"a": 0.9, "b": 0.5})
    plan = plan_of(replace(TERMS, challengers=1))
    world = CliWorld(release=ABWorld.testing("v1", "v2", plan=plan, traffic=traffic))
    world.release.run()
    assert world.release.record().phase is Phase.KEPT
    assert world.run("release", "watch", MODEL).code == 0
    (model,) = world.run("release", "status", "--json").json()["models"]
    assert (model["live"], model["idle_is"]) == ("v1", "not better")


def test_simulation_and_replay_say_what_measures_tests_instead(tmp_path: Path):
    """They know one candidate."""
    path = tmp_path / "plan.json"
    path.write_text(json.dumps(plan_of().to_json()))
    world = CliWorld()
    said = world.run("simulate", "--project-file", str(path), "--offline")
    assert said.code != 0
    assert "bench.abtest" in said.err
