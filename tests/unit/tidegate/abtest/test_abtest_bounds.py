"""Intervals for people: anytime-valid under drift, by enumeration, and not wider than they must."""

import math
import random
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tidegate.abtest.bounds import (
    Difference,
    Score,
    difference_bounds,
    log_wealth_of_rate,
    rate_bounds,
)


def binomial(n: int, x: int, p: float) -> float:
    """The chance of x events in n trials."""
    return math.comb(n, x) * p**x * (1 - p) ** (n - x)


inside = st.floats(0.02, 0.98)
sizes = st.tuples(st.integers(1, 5), st.integers(1, 5))


@given(
    st.lists(st.tuples(st.integers(1, 6), inside), min_size=1, max_size=3),
    st.sampled_from((-1.0, 1.0)),
)
@settings(max_examples=40, deadline=None)
def test_evidence_against_the_mean_of_drifting_rates_is_fair(
    strata: list[tuple[int, float]], side: float
):
    """Enumerated: the expected wealth against the true mean rate is at most 1."""
    weight = sum(n for n, _ in strata)
    mean = sum(n * p for n, p in strata) / weight
    expected = 0.0
    for xs in product(*(range(n + 1) for n, _ in strata)):
        chance = math.prod(binomial(n, x, p) for (n, p), x in zip(strata, xs, strict=True))
        score = Score(score=sum(xs), weight=weight)
        expected += chance * math.exp(log_wealth_of_rate(score, mean, side=side))
    assert expected <= 1 + 1e-9


@given(
    st.lists(st.tuples(sizes, st.tuples(inside, inside)), min_size=1, max_size=2),
    st.tuples(st.floats(0, 1), st.floats(0, 1)),
)
@settings(max_examples=40, deadline=None)
def test_evidence_against_the_true_difference_is_fair(
    strata: list[tuple[tuple[int, int], tuple[float, float]]], around: tuple[float, float]
):
    """Enumerated over drifting strata, for any bounds that hold the true base rate."""
    shares = [(m / (n + m), n / (n + m)) for (n, m), _ in strata]
    weight = sum(n * m / (n + m) for (n, m), _ in strata)
    scales = [max(pair[i] for pair in shares) for i in (0, 1)]
    means = [sum(n * m / (n + m) * rates[i] for (n, m), rates in strata) / weight for i in (0, 1)]
    bounds = (means[1] * around[0], means[1] + (1 - means[1]) * around[1])
    expected = 0.0
    for path in product(*(product(range(n + 1), range(m + 1)) for (n, m), _ in strata)):
        chance, scores = 1.0, [0.0, 0.0]
        for ((n, m), (p, q)), share, (x, y) in zip(strata, shares, path, strict=True):
            chance *= binomial(n, x, p) * binomial(m, y, q)
            scores[0] += share[0] * x
            scores[1] += share[1] * y
        found = Difference(
            first=Score(score=scores[0], weight=weight, scale=scales[0]),
            base=Score(score=scores[1], weight=weight, scale=scales[1]),
            base_bounds=bounds,
        )
        expected += chance * math.exp(found.log_wealth_below(means[0] - means[1]))
    assert expected <= 1 + 1e-9


def pair(n: int, rates: tuple[float, float]) -> tuple[Score, Score]:
    """Two arms of n / 2 requests each, with exactly these rates."""
    weight = n / 4
    return tuple(Score(score=rate * weight, weight=weight, scale=0.5) for rate in rates)


@pytest.mark.parametrize("n", [2_000, 24_000, 240_000, 2_400_000])
def test_width_is_that_of_a_good_anytime_interval(n: int):
    """At most 4.5 standard errors to either side, where a fixed sample would take 2."""
    lower, upper = difference_bounds(*pair(n, (0.11, 0.10)))
    error = math.sqrt(0.094 * 4 / n)
    assert lower < 0.01 < upper
    assert 2 < (upper - lower) / 2 / error < 4.5


def test_bounds_of_a_rate_hold_it():
    """Inside (0, 1), around the rate that was seen, wider for fewer trials."""
    few, many = (rate_bounds(Score(score=0.1 * n, weight=n)) for n in (100, 10_000))
    assert 0 <= few[0] < many[0] < 0.1 < many[1] < few[1] <= 1


@pytest.mark.parametrize("miss", [0.05, 0.01])
def test_bounds_lie_where_the_evidence_uses_up_half_of_the_miss(miss: float):
    """Just outside, the evidence against the rate is the limit; just inside it is less."""
    score, limit = Score(score=130, weight=1_000), math.log(2 / miss)
    for bound, side in zip(rate_bounds(score, miss=miss), (1.0, -1.0), strict=True):
        assert log_wealth_of_rate(score, bound, side=side) >= limit
        assert log_wealth_of_rate(score, bound + side * 1e-4, side=side) < limit


def test_bounds_of_no_events_begin_at_zero():
    """The lower one is 0, the upper one is not."""
    lower, upper = rate_bounds(Score(score=0, weight=200))
    assert lower == 0
    assert 0.01 < upper < 0.1


def test_exchanged_arms_have_the_mirrored_interval():
    """The difference of the other two is the negative one."""
    first, second = pair(5_000, (0.3, 0.25))
    lower, upper = difference_bounds(first, second)
    assert difference_bounds(second, first) == pytest.approx((-upper, -lower))


def test_intervals_looked_at_all_the_time_hardly_ever_miss():
    """Simulated with drift: at most 1 of 60 tests ever misses the difference of 0.05."""
    missed = 0
    for seed in range(60):
        rng = random.Random(seed)  # noqa: S311 - seeded so that it can be repeated
        scores, weight, ever = [0.0, 0.0], 0.0, False
        for look in range(25):
            base = 0.2 + 0.01 * look
            x = sum(rng.random() < base + 0.05 for _ in range(40))
            y = sum(rng.random() < base for _ in range(40))
            scores, weight = [scores[0] + x / 2, scores[1] + y / 2], weight + 20
            first, second = (Score(score=s, weight=weight, scale=0.5) for s in scores)
            lower, upper = difference_bounds(first, second)
            ever = ever or not lower <= 0.05 <= upper
        missed += ever
    assert missed <= 1
