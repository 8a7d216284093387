"""The conditional law: exact where it is exact, never too generous where it is bounded."""

import math
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tidegate.judge.hypergeometric import (
    EXACT_SUPPORT,
    log_moment_bound,
    log_ratios,
    log_sum_exp,
    log_weights,
)
from tidegate.judge.strata import Table

Margins = tuple[int, int, int]
"""Trials of candidate and live, events of both."""


@st.composite
def margins(draw: st.DrawFn, most: int = 25) -> Margins:
    """Margins of a table."""
    candidate = draw(st.integers(1, most))
    live = draw(st.integers(1, most))
    return candidate, live, draw(st.integers(0, candidate + live))


def table(candidate: int, live: int, events: int, x: int) -> Table:
    """The table with these margins and x candidate events."""
    return Table(
        candidate_trials=candidate,
        candidate_events=x,
        live_trials=live,
        live_events=events - x,
    )


def law(candidate: int, live: int, events: int, odds: float) -> dict[int, float]:
    """Fisher's noncentral law, from binomial coefficients."""
    support = range(max(0, events - live), min(candidate, events) + 1)
    weights = {x: math.comb(candidate, x) * math.comb(live, events - x) * odds**x for x in support}
    total = sum(weights.values())
    return {x: weight / total for x, weight in weights.items()}


@settings(deadline=None)
@given(margins(), st.floats(1.05, 300), st.floats(0.02, 1.0))
def test_expected_ratio_is_at_most_one_while_not_worse(margin: Margins, bet: float, truth: float):
    """Whatever odds ratio above 1 is bet on, its ratio is an e-value while the true one is <= 1."""
    expected = sum(
        chance * math.exp(log_ratios(table(*margin, x), [math.log(bet)])[0])
        for x, chance in law(*margin, truth).items()
    )
    assert expected <= 1 + 1e-9


@settings(deadline=None)
@given(margins(), st.floats(1.05, 300))
def test_expected_ratio_is_one_with_no_difference(margin: Margins, bet: float):
    """In tables that are taken exactly nothing of the error budget is lost."""
    expected = sum(
        chance * math.exp(log_ratios(table(*margin, x), [math.log(bet)])[0])
        for x, chance in law(*margin, 1.0).items()
    )
    assert expected == pytest.approx(1, abs=1e-9)


@settings(deadline=None)
@given(margins(), st.floats(1.05, 300))
def test_ratio_rises_with_the_events_of_the_candidate(margin: Margins, bet: float):
    """More harm is never less evidence of harm."""
    ratios = [log_ratios(table(*margin, x), [math.log(bet)])[0] for x in law(*margin, 1.0)]
    assert all(later > earlier for earlier, later in pairwise(ratios))


@settings(deadline=None)
@given(margins(most=60), st.floats(-6, 6))
def test_bound_is_never_below_the_exact_moment(margin: Margins, log_odds: float):
    """The constant-time bound makes evidence smaller, never bigger."""
    candidate, live, events = margin
    exact = math.log(
        sum(chance * math.exp(log_odds * x) for x, chance in law(*margin, 1.0).items())
    )
    first = table(candidate, live, events, max(0, events - live))
    assert log_moment_bound(first, log_odds) >= exact - 1e-9


@settings(deadline=None)
@given(margins())
def test_weights_are_those_of_the_central_law(margin: Margins):
    """The recurrence gives the law that binomial coefficients give."""
    expected = law(*margin, 1.0)
    lowest, weights = log_weights(table(*margin, min(expected)))
    total = log_sum_exp(weights)
    assert lowest == min(expected)
    assert [math.exp(w - total) for w in weights] == pytest.approx(list(expected.values()))


def test_big_tables_take_the_bound_and_stay_close_to_the_exact_value():
    """Where the bound takes over, little of the evidence is lost at a canary's share."""
    exact = log_ratios(table(EXACT_SUPPORT - 2, 3_000, 400, 90), [math.log(2.5)])[0]
    bounded = 90 * math.log(2.5) - log_moment_bound(
        table(EXACT_SUPPORT - 2, 3_000, 400, 90), math.log(2.5)
    )
    assert exact - 4 < bounded <= exact
    assert bounded > 15


def test_million_requests_take_constant_time_and_finite_values():
    """A table of any size has a finite ratio."""
    ratios = log_ratios(table(400_000, 600_000, 50_000, 20_000), [math.log(1.5), math.log(256)])
    assert all(math.isfinite(ratio) for ratio in ratios)
