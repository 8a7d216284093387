"""The language of Fraud Detector's rules, and the model of fraud."""

from typing import Any

import pytest

from emulator.ai.frauddetector.bayes import FraudModel, UntrainableError
from emulator.ai.frauddetector.rulelanguage import NUMBER, TEXT, TRUTH, rule_of
from emulator.ai.frauddetector.tokens import RuleError, UnknownFunctionError

KINDS = {"n": NUMBER, "m": NUMBER, "t": TEXT, "b": TRUTH}
VALUES = {"n": 3, "m": 0.5, "t": "Bob@Mail.com", "b": False}
LISTS = {"bad": frozenset({"Bob@Mail.com"})}


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("$n == 3", True),
        ("$n != 3", False),
        ("$n + $m * 2 == 4", True),
        ("($n + $m) * 2 >= 7", True),
        ("$n % 2 == 1 and $n / 2 < 2", True),
        ("-$n < 0", None),
        ("$n > -1", True),
        ("$n in [1, 2, 3]", True),
        ("$n not in [1, 2, 3]", False),
        ("$t in @bad", True),
        ("$t not in @bad", False),
        ("!$b", True),
        ("!($n > 1) or $b == false", True),
        ("$b or $n < 1 or $n > 2", True),
        ('regex_match(".*@mail\\.com", lowercase($t))', True),
        ('regex_match("@mail", lowercase($t))', False),
        ('uppercase($t) == "BOB@MAIL.COM"', True),
        ("'it\\'s' == $t", False),
        ("$n / ($n - 3) > 1", False),
    ],
)
def test_an_expression_holds_or_not(expression: str, *, expected: bool | None):
    """By the user guide's operators; a minus stands before numbers only; dividing by zero fails."""
    if expected is None:
        with pytest.raises(RuleError):
            rule_of(expression, KINDS, LISTS)
    else:
        assert rule_of(expression, KINDS, LISTS).holds(VALUES, LISTS) is expected


@pytest.mark.parametrize(
    "expression",
    [
        "",
        "$n",
        "$n >",
        "$n == 3 3",
        "($n == 3",
        "$n == 'x'",
        "$x == 1",
        "$n in [1, 'a']",
        "$n in @bad",
        "$t in @none",
        "$n and $b",
        "!$n",
        "$t + 1 > 2",
        "lowercase($t, $t) == 'a'",
        "lowercase($n) == 'a'",
        "$n # 3",
        "$n == -'a'",
    ],
)
def test_what_is_no_rule_is_refused(expression: str):
    """Before it could silently never hold."""
    with pytest.raises(RuleError):
        rule_of(expression, KINDS, LISTS)


def test_a_function_that_is_not_known_is_told_apart():
    """AWS may have it."""
    with pytest.raises(UnknownFunctionError, match="diffhours"):
        rule_of("diffhours($t, $t) > 3", KINDS, LISTS)


def example(country: str, amount: float, *, fraud: bool) -> tuple[dict[str, Any], bool]:
    """An event that a model learns from."""
    return {"country": country, "amount": amount}, fraud


def test_a_model_scores_what_was_fraud_higher():
    """By values and by quartiles of numbers; values that it never saw tell nothing."""
    events = [example("CH", 10.0 + n, fraud=False) for n in range(20)]
    events += [example("US", 500.0 + n, fraud=True) for n in range(5)]
    model = FraudModel.trained(events, ["country", "amount"])
    assert model.score({"country": "US", "amount": 700.0}) > 900.0
    assert model.score({"country": "CH", "amount": 12.0}) < 100.0
    base = model.score({"country": "FR"})
    assert base == pytest.approx(200.0)


def test_a_model_needs_both_kinds_of_events():
    """The sentence counts them."""
    with pytest.raises(UntrainableError, match="got 0 and 1"):
        FraudModel.trained([example("CH", 1.0, fraud=False)], ["country"])
