"""The plan of an A/B test: every fault at once, and the levels that its budgets come to."""

import json

import pytest

from tidegate.abtest.plan import ABPlan, Policy
from tidegate.errors import InvalidValueError
from tidegate.observation import OutcomeKind


def plan(**changes: object) -> ABPlan:
    """A plan of two arms, unless changed."""
    base = {"arms": ("blue", "green"), "control": "blue", "horizon_requests": 10_000}
    return ABPlan(**{**base, **changes})


def test_plan_survives_json():
    """What is read back is what was written."""
    told = plan(
        arms=("a", "b", "c"),
        control="b",
        kind=OutcomeKind.CONVERSIONS,
        policy=Policy.THOMPSON,
        tie_margin=None,
        memory_requests=2_000,
        shares={"a": 20, "b": 30, "c": 50},
    )
    assert ABPlan.from_json(json.loads(json.dumps(told.to_json()))) == told


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ({"arms": ("blue",)}, "2 to 10 arms, got 1"),
        ({"arms": ("blue", "blue")}, "each arm is named once"),
        ({"arms": ("blue", "candidate")}, "got 'candidate'"),
        ({"control": "a"}, "control must be one of"),
        ({"horizon_requests": 10}, "horizon_requests must be 100"),
        ({"alpha": 0.7}, "alpha must be above 0 and below 0.5"),
        ({"tie_margin": 0.0}, "tie_margin must be above 0"),
        ({"shares": {"blue": 50}}, "shares must name each arm"),
        ({"shares": {"blue": 100, "green": 0}}, "add up to 100"),
        ({"least_share": 0.6}, "least_share must be 0 to 0.5"),
        ({"kind": OutcomeKind.COMPLAINTS}, "of complaints fewer are better"),
        ({"memory_requests": 1}, "memory_requests must be 100"),
        ({"outcome_window_seconds": 0}, "outcome_window_seconds must be 1"),
    ],
)
def test_fault_is_named(changes: dict[str, object], fault: str):
    """What is wrong, the value, and what is allowed."""
    with pytest.raises(InvalidValueError, match=fault):
        plan(**changes)


def test_all_faults_are_told_at_once():
    """Not just the first one."""
    with pytest.raises(InvalidValueError) as caught:
        plan(control="a", alpha=0.7, tie_margin=2.0)
    assert len(caught.value.faults) == 3


def test_error_budgets_are_split_over_the_claims_that_could_be_false():
    """Two arms: half of alpha for either direction, all of beta for a tie."""
    assert plan().level == 0.025
    assert plan().tie_level == 0.05
    many = plan(arms=tuple("abcde"), control="a")
    assert many.level == pytest.approx(0.01)
    assert many.tie_level == pytest.approx(0.0125)


def test_exact_laws_need_a_fixed_split_two_arms_and_labels():
    """Otherwise bets are used."""
    assert plan().exact
    assert not plan(policy=Policy.THOMPSON).exact
    assert not plan(arms=tuple("abc"), control="a").exact
    assert not plan(kind=OutcomeKind.CONVERSIONS).exact


def test_equal_shares_are_whole_and_add_up():
    """Three arms get 34, 33 and 33 percent."""
    three = plan(arms=tuple("abc"), control="a")
    assert three.first_shares == {"a": 34, "b": 33, "c": 33}


def test_strata_tell_less_at_the_floor_and_more_when_late_conversions_have_come():
    """Two arms at 10 and 90 percent know 36 % as much as at equal shares."""
    assert plan().strata_factor == 1.0
    assert plan(policy=Policy.THOMPSON).strata_factor == pytest.approx(0.36)
    assert plan(kind=OutcomeKind.CONVERSIONS).strata_factor > 1
