"""Shares with their intervals, medians, and what the harm cost."""

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cli.simulation.behaviour import Traffic
from cli.simulation.harms import Rung, harm_of, no_harm
from cli.simulation.release import End, Outcome
from cli.simulation.summary import Share, row_of
from tidegate.plan import ReleasePlan
from tidegate.strategies import Strategy


def outcome(end: End, *, minutes: float = 1.0, requests: int = 10) -> Outcome:
    """One release."""
    return Outcome(end=end, seconds=60 * minutes, candidate_requests=requests, looks=1)


@pytest.mark.parametrize(
    ("count", "of", "low", "high"),
    [
        (0, 200, 0.0, 1 - 0.025 ** (1 / 200)),
        (200, 200, 0.025 ** (1 / 200), 1.0),
        (5, 100, 0.0164, 0.1128),
        (1, 10, 0.0025, 0.4450),
    ],
)
def test_the_interval_is_clopper_and_pearsons(count: int, of: int, low: float, high: float):
    """Known values: the exact ends for none and all, a table's for others."""
    assert Share(count=count, of=of).interval == pytest.approx((low, high), abs=1e-4)


@settings(max_examples=30)
@given(of=st.integers(1, 400), data=st.data())
def test_the_interval_holds_the_share(of: int, data: st.DataObject):
    """Whatever was counted lies within its own interval, and both ends are chances."""
    share = Share(count=data.draw(st.integers(0, of)), of=of)
    low, high = share.interval
    assert 0 <= low <= share.value + 1e-9
    assert share.value - 1e-9 <= high <= 1


@pytest.mark.parametrize("chance", [0.01, 0.07, 0.5])
def test_the_interval_covers(chance: float):
    """At least 95 % of what may be counted has an interval that holds the chance behind it."""
    of = 60
    covered = 0.0
    for count in range(of + 1):
        low, high = Share(count=count, of=of).interval
        if low <= chance <= high:
            covered += math.comb(of, count) * chance**count * (1 - chance) ** (of - count)
    assert covered >= 0.95


def test_medians_are_of_those_that_ended_so(traffic: Traffic):
    """Releases that are held say nothing of how long a promotion takes."""
    ended = (
        outcome(End.PROMOTED, minutes=20, requests=100),
        outcome(End.PROMOTED, minutes=30, requests=300),
        outcome(End.HELD, minutes=500, requests=9_000),
    )
    row = row_of(no_harm(traffic.live), ended, live=traffic.live, strategy=Strategy.CANARY)
    decided = row.decided(End.PROMOTED)
    assert (decided.minutes, decided.minutes_90, decided.candidate_requests) == (25, 30, 200)
    assert row.decided(End.ROLLED_BACK).minutes is None
    assert row.share(End.HELD).value == pytest.approx(1 / 3)


def test_bad_answers_are_those_of_the_harm(plan: ReleasePlan, traffic: Traffic):
    """What the live version would have failed too is not the candidate's fault."""
    harm = harm_of(plan.guardrails[0], traffic.live, rung=Rung.MARGIN)
    assert harm is not None
    row = row_of(
        harm,
        (outcome(End.ROLLED_BACK, requests=200),),
        live=traffic.live,
        strategy=Strategy.CANARY,
    )
    assert row.bad_answers == pytest.approx(200 * 0.05)
