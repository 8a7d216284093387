"""The drawn interval: it covers, also under drift, and it narrows."""

import random

import pytest

from tidegate.judge.interval import difference_bounds, rate_bounds
from tidegate.judge.strata import Table
from tidegate.judge.tally import Tally


def tally_of(*tables: tuple[int, int, int, int]) -> Tally:
    """The tally of these strata."""
    tally = Tally()
    for n, x, m, y in tables:
        tally = tally.plus(
            Table(candidate_trials=n, candidate_events=x, live_trials=m, live_events=y)
        )
    return tally


def test_without_data_there_is_no_interval():
    """Nothing is drawn before both slots were tried."""
    assert difference_bounds(Tally()) is None
    assert difference_bounds(tally_of((5, 1, 0, 0))) is None


def test_interval_holds_the_measured_difference_and_narrows():
    """More of the same leaves the middle and takes from both ends."""
    few = difference_bounds(tally_of((20, 2, 180, 9)))
    many = difference_bounds(tally_of(*[(20, 2, 180, 9)] * 50))
    assert few is not None
    assert many is not None
    assert few[0] < many[0] < 0.05 < many[1] < few[1]


@pytest.mark.parametrize(("rate", "scale"), [(0.0, 0.1), (0.3, 0.9), (1.0, 0.5)])
def test_bounds_stay_inside_zero_and_one(rate: float, scale: float):
    """A rate has bounds that are rates."""
    low, high = rate_bounds(score=rate * 40, weight=40.0, scale=scale)
    assert 0 <= low <= rate <= high <= 1


def test_interval_covers_at_every_look_while_base_rate_and_share_move():
    """Misses at any of 30 looks are rarer than stated, in a ramp whose base rate triples."""
    rng = random.Random(5)  # noqa: S311 - seeded so that it can be repeated
    missed = 0
    for _ in range(150):
        tally, outside = Tally(), False
        for look in range(30):
            share, live = (0.1, 0.05) if look < 12 else (0.5, 0.15)
            n = sum(rng.random() < share for _ in range(40))
            x = sum(rng.random() < live + 0.06 for _ in range(n))
            y = sum(rng.random() < live for _ in range(40 - n))
            tally = tally.plus(
                Table(candidate_trials=n, candidate_events=x, live_trials=40 - n, live_events=y)
            )
            bounds = difference_bounds(tally)
            outside |= bounds is not None and not bounds[0] <= 0.06 <= bounds[1]
        missed += outside
    assert missed <= 12
