"""The rules file: what decides, what is refused, and what a detector is told."""

import ast
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emulator.ai.frauddetector.rulelanguage import rule_of
from tidegate.ai.fraud.detectorpl import expression_of
from tidegate.ai.fraud.rules import kind_faults, rules_of, syntax_faults

KINDS = {"amount": "number", "country": "text", "new": "tick", "score": "number"}
DETECTOR_KINDS = {"amount": "number", "country": "text", "new": "truth", "score": "number"}
RULES = """
# Orders
block when score > 0.9 or (amount > 2000 and country not in ["CH", "DE"])
review when not new and amount / 2 >= 300
review when country == "US" and score + 0.1 > 0.5
approve otherwise
"""


def decided(text: str, **values: Any) -> str:
    """The decision of the first rule that holds."""
    told = {"amount": 10.0, "country": "CH", "new": True, "score": 0.1, **values}
    return next(rule.decision for rule in rules_of(text) if rule.holds(told))


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({}, "approve"),
        ({"score": 0.95}, "block"),
        ({"amount": 3000.0}, "approve"),
        ({"amount": 3000.0, "country": "FR"}, "block"),
        ({"amount": 600.0, "new": False}, "review"),
        ({"country": "US", "score": 0.45}, "review"),
    ],
)
def test_the_first_rule_that_holds_decides(values: dict[str, Any], expected: str):
    """In the order of the lines."""
    assert syntax_faults(RULES) == kind_faults(RULES, KINDS) == ()
    assert decided(RULES, **values) == expected


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("", "every event needs a decision"),
        ("approve when amount > 1", "every event needs a decision"),
        ("approve otherwise\nblock otherwise", "nothing is decided after"),
        ("forgive otherwise", "line 1: 'forgive' is no decision"),
        ("block if amount > 1\napprove otherwise", "line 1: 'when CONDITION' or 'otherwise'"),
        ("block when amount >\napprove otherwise", "line 1: 'amount >' is no condition"),
        ("block when open('x')\napprove otherwise", "is not allowed in it"),
        ("block when amount.real > 1\napprove otherwise", "'amount.real' is not allowed"),
        ("block when 1 < amount < 2\napprove otherwise", "is not allowed"),
        ("block when amount ** 9 > 1\napprove otherwise", "is not allowed"),
        ("block when [x for x in country]\napprove otherwise", "is not allowed"),
    ],
)
def test_a_file_that_is_none_says_where(text: str, fault: str):
    """By its line; only what is listed is allowed, nothing is ever executed."""
    assert any(fault in told for told in syntax_faults(text)), syntax_faults(text)


@pytest.mark.parametrize(
    ("condition", "fault"),
    [
        ("amont > 1", "there is no variable amont"),
        ('amount == "x"', "'x' is a text, a number is needed"),
        ("amount", "compare it"),
        ("new + 1 > 2", "new is a tick, a number is needed"),
        ('country in ["CH", 3]', "3 is a number, a text is needed"),
        ("not amount", "amount is a number, a tick is needed"),
    ],
)
def test_a_condition_that_can_never_hold_is_a_fault(condition: str, fault: str):
    """Unknown names and values of two kinds."""
    (told,) = kind_faults(f"block when {condition}\napprove otherwise", KINDS)
    assert fault in told


def test_dividing_by_zero_holds_never():
    """The next rule decides."""
    assert decided("block when 1 / amount > 0\napprove otherwise", amount=0.0) == "approve"


NUMBERS = st.one_of(
    st.integers(0, 5).map(str), st.sampled_from(["amount", "score", "-1", "(amount + 1)"])
)
COMPARISONS = st.one_of(
    st.builds("{} {} {}".format, NUMBERS, st.sampled_from(["<", "<=", "==", "!=", ">"]), NUMBERS),
    st.sampled_from(['country == "CH"', 'country not in ["DE", "FR"]', "new", "new == false"]),
)
CONDITIONS = st.recursive(
    COMPARISONS,
    lambda inner: st.one_of(
        st.builds("({} and {})".format, inner, inner),
        st.builds("({} or {})".format, inner, inner),
        st.builds("not ({})".format, inner),
    ),
    max_leaves=6,
)


@given(
    condition=CONDITIONS,
    amount=st.integers(-2, 5),
    score=st.floats(0, 1),
    country=st.sampled_from(["CH", "DE"]),
    new=st.booleans(),
)
def test_a_detector_decides_as_the_file_says(
    condition: str, *, amount: int, score: float, country: str, new: bool
):
    """In the language of Amazon Fraud Detector, as the embedded cloud evaluates it."""
    text = f"block when {condition}\napprove otherwise"
    assert syntax_faults(text) == kind_faults(text, KINDS) == ()
    values = {"amount": float(amount), "score": score, "country": country, "new": new}
    node = ast.parse(condition, mode="eval").body
    rule = rule_of(expression_of(node, lambda name: name), DETECTOR_KINDS)
    assert rule.holds(values, {}) is (decided(text, **values) == "block")
