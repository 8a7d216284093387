"""Evidence of safety: fair under every pair of rates that is worse by the margin."""

import math
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tidegate.judge.safe import place_bet, update
from tidegate.judge.strata import Table


def table(candidate: int, x: int, live: int, y: int) -> Table:
    """One stratum."""
    return Table(candidate_trials=candidate, candidate_events=x, live_trials=live, live_events=y)


def binomial(n: int, x: int, p: float) -> float:
    """The chance of x events in n trials."""
    return math.comb(n, x) * p**x * (1 - p) ** (n - x)


Pair = tuple[float, float]


def expectation(trials: tuple[int, int], rates: Pair, guess: Pair, margin: float) -> float:
    """Expected factor of one stratum, by enumeration."""
    n, m = trials
    return sum(
        binomial(n, x, rates[0])
        * binomial(m, y, rates[1])
        * math.exp(update(0.0, table(n, x, m, y), rates=guess, margin=margin))
        for x, y in product(range(n + 1), range(m + 1))
    )


inside = st.floats(0.001, 0.999)


@given(
    st.tuples(st.integers(1, 8), st.integers(1, 12)),
    st.tuples(inside, inside),
    st.floats(0.005, 0.5),
    st.tuples(inside, st.floats(0, 1)),
)
@settings(max_examples=150, deadline=None)
def test_expected_evidence_is_at_most_one_where_the_harm_reaches_the_margin(
    trials: tuple[int, int], guess: Pair, margin: float, where: tuple[float, float]
):
    """For every guess, and every pair of rates at the margin or beyond, the bet is fair."""
    live = where[0] * (1 - margin)
    candidate = live + margin + where[1] * (1 - margin - live)
    assert expectation(trials, (candidate, live), guess, margin) <= 1 + 1e-9


def test_evidence_grows_where_the_guess_is_right():
    """A harmless candidate is expected to raise it."""
    assert expectation((6, 54), (0.02, 0.02), (0.02, 0.02), 0.05) > 1.1


def test_closest_harmful_pair_minimises_the_divergence():
    """No other pair at the margin is closer to the guess."""

    def distance(live: float) -> float:
        def kl(p: float, q: float) -> float:
            return p * math.log(p / q) + (1 - p) * math.log((1 - p) / (1 - q))

        return 6 * kl(0.07, live + 0.08) + 54 * kl(0.15, live)

    bet = place_bet((0.07, 0.15), 0.08, candidate_trials=6, live_trials=54)
    assert bet is not None
    assert bet.null_candidate - bet.null_live == pytest.approx(0.08)
    nearby = [distance(bet.null_live + step) for step in (-0.01, -0.001, 0.001, 0.01)]
    assert distance(bet.null_live) < min(nearby)


def test_nothing_is_bet_where_the_guess_admits_the_harm():
    """A guess at the margin or beyond leaves the evidence as it is."""
    assert update(1.5, table(6, 3, 54, 0), rates=(0.31, 0.1), margin=0.2) == 1.5


def test_nothing_is_bet_where_one_slot_was_not_tried():
    """A stratum of one slot alone compares nothing."""
    assert update(1.5, table(6, 0, 0, 0), rates=(0.1, 0.1), margin=0.2) == 1.5


def test_growth_is_the_expected_gain_of_a_candidate_trial():
    """The forecast's growth is the mean of what the strata then add."""
    bet = place_bet((0.07, 0.15), 0.08, candidate_trials=1, live_trials=9)
    assert bet is not None
    mean = sum(
        binomial(1, x, 0.07) * binomial(9, y, 0.15) * bet.log_gain(table(1, x, 9, y))
        for x, y in product(range(2), range(10))
    )
    assert bet.growth(live_per_candidate=9) == pytest.approx(mean)
