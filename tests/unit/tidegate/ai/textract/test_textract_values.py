"""What is written in a field as a number, a date or a tick; what is none is never guessed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tidegate.ai.textract.values import date_of, number_of, tick_of


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("400.00", 400.0),
        ("EUR 1,234.50", 1234.5),
        ("1.234,50 \u20ac", 1234.5),
        ("1,234", 1234.0),
        ("1.234", 1.234),
        ("1,5", 1.5),
        ("1'234'567", 1234567.0),
        ("12 000", 12000.0),
        ("-3 %", -3.0),
    ],
)
def test_numbers_are_read_as_people_write_them(text: str, number: float):
    """With separators of thousands, and what stands beside them."""
    assert number_of(text) == number


@given(st.integers(min_value=-(10**9), max_value=10**9), st.integers(min_value=0, max_value=99))
def test_a_number_written_in_english_or_german_is_the_same(whole: int, cents: int):
    """Two digits after the decimal sign."""
    english = f"{whole:,}.{cents:02d}"
    german = english.replace(",", " ").replace(".", ",").replace(" ", ".")
    assert number_of(english) == number_of(german) == float(f"{whole}.{cents:02d}")


@pytest.mark.parametrize(
    ("text", "order", "date"),
    [
        ("1990-02-03", "day", "1990-02-03"),
        ("03/02/1990", "day", "1990-02-03"),
        ("02/03/1990", "month", "1990-02-03"),
        ("3 February 1990", "day", "1990-02-03"),
        ("Feb. 3rd, 1990", "day", "1990-02-03"),
    ],
)
def test_dates_are_read_as_people_write_them(text: str, order: str, date: str):
    """In the order that the settings say."""
    assert date_of(text, date_order=order) == date


@pytest.mark.parametrize("text", ["31/02/1990", "3.2.90", "soon", "3 Foo 1990", ""])
def test_what_is_no_date_is_refused(text: str):
    """And never guessed."""
    with pytest.raises(ValueError, match="is "):
        date_of(text, date_order="day")


def test_a_tick_is_yes_or_no():
    """Nothing else."""
    assert (tick_of("Yes"), tick_of("no")) == (True, False)
    with pytest.raises(ValueError, match="neither yes nor no"):
        tick_of("maybe")
