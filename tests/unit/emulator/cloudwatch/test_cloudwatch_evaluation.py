"""Alarm states by the tables of the CloudWatch user guide on missing data."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emulator.cloudwatch.evaluation import Missing, Rule, State, evaluate

OK, ALARM, NO_DATA = State.OK, State.ALARM, State.INSUFFICIENT_DATA
KEEP = None
TREATMENTS = (Missing.MISSING, Missing.IGNORE, Missing.BREACHING, Missing.NOT_BREACHING)


def _values(drawn: Any) -> Any:
    """`0` does not breach, `X` does, `-` is missing; the newest is on the right."""
    return [{"0": 0.0, "X": 2.0, "-": None}[sign] for sign in drawn.split()]


def _rule(needed: Any, treatment: Any) -> Any:
    return Rule(
        threshold=1.0,
        comparison="GreaterThanThreshold",
        periods=3,
        needed=needed,
        missing=treatment,
    )


def _expect(drawn: Any, needed: Any, states: Any) -> Any:
    for treatment, wanted in zip(TREATMENTS, states, strict=True):
        for current in State:
            found = evaluate(_rule(needed, treatment), _values(drawn), current)
            assert found is (current if wanted is KEEP else wanted), (drawn, treatment, current)


@pytest.mark.parametrize(
    ("drawn", "states"),
    [
        ("0 - X - X", (OK, OK, OK, OK)),
        ("0 - - - -", (OK, OK, OK, OK)),
        ("- - - - -", (NO_DATA, KEEP, ALARM, OK)),
        ("0 X X - X", (ALARM, ALARM, ALARM, ALARM)),
        ("- - X - -", (ALARM, KEEP, ALARM, OK)),
    ],
)
def test_three_of_three(drawn: Any, states: Any):
    """The guide's first table: 3 out of 3 datapoints must breach."""
    _expect(drawn, 3, states)


@pytest.mark.parametrize(
    ("drawn", "states"),
    [
        ("0 - X - X", (ALARM, ALARM, ALARM, ALARM)),
        ("0 0 X 0 X", (ALARM, ALARM, ALARM, ALARM)),
        ("0 - X - -", (OK, OK, ALARM, OK)),
        ("- - - - 0", (OK, OK, ALARM, OK)),
        ("- - - X -", (ALARM, KEEP, ALARM, OK)),
    ],
)
def test_two_of_three(drawn: Any, states: Any):
    """The guide's second table: 2 out of 3 datapoints must breach."""
    _expect(drawn, 2, states)


def test_one_new_breach_is_not_yet_an_alarm():
    """With missing data a single fresh breach of three needed does not alarm prematurely."""
    state = evaluate(_rule(3, Missing.MISSING), _values("- - - - X"), State.OK)
    assert state is OK


@pytest.mark.parametrize(
    ("comparison", "at", "above", "below"),
    [
        ("GreaterThanThreshold", False, True, False),
        ("GreaterThanOrEqualToThreshold", True, True, False),
        ("LessThanThreshold", False, False, True),
        ("LessThanOrEqualToThreshold", True, False, True),
    ],
)
def test_comparisons(comparison: Any, at: Any, above: Any, below: Any):
    """Each operator treats the threshold itself and both its sides as it is named."""
    judged = Rule(threshold=0.0, comparison=comparison, periods=1, needed=1)
    assert [judged.breaches(v) for v in (0.0, 1.0, -1.0)] == [at, above, below]


signs = st.lists(st.sampled_from(["0", "X", "-"]), min_size=5, max_size=5)


@given(drawn=signs, treatment=st.sampled_from(TREATMENTS), current=st.sampled_from(list(State)))
def test_insufficient_data_only_without_any(drawn: Any, treatment: Any, current: Any):
    """Only a range without any datapoint can move an alarm to INSUFFICIENT_DATA."""
    state = evaluate(_rule(2, treatment), _values(" ".join(drawn)), current)
    if state is NO_DATA and current is not NO_DATA:
        assert set(drawn) == {"-"}


@given(drawn=signs, current=st.sampled_from(list(State)))
def test_treating_missing_as_breaching_is_never_milder(drawn: Any, current: Any):
    """Whatever alarms with missing data taken as good also alarms with it taken as bad."""
    line = _values(" ".join(drawn))
    if evaluate(_rule(2, Missing.NOT_BREACHING), line, current) is ALARM:
        assert evaluate(_rule(2, Missing.BREACHING), line, current) is ALARM
