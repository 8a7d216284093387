"""What waits for labels is bounded, and an unchosen sample of what was asked."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.tidegate.monitoring.worlds import PLAN
from tidegate.monitoring.outcomes import OutcomePlan
from tidegate.monitoring.plan import MonitoringPlan
from tidegate.monitoring.waiting import (
    MOST_IN_WINDOW,
    MOST_WAITING,
    Waiting,
    labelled,
    most_in_window,
)
from tidegate.observation import OutcomeKind


@given(names=st.lists(st.text("0123456789abcdef", min_size=4, max_size=4), max_size=80))
def test_the_sample_is_the_smallest_digests_whatever_the_order(names: list[str]) -> None:
    """And read back it is the same."""
    waiting, reversed_ = Waiting(most=10), Waiting(most=10)
    for name in names:
        waiting.put(name, 0.5, (1, 2))
    for name in reversed(names):
        reversed_.put(name, 0.5, (1, 2))
    waiting.trim()
    reversed_.trim()
    assert sorted(waiting.kept) == sorted(reversed_.kept) == sorted(set(names))[:10]
    assert waiting.offered == len(names)
    assert Waiting.from_json(json.loads(json.dumps(waiting.to_json()))) == waiting


@pytest.mark.parametrize("days", [0, 1, 7, 30, 90, 365])
@pytest.mark.parametrize("window", [300, 86_400, 7 * 86_400])
def test_all_windows_that_wait_have_room(days: int, window: int) -> None:
    """However long labels take: one fixed number is the most that all of them hold together."""
    outcomes = OutcomePlan(expected=0.1, rows=100, window_seconds=days * 86_400)
    plan = MonitoringPlan(outcomes=outcomes, window_seconds=window)
    most = most_in_window(plan)
    waiting = (days * 86_400 + plan.lag_seconds) / window + 1
    assert most <= MOST_IN_WINDOW
    assert most * waiting <= MOST_WAITING


def known(kind: OutcomeKind, threshold: float | None, told: dict[str, bool]) -> list[tuple]:
    """Label and error of a high and of a low score."""
    waiting = Waiting(most=10)
    waiting.put("high", 0.9, ())
    waiting.put("low", 0.1, ())
    plan = OutcomePlan(kind=kind, expected=0.1, rows=100)
    found = labelled(waiting, told, plan, threshold=threshold)
    return [(one.score, one.positive, one.wrong) for one in found]


def test_labels_follow_from_the_prediction_and_whether_it_was_wrong() -> None:
    """What was predicted positive and wrong is negative; without a threshold, right is positive."""
    told = {"high": True, "low": False}
    assert known(OutcomeKind.LABELS, 0.5, told) == [(0.9, False, True), (0.1, False, False)]
    assert known(OutcomeKind.LABELS, None, told) == [(0.9, False, True), (0.1, True, False)]
    assert known(OutcomeKind.LABELS, 0.5, {}) == []


def test_an_event_that_did_not_come_says_something() -> None:
    """No complaint: it was right. No conversion: the label is negative."""
    assert known(OutcomeKind.COMPLAINTS, 0.5, {"high": True}) == [
        (0.9, False, True),
        (0.1, False, False),
    ]
    assert known(OutcomeKind.CONVERSIONS, 0.5, {"low": False}) == [
        (0.9, False, True),
        (0.1, True, True),
    ]


def test_nothing_waits_without_outcomes() -> None:
    """No label could come."""
    assert most_in_window(MonitoringPlan()) == 0
    assert most_in_window(PLAN) > 0
