"""What people see of a release on a terminal."""

import io
import re
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from cli.screen import (
    bounds,
    duration,
    milliseconds,
    percent,
    release_line,
    release_panel,
    standing,
    within,
)
from tests.cli_world import CliWorld
from tests.release_world import Traffic
from tests.samples import PLAN, RELEASE, START, entry, record
from tidegate.judge.quantiles import Bounded, Quantile
from tidegate.release import Intervention, Phase
from tidegate.strategies import Mechanism
from tidegate.verdict import Verdict, VerdictKind
from tidegate.view import ReleaseView, view_of

HELD = Intervention(who="grace", at=START, why="[bold]lunch[/bold]")


def a_view(**changes: object) -> ReleaseView:
    """The view of a release of which nothing was counted."""
    return view_of(record(**changes), looks=(), counters=(), log=(entry(),))


def drawn(view: ReleaseView, *, width: int = 120, now: float | None = None) -> str:
    """The panel as text."""
    console = Console(width=width, file=io.StringIO(), color_system=None)
    with console.capture() as capture:
        console.print(release_panel(view, now=now))
    return capture.get()


def judged_view(world: CliWorld) -> ReleaseView:
    """The view of a release that was rolled back on errors."""
    world.release.traffic = Traffic(error_shares={"green": 0.3})
    world.release.run()
    return world.deployed().view(RELEASE)


def test_a_panel_shows_versions_shares_evidence_and_reason(world: CliWorld):
    """Everything an operator asks for is in the panel."""
    text = drawn(judged_view(world))
    for wanted in ("v1 → v2", "rolled-back", "errors harm", RELEASE, "canary by weights"):
        assert wanted in text


def test_eighty_columns_are_enough(world: CliWorld):
    """On a narrow terminal the bars give way, never a figure."""
    text = drawn(judged_view(world), width=80)
    head, _, tail = text.partition("evidence of")
    assert "…" not in head.replace("→", "")
    assert "%…" not in tail


def test_a_panel_before_any_look_says_so():
    """Nothing is drawn of evidence that is not there."""
    text = drawn(a_view())
    assert "no interval was judged yet" in text
    assert "evidence of" not in text


def test_the_progress_of_a_bake_is_shown():
    """With the time known, the panel says how far the step is baked."""
    view = a_view(phase=Phase.BAKING, step_started_at=START)
    assert "baked 60 s of 2 min" in drawn(view, now=START + 60)


@pytest.mark.parametrize(
    ("kind", "heading", "share"),
    [("labels", "wrong", "25.0 %"), ("conversions", "converted", "30.0 %")],
)
def test_outcomes_are_told_in_the_words_of_their_kind(kind: str, heading: str, share: str):
    """Labels are a share of what is known, events of what was answered."""
    view = a_view()
    slot = replace(view.candidate, requests=12, errors=2, outcomes_known=4, outcomes_wrong=1)
    text = drawn(replace(view, candidate=slot, outcome_kind=kind))
    assert heading in text
    assert share in text


def test_complaints_are_a_share_of_the_answers():
    """Each of them is wrong: of those known it would always be all."""
    view = a_view()
    slot = replace(view.candidate, requests=12, errors=2, outcomes_known=1, outcomes_wrong=1)
    seen = replace(view, candidate=slot, outcome_kind="complaints")
    assert "10.0 %" in drawn(seen)
    assert "2 failed, 1 complaints" in release_line(seen, now=START)


def test_what_a_unit_does_not_cover_is_told():
    """Of a release by DNS, on the panel itself; of requests it is no news."""
    resolvers = replace(a_view(), unit="resolver", limits="there is no sample-ratio test")
    assert "not covered: there is no sample-ratio test" in drawn(resolvers)
    assert "not covered" not in drawn(a_view())


SLOW = Bounded(value=2_896.3, lower=2_435.5, upper=3_444.3)
FAST = Bounded(value=45.25, lower=38.05, upper=None)


def test_quantiles_of_latency_are_shown_with_their_bounds_in_eighty_columns():
    """Of both slots and their ratio; no figure is cut off."""
    tail = Quantile(quantile=0.99, live=SLOW, candidate=SLOW, ratio=SLOW.over(SLOW))
    middle = Quantile(quantile=0.5, live=FAST, candidate=SLOW, ratio=SLOW.over(FAST))
    text = drawn(replace(a_view(), latency=(middle, tail)), width=80)
    assert re.search(
        r"p50 +45\.2 \(38\.0 to \?\) +2900 \(2440 to 3440\) +64\.0 \(\? to 90\.5\)", text
    )
    assert re.search(r"p99( +2900 \(2440 to 3440\)){2} +1\.00 \(0\.71 to 1\.41\)", text)


def test_without_a_comparison_no_quantiles_are_shown():
    """A table of unknown numbers would only take the room."""
    assert "candidate / live" not in drawn(a_view())


@pytest.mark.parametrize(
    ("item", "text"),
    [
        (Bounded(value=0.25, lower=None, upper=0.25), "0.25 (? to 0.25)"),
        (Bounded(value=99.9, lower=9.99, upper=131_072.0), "99.9 (9.99 to 131000)"),
    ],
)
def test_a_bounded_number_has_as_many_digits_as_count(item: Bounded, text: str):
    """And a question mark for a bound that is not known yet."""
    assert within(item) == text


def test_a_reason_is_not_read_as_markup():
    """What an operator wrote is shown as it was written."""
    assert "[bold]lunch[/bold]" in drawn(a_view(paused=HELD))


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({}, "step 1 of 2 (10 %) shifting"),
        ({"phase": Phase.BAKING, "step": 1}, "step 2 of 2 (50 %) baking"),
        ({"phase": Phase.BAKING, "paused": HELD}, "step 1 of 2 (10 %) paused"),
        ({"phase": Phase.RESTORING, "paused": HELD}, "restoring"),
        ({"halted": HELD}, "halted"),
        ({"phase": Phase.ABORTED}, "aborted"),
    ],
)
def test_where_a_release_stands(changes: dict[str, object], words: str):
    """A few words say step and state, and a pause only where it holds something."""
    assert standing(a_view(**changes)) == words


def test_a_line_has_time_standing_counts_and_reason():
    """A line of a log is complete by itself."""
    assert release_line(a_view(), now=START + 240) == (
        "[4 min] step 1 of 2 (10 %) shifting: 0 requests, 0 failed, 0 wrong; "
        "no interval was judged yet"
    )


def test_a_line_on_the_way_has_the_evidence_and_the_last_one_the_reason(world: CliWorld):
    """A log is not full of one long sentence, and ends with it."""
    over = judged_view(world)
    baking = replace(over, phase="baking", verdict="continue")
    assert "; continue; harm: errors" in release_line(baking, now=START)
    assert "safe: errors 0 %" in release_line(baking, now=START)
    assert release_line(over, now=START).endswith(over.reason)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (None, "-"),
        (0.0, "0 s"),
        (119.4, "119 s"),
        (120.0, "2 min"),
        (7_199.0, "120 min"),
        (7_200.0, "2.0 h"),
        (172_800.0, "2.0 d"),
    ],
)
def test_durations_are_read_as_people_say_them(seconds: float | None, text: str):
    """Seconds, minutes, hours or days: whatever says most."""
    assert duration(seconds) == text


def test_zero_is_a_value_and_none_is_a_dash():
    """A rate of zero is not missing."""
    assert (percent(0.0), percent(None)) == ("0.0 %", "-")
    assert (milliseconds(0.0), milliseconds(None)) == ("0.00 ms", "-")
    assert milliseconds(1_217.7) == "1220 ms"
    assert (bounds(0.0, 0.0), bounds(None, 0.0)) == ("+0.0 to +0.0", "-")


@given(st.floats(min_value=0, max_value=3e9))
def test_every_duration_has_a_unit(seconds: float):
    """However long it took, the text ends with a unit."""
    assert duration(seconds).rpartition(" ")[2] in {"s", "min", "h", "d"}


def test_fleets_under_one_name_are_said_to_be_mixed():
    """Counts of the log are of both then; what the judge counted of the candidate is told."""
    plan = replace(PLAN, mechanism=Mechanism.GUARDRAIL, steps=PLAN.steps[:1])
    seen = Verdict(
        kind=VerdictKind.CONTINUE,
        reason="continue",
        evidence=(),
        candidate_requests=75,
        live_requests=225,
        requests_needed=None,
    )
    mixed = view_of(record(plan=plan, verdict=seen), looks=(), counters=(), log=())
    text = " ".join(drawn(mixed).replace("│", " ").split())
    assert "75 requests were the candidate's" in text
    assert "75 requests;" in release_line(mixed, now=START)
    named = replace(mixed, echoes_version=True)
    assert "CloudWatch" not in drawn(named)
