"""What an A/B test does not compare: wrong splits, other slots, impossible counts, other plans."""

from dataclasses import replace

import pytest

from tests.contests import PLAN, interval
from tidegate.abtest.decide import decide
from tidegate.abtest.state import ABState
from tidegate.abtest.verdict import ABVerdictKind
from tidegate.errors import InvalidValueError
from tidegate.observation import Unit


def test_wrong_split_holds_the_test_and_says_which():
    """Nothing is compared when requests do not follow the split."""
    state, found = decide(PLAN, ABState.initial(PLAN), interval(PLAN, 0, [(300, 30), (700, 300)]))
    assert found.kind is ABVerdictKind.HOLD
    assert "not as configured" in found.reason
    assert state.decision is None


def test_split_is_tested_on_users_and_not_on_resolvers():
    """Users are drawn one by one and counted once; resolvers are not, and the reason says so."""
    kinds = {}
    for unit in (Unit.USER, Unit.RESOLVER):
        look = interval(PLAN, 0, [(300, 30), (700, 70)], unit=unit)
        _, kinds[unit] = decide(PLAN, ABState.initial(PLAN), look)
    assert kinds[Unit.USER].kind is ABVerdictKind.HOLD
    assert "green 70.0 % of users (configured 50.0 %)" in kinds[Unit.USER].reason
    assert kinds[Unit.RESOLVER].kind is ABVerdictKind.CONTINUE
    assert kinds[Unit.RESOLVER].srm.mismatch is None
    assert "resolvers" in kinds[Unit.RESOLVER].srm.reason


def test_other_slots_are_not_of_the_test():
    """Requests whose slot is unknown are left out."""
    look = interval(PLAN, 0, [(100, 10), (100, 12)])
    stray = replace(look[0], key=replace(look[0].key, slot="unknown"))
    assert decide(PLAN, ABState.initial(PLAN), [*look, stray]) == decide(
        PLAN, ABState.initial(PLAN), look
    )


def test_impossible_counts_are_refused():
    """More errors than requests."""
    look = interval(PLAN, 0, [(100, 10), (100, 12)], errors=101)
    with pytest.raises(InvalidValueError, match="errors must be 0 to requests"):
        decide(PLAN, ABState.initial(PLAN), look)


def test_state_of_another_plan_is_refused():
    """Arms may not change during a test."""
    other = replace(PLAN, arms=("a", "b"), control="a")
    with pytest.raises(InvalidValueError, match="a plan may not change"):
        decide(PLAN, ABState.initial(other), [])


def test_state_of_another_version_is_refused():
    """The version found and the one known are named."""
    data = {**ABState.initial(PLAN).to_json(), "v": 9}
    with pytest.raises(InvalidValueError, match="version 9 is unknown, read: 1"):
        ABState.from_json(data)
