"""Verdicts: what drifted, how far, since when; and years without drift in which nothing is said."""

import json
import random

import pytest

from tests.unit.tidegate.monitoring.made import DAY, baseline, captured, watched, window
from tidegate.monitoring.advance import close_window
from tidegate.monitoring.counts import Window
from tidegate.monitoring.plan import MonitoringPlan, faults_of
from tidegate.monitoring.records import asked_in, count
from tidegate.monitoring.shares import BUDGET
from tidegate.monitoring.state import MonitorState
from tidegate.monitoring.verdict import Word, verdict_of
from tidegate.monitoring.view import view_of

STEADY = (25.0, 25.0, 25.0, 25.0)
MOVED = (5.0, 15.0, 30.0, 50.0)
NAMES = tuple(f"f{n:02}" for n in range(20))


def test_before_the_first_window_it_waits() -> None:
    """And says how many requests are counted."""
    seen = watched(MonitoringPlan(), baseline("x"))
    verdict = verdict_of(MonitorState(baseline="b"), seen)
    assert verdict.word is Word.WAITING
    assert "0 requests" in verdict.reason


def test_the_drifted_feature_is_named_with_its_numbers() -> None:
    """Of twenty features the one that moved, from where to where, since its day."""
    seen = watched(MonitoringPlan(), baseline(*NAMES))
    state = MonitorState(baseline="b")
    for day in range(30):
        close_window(state, seen, window(day, **dict.fromkeys(NAMES, STEADY)))
    assert verdict_of(state, seen).word is Word.STEADY
    for day in range(30, 33):
        moved = {**dict.fromkeys(NAMES, STEADY), "f07": MOVED}
        close_window(state, seen, window(day, **moved))

    verdict = verdict_of(state, seen)

    (finding,) = verdict.refused
    assert verdict.word is Word.DRIFT
    assert finding.feature == "f07"
    assert finding.since == 30 * DAY
    assert finding.requests == 300
    assert finding.share == "<= 20"
    assert (finding.baseline, finding.recent) == (pytest.approx(0.5), pytest.approx(0.2))
    assert verdict.reason.startswith(
        "data drift: f07 <= 20 in 20.0 % of values, 50.0 % in the baseline, probably since "
        "1970-01-31 00:00 UTC, at odds of "
    )


def test_a_move_within_the_tolerance_is_none() -> None:
    """Four points for a year, where five are tolerated: practically irrelevant."""
    seen = watched(MonitoringPlan(), baseline("x"))
    state = MonitorState(baseline="b")
    for day in range(365):
        close_window(state, seen, window(day, x=(290.0, 250.0, 250.0, 210.0)))
    assert state.found == []


def test_a_small_baseline_refuses_less() -> None:
    """Its own sampling error counts: of 200 rows, a move of ten points may be none."""
    for rows, found in ((200, False), (100_000, True)):
        seen = watched(MonitoringPlan(), baseline("x", rows=rows))
        state = MonitorState(baseline="b")
        for day in range(60):
            close_window(state, seen, window(day, x=(350.0, 250.0, 250.0, 150.0)))
        assert bool(state.found) is found


def test_a_year_of_daily_looks_without_drift_says_nothing() -> None:
    """Twenty features of a hundred random requests a day."""
    chance = random.Random(2)  # noqa: S311 - data, not secrets
    seen = watched(MonitoringPlan(), baseline(*NAMES))
    state = MonitorState(baseline="b")
    for day in range(365):
        drawn = {}
        for name in NAMES:
            places = chance.choices(range(4), k=100)
            drawn[name] = tuple(float(places.count(bin_)) for bin_ in range(4))
        close_window(state, seen, window(day, **drawn))
    assert state.found == []


def test_state_and_view_are_json() -> None:
    """What is written is what is read back."""
    seen = watched(MonitoringPlan(), baseline("x"))
    state = MonitorState(baseline="b")
    close_window(state, seen, window(3, x=MOVED))
    text = json.dumps(state.to_json())
    assert json.dumps(MonitorState.from_json(json.loads(text)).to_json()) == text
    view = view_of("m", state, seen, at=5.0)
    assert json.loads(json.dumps(view)) == view
    assert view["distributions"]["x"]["recent"] == [0.05, 0.15, 0.3, 0.5]


def test_families_have_no_more_than_alpha() -> None:
    """Together."""
    assert sum(BUDGET.values()) == pytest.approx(1)


def test_a_plan_that_cannot_be_is_told_whole() -> None:
    """Every fault at once."""
    plan = MonitoringPlan(alpha=0, tolerance=1, tolerances={"x": -1}, window_seconds=1)
    assert len(faults_of(plan)) == 4


def counted(plan: MonitoringPlan, *requests: object) -> Window:
    """The window of these requests."""
    found, seen = Window(index=0), baseline("x", "y")
    for request in requests:
        asked = asked_in(captured(request, {}))
        assert asked is not None
        count(found, asked, plan=plan, baseline=seen)
    return found


def test_a_request_is_one_vote_whatever_it_holds() -> None:
    """Its records share it, since they are not independent."""
    plan = MonitoringPlan(records="/rows")
    rows = [{"x": 5, "y": 15}, {"x": 15, "y": 15}, {"x": 15, "y": None}, {"x": "?", "y": 15}]
    found = counted(plan, {"rows": rows})
    assert found.requests == 1
    assert found.features["x"].to_json() == [[0.25, 0.5, 0, 0], 0, 0.25, 0]
    assert found.features["y"].to_json() == [[0, 0.75, 0, 0], 0.25, 0, 0]


def test_a_request_that_cannot_be_read_lacks_every_feature() -> None:
    """So that a changed schema is seen."""
    found = counted(MonitoringPlan(records="/rows"), {"other": 1})
    assert [found.features[name].missing for name in ("x", "y")] == [1, 1]


def test_each_client_counts_once_a_window() -> None:
    """Clumps of one client's requests are no evidence; who is not named counts each time."""
    plan = MonitoringPlan(client="/user")
    asked = [{"user": "a", "x": 5}] * 5 + [{"user": "b", "x": 5}, {"x": 5}, {"x": 5}]
    found = counted(plan, *asked)
    assert (found.requests, found.repeated) == (4, 4)
    assert found.features["x"].bins[0] == 4


def test_csv_and_lists_are_read_by_their_columns() -> None:
    """In the order in which the plan names them."""
    plan = MonitoringPlan(columns=("x", "y"))
    assert counted(plan, [[5, 15], [5, 25]]).features["y"].bins == [0, 0.5, 0.5, 0]
    assert counted(plan, [5, 15]).features["x"].bins == [1, 0, 0, 0]
    line = json.loads(captured("", {}))
    line["captureData"]["endpointInput"] = {"data": "5,15\n5,25\n", "encoding": "CSV"}
    asked = asked_in(json.dumps(line))
    assert asked is not None
    found = Window(index=0)
    count(found, asked, plan=plan, baseline=baseline("x", "y"))
    assert found.features["y"].bins == [0, 0.5, 0.5, 0]
