"""What a verdict on an A/B test tells people: the numbers, what is missing, and what to do."""

from dataclasses import replace

import pytest

from tests.contests import PLAN, interval
from tidegate.abtest.decide import decide
from tidegate.abtest.state import ABState
from tidegate.abtest.verdict import ABVerdictKind


def test_reason_of_a_winner_has_the_numbers():
    """Rates, difference, bounds, requests and the chance of being wrong."""
    _, found = decide(PLAN, ABState.initial(PLAN), interval(PLAN, 0, [(500, 100), (500, 250)]))
    assert found.reason.startswith(
        "green wins because it is better than blue: 50.0 % right outcomes with green against "
        "20.0 % with blue, 30.0 points more (between "
    )
    assert found.reason.endswith(
        "after 1 000 requests; the chance of ever naming a wrong winner is at most 5.00 %"
    )


def test_reason_to_continue_says_how_many_requests_are_missing():
    """And the verdict holds the number."""
    _, found = decide(PLAN, ABState.initial(PLAN), interval(PLAN, 0, [(500, 100), (500, 118)]))
    assert found.kind is ABVerdictKind.CONTINUE
    assert found.requests_needed is not None
    assert found.requests_needed > 500
    assert "after 1 000 of 20 000 planned requests no arm is proven better" in found.reason
    assert "more requests at this difference" in found.reason


def test_reason_before_any_outcome_says_that_none_is_known():
    """Requests alone compare nothing."""
    look = [replace(item, outcomes={}) for item in interval(PLAN, 0, [(500, 0), (500, 0)])]
    _, found = decide(PLAN, ABState.initial(PLAN), look)
    assert "too few outcomes are known" in found.reason
    assert found.requests_needed is None


def test_horizon_without_a_winner_says_to_keep_the_control():
    """The test may go on, and the reason says what to do else."""
    plan = replace(PLAN, tie_margin=None, horizon_requests=1_000)
    _, found = decide(plan, ABState.initial(plan), interval(plan, 0, [(500, 100), (500, 104)]))
    assert found.kind is ABVerdictKind.CONTINUE
    assert found.reason.endswith("else keep blue (the control)")


def test_regret_is_what_the_worse_arm_missed():
    """Five hundred requests at thirty points less."""
    _, found = decide(PLAN, ABState.initial(PLAN), interval(PLAN, 0, [(500, 100), (500, 250)]))
    assert found.regret.best == "green"
    assert found.regret.missed == pytest.approx(150)
    assert found.regret.reason.startswith(
        "about 150 fewer right outcomes than if all 1 000 requests had been served by green"
    )


def test_evidence_of_each_arm_and_pair_is_told():
    """Rates with their intervals, and the pair against its limit."""
    _, found = decide(PLAN, ABState.initial(PLAN), interval(PLAN, 0, [(500, 100), (500, 118)]))
    blue, green = found.arms
    assert (blue.requests, blue.trials, blue.rate) == (500, 500, 0.2)
    assert blue.lower is not None
    assert blue.upper is not None
    assert blue.lower < 0.2 < blue.upper
    (pair,) = found.pairs
    assert (pair.first, pair.second, pair.leader) == ("green", "blue", "green")
    assert pair.difference == pytest.approx(0.036)
    assert pair.lower is not None
    assert pair.lower < 0
    assert pair.limit is not None
    assert pair.evidence == pytest.approx(9)
    assert pair.evidence < pair.limit
    assert green.slot == "green"
