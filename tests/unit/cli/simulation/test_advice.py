"""Advice: silent where the plan is long enough, else what is short and what would do."""

from dataclasses import replace

import pytest

from cli.simulation.advice import (
    Remedy,
    advise,
    minutes_in_words,
    round_up_seconds,
    written_duration,
)
from cli.simulation.behaviour import Traffic
from tidegate.plan import ReleasePlan
from tidegate.schedules import linear_steps
from tidegate.strategies import Strategy


def with_remedy(plan: ReleasePlan, remedy: Remedy) -> ReleasePlan:
    """The plan with the last step that was advised."""
    last = replace(
        plan.steps[-1], share_percent=remedy.share_percent, bake_seconds=remedy.bake_seconds
    )
    return replace(plan, steps=(*plan.steps[:-1], last))


def test_a_plan_that_has_the_time_is_not_warned_about(plan: ReleasePlan, traffic: Traffic):
    """No news is good news."""
    advice = advise(plan, traffic)
    assert advice.warnings() == ()
    assert advice.remedies == ()
    assert advice.to_json()["warnings"] == []


@pytest.mark.parametrize("per_minute", [2, 10])
def test_what_is_advised_would_do(plan: ReleasePlan, traffic: Traffic, per_minute: float):
    """A plan with the advised step is not warned about any more."""
    slow = replace(traffic, requests_per_minute=per_minute)
    advice = advise(plan, slow)
    assert advice.short
    assert advice.remedies
    for remedy in advice.remedies:
        assert advise(with_remedy(plan, remedy), slow).short == ()


def test_equal_steps_are_advised_to_hold_longer(plan: ReleasePlan, traffic: Traffic):
    """A linear plan has no last step of its own to change, and with that hold it has the time."""
    steps = linear_steps(step_percent=25, bake_seconds=300)
    linear = replace(plan, strategy=Strategy.LINEAR, steps=steps)
    slow = replace(traffic, requests_per_minute=5)
    advice = advise(linear, slow)
    (said,) = advice.warnings()
    (remedy,) = advice.remedies
    assert said.endswith("h would do")
    assert "; a hold of " in said
    assert advise(replace(linear, hold_seconds=remedy.hold_seconds), slow).short == ()


def test_a_small_share_is_advised_to_grow(plan: ReleasePlan, traffic: Traffic):
    """Where a larger share does in the plan's own time, that comes before waiting longer."""
    single = replace(plan, steps=plan.steps[:1])
    first = advise(single, replace(traffic, requests_per_minute=40)).remedies[0]
    assert first.share_percent > 10
    assert first.bake_seconds == 300


def test_a_warning_says_how_long_it_takes_and_what_would_do(plan: ReleasePlan, traffic: Traffic):
    """Traffic, budget, each metric that is short, and a step to write into the project file."""
    (said,) = advise(plan, replace(traffic, requests_per_minute=5)).warnings()
    assert said.startswith(
        "at 5 requests a minute the plan may be too short: it watches for 40 min"
    )
    assert "errors at the margin (1 → 6 %)" in said
    assert "a last step of 50 % with a bake of" in said


def test_outcomes_that_nobody_reports_are_told_as_such(plan: ReleasePlan, traffic: Traffic):
    """Waiting longer would not help, so no step is advised for it."""
    unknown = replace(traffic.live, known=(0.0,) * len(traffic.live.known))
    (said,) = advise(plan, replace(traffic, live=unknown)).warnings()
    assert said.startswith("outcomes: none becomes known")


def test_a_live_version_that_is_all_bad_leaves_nothing_to_see(plan: ReleasePlan, traffic: Traffic):
    """Nothing can be five points worse than failing 97 % of the requests."""
    broken = replace(traffic.live, errors=0.97)
    said = advise(plan, replace(traffic, live=broken)).warnings()[0]
    assert said.startswith("errors: nothing can be 5 points worse")


@pytest.mark.parametrize(
    ("seconds", "rounded", "written"),
    [
        (1, 600, "10m"),
        (3_700, 4_200, "70m"),
        (7_300, 10_800, "3h"),
        (180_000, 259_200, "3d"),
    ],
)
def test_durations_are_round_and_as_a_project_file_says_them(
    seconds: float, rounded: int, written: str
):
    """Tens of minutes, hours, days: each in one unit."""
    assert round_up_seconds(seconds) == rounded
    assert written_duration(rounded) == written


@pytest.mark.parametrize(
    ("minutes", "words"),
    [
        (None, "more than 30 days"),
        (0.2, "1 min"),
        (99, "99 min"),
        (150, "2.5 h"),
        (4_000, "2.8 days"),
    ],
)
def test_minutes_are_told_as_people_say_them(minutes: float | None, words: str):
    """Estimates have no more digits than they deserve."""
    assert minutes_in_words(minutes) == words


def test_a_margin_beyond_all_conversions_is_told(conversions: ReleasePlan, traffic: Traffic):
    """Where one answer in fifty converts, to lose them all is within a margin of eight points."""
    rare = replace(traffic, live=traffic.live.reporting(0.02))
    (said,) = advise(conversions, rare).warnings()
    assert said.startswith("outcomes: nothing can be 8 points worse")
