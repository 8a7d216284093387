"""The bound of the conditional law's moments is never too generous."""

import math

from hypothesis import given, settings
from hypothesis import strategies as st

from tidegate.judge.hypergeometric import log_moment_bound
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
@given(margins(most=60), st.floats(-6, 6))
def test_bound_is_never_below_the_exact_moment(margin: Margins, log_odds: float):
    """The constant-time bound makes evidence smaller, never bigger."""
    candidate, live, events = margin
    exact = math.log(
        sum(chance * math.exp(log_odds * x) for x, chance in law(*margin, 1.0).items())
    )
    first = table(candidate, live, events, max(0, events - live))
    assert log_moment_bound(first, log_odds) >= exact - 1e-9


def test_million_requests_have_finite_bounds():
    """A table of any size has a finite bound, however large the odds ratio."""
    big = table(400_000, 600_000, 50_000, 20_000)
    assert all(math.isfinite(log_moment_bound(big, math.log(odds))) for odds in (1.5, 256))


def test_the_bound_is_close_at_a_canarys_share():
    """Where few of the trials are the candidate's, little of the evidence is lost."""
    share = (40, 500, 60)
    exact = math.log(sum(chance * 2.5**x for x, chance in law(*share, 1.0).items()))
    assert exact <= log_moment_bound(table(*share, 9), math.log(2.5)) < exact + 4
