"""Capped bets: fair however the split adapts to the evidence, by enumeration of all paths."""

import json
import math
from collections.abc import Callable, Iterator
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tidegate.abtest.margins import Margins
from tidegate.abtest.mixture import Mixture, ladder
from tidegate.abtest.tilting import CentralLaw

Splitter = Callable[[tuple[int, ...]], Margins]
"""The totals of the next stratum, as they depend on how events fell before."""


def chances(margins: Margins, odds: float = 1.0) -> Iterator[tuple[int, float]]:
    """Every number of events of the first side and its chance under this odds ratio."""
    least = max(0, margins.events - margins.other_trials)
    values = range(least, min(margins.events, margins.trials) + 1)
    weights = [
        math.comb(margins.trials, x) * math.comb(margins.other_trials, margins.events - x) * odds**x
        for x in values
    ]
    for x, weight in zip(values, weights, strict=True):
        yield x, weight / sum(weights)


def expectation(
    start: Mixture, splitter: Splitter, *, strata: int, odds: float = 1.0
) -> tuple[float, float]:
    """The expected part of the limit that is reached, and the chance of having crossed it."""
    paths: list[tuple[Mixture, tuple[int, ...], float]] = [(start, (), 1.0)]
    for _ in range(strata):
        paths = [
            (bet.plus(margins, x), (*past, x), chance * p)
            for bet, past, chance in paths
            for margins in (splitter(past),)
            for x, p in chances(margins, odds)
        ]
    expected = sum(chance * math.exp(bet.log_part) for bet, _, chance in paths)
    return expected, sum(chance for bet, _, chance in paths if bet.crossed)


def adaptive(past: tuple[int, ...]) -> Margins:
    """A split that gives the first side more after it did well, and draws more requests too."""
    lead = sum(past)
    return Margins(
        trials=2 + lead % 5, other_trials=6 - lead % 3, events=2 + (lead + len(past)) % 3
    )


starts = st.builds(
    lambda alpha, variance: Mixture.initial(alpha=alpha, variance_at_horizon=variance),
    st.sampled_from((0.01, 0.05, 0.3)),
    st.sampled_from((0.5, 4.0, 60.0, 1e4)),
)


@given(starts)
@settings(max_examples=12, deadline=None)
def test_bets_are_exactly_fair_under_a_split_that_adapts_to_the_evidence(start: Mixture):
    """The expected part of the limit never changes, and is crossed with at most that chance."""
    for strata in (1, 2, 4):
        expected, crossed = expectation(start, adaptive, strata=strata)
        assert expected == pytest.approx(math.exp(start.log_start))
        assert crossed <= math.exp(start.log_start) + 1e-12


@given(starts, st.floats(0.05, 0.999))
@settings(max_examples=12, deadline=None)
def test_bets_lose_where_the_side_has_fewer_events(start: Mixture, odds: float):
    """For every odds ratio below 1, so that the claim excludes all of them."""
    expected, _ = expectation(start, adaptive, strata=3, odds=odds)
    assert expected <= math.exp(start.log_start) + 1e-12


def test_capping_uses_up_what_bets_beyond_the_limit_would_waste():
    """With steps this coarse the limit is crossed with nearly the whole chance allowed."""
    start = Mixture.initial(alpha=0.3, variance_at_horizon=40.0)
    margins = Margins(trials=6, other_trials=6, events=5)
    _, crossed = expectation(start, lambda _: margins, strata=6)
    assert crossed > 0.6 * 0.3


def test_more_events_are_more_evidence():
    """The bet rises with the events, which makes it fair for every odds ratio below 1."""
    start = Mixture.initial(alpha=0.05, variance_at_horizon=100.0)
    margins = Margins(trials=30, other_trials=50, events=20)
    parts = [start.plus(margins, x).log_part for x in range(21)]
    assert parts == sorted(parts)


def test_steady_difference_crosses_the_limit():
    """Twice the odds in forty strata."""
    bet = Mixture.initial(alpha=0.025, variance_at_horizon=300.0)
    for _ in range(40):
        bet = bet.plus(Margins(trials=50, other_trials=50, events=30), 19)
    assert bet.crossed
    assert bet.log_part == 0.0


def test_wealth_stays_where_it_is_once_crossed_or_where_nothing_can_be_told():
    """A proven claim stays proven; a table without events says nothing."""
    start = Mixture.initial(alpha=0.5, variance_at_horizon=10.0)
    assert start.plus(Margins(trials=9, other_trials=9, events=0), 0) == start
    proven = start.plus(Margins(trials=90, other_trials=90, events=60), 58)
    assert proven.crossed
    assert proven.plus(Margins(trials=90, other_trials=90, events=60), 0) == proven


@pytest.mark.parametrize("size", [2_000, 200_000, 4_000_000])
def test_moments_of_cells_bound_those_of_the_events_from_below_by_next_to_nothing(size: int):
    """Counting in cells loses little: the logarithm of the moment is nearly that of the events."""
    margins = Margins(trials=size // 2, other_trials=size // 2, events=size // 10)
    odds = 2 / math.sqrt(margins.variance)
    law = CentralLaw.of(margins, odds)
    normal = odds**2 * margins.variance / 2
    shift = odds * (margins.mean - law.mode * law.step - (law.step - 1) / 2)
    assert law.log_moment(odds) == pytest.approx(normal + shift, rel=0.02)
    assert len(law.weights) < 700


def test_bound_is_taken_where_the_tilt_is_too_large_and_is_above_the_moment():
    """A bound only makes the bet worse, never unfair."""
    margins = Margins(trials=4_000, other_trials=4_000, events=4_000)
    law = CentralLaw.of(margins, 3.0)
    exact = _log_moment(margins, 3.0) - 3.0 * law.mode * law.step
    assert 3.0 * math.sqrt(margins.variance) > 12
    assert law.log_moment(3.0) >= exact


def _log_moment(margins: Margins, log_odds: float) -> float:
    """By the whole sum, in logarithms."""
    logs = [
        math.lgamma(margins.trials + 1)
        - math.lgamma(x + 1)
        - math.lgamma(margins.trials - x + 1)
        + math.lgamma(margins.other_trials + 1)
        - math.lgamma(margins.events - x + 1)
        - math.lgamma(margins.other_trials - margins.events + x + 1)
        for x in range(margins.events + 1)
    ]
    tilted = [value + log_odds * x for x, value in enumerate(logs)]
    return _log_sum(tilted) - _log_sum(logs)


def _log_sum(logs: list[float]) -> float:
    return max(logs) + math.log(math.fsum(math.exp(value - max(logs)) for value in logs))


@given(st.floats(0.01, 1e9))
def test_stakes_of_the_ladder_add_up_to_one(variance: float):
    """All money is staked, on rising effects."""
    odds, stakes = ladder(variance)
    assert math.fsum(map(math.exp, stakes)) == pytest.approx(1)
    assert list(odds) == sorted(set(odds))


def test_order_of_strata_that_are_nowhere_near_the_limit_does_not_matter():
    """Without capping, the wealth is a product."""
    strata = [
        (Margins(trials=10, other_trials=20, events=9), 4),
        (Margins(trials=15, other_trials=15, events=11), 5),
        (Margins(trials=8, other_trials=30, events=12), 2),
    ]
    ends = set()
    for order in product(range(3), repeat=3):
        if len(set(order)) == 3:
            bet = Mixture.initial(alpha=1e-9, variance_at_horizon=500.0)
            for index in order:
                bet = bet.plus(*strata[index])
            ends.add(round(bet.log_part, 9))
    assert len(ends) == 1


def test_state_survives_json():
    """What is read back is what was written."""
    bet = Mixture.initial(alpha=0.05, variance_at_horizon=50.0)
    bet = bet.plus(Margins(trials=10, other_trials=20, events=9), 4)
    assert Mixture.from_json(json.loads(json.dumps(bet.to_json()))) == bet
