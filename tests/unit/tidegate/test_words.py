"""Numbers in reasons: short, and never rounded so far that a difference disappears."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tidegate.words import one_of, percent, points, thousands


@pytest.mark.parametrize(
    ("number", "told"), [(0, "0"), (999, "999"), (20_000, "20 000"), (1_234_567.4, "1 234 567")]
)
def test_thousands_are_set_apart(number: float, told: str):
    """By a space, as a comma is a decimal point to half of the readers."""
    assert thousands(number) == told


@pytest.mark.parametrize(
    ("share", "told"),
    [(None, "unknown"), (0.0, "0.00 %"), (0.0012, "0.12 %"), (0.1999, "19.99 %"), (0.2, "20.0 %")],
)
def test_small_shares_have_one_digit_more(share: float | None, told: str):
    """Error rates of 0.10 % and 0.14 % are not the same."""
    assert percent(share) == told


@pytest.mark.parametrize(
    ("difference", "told"),
    [(None, "unknown"), (0.03, "3.00"), (-0.0004, "-0.04"), (-0.00001, "0.00"), (-0.5, "-50.0")],
)
def test_differences_are_told_as_shares_of_their_size_are(difference: float | None, told: str):
    """With their sign, which a difference that is rounded to nothing has not."""
    assert points(difference) == told


@pytest.mark.parametrize(
    ("chance", "told"),
    [(1.0, "1"), (0.05, "20"), (0.01, "100"), (1 / 23_456, "23 000"), (1e-30, "1 000 000 000")],
)
def test_chance_is_told_to_two_digits(chance: float, told: str):
    """And no rarer than once in a thousand millions."""
    assert one_of(-math.log(chance)) == told


def test_evidence_against_a_claim_is_no_chance_above_one():
    """What happens every time is 1 of 1."""
    assert one_of(-3.0) == "1"


@given(st.floats(0, 1e3))
def test_chance_is_never_told_rarer_than_it_is(log_evidence: float):
    """Rounded towards the more frequent."""
    assert math.log(int(one_of(log_evidence).replace(" ", ""))) <= log_evidence + 1e-8
