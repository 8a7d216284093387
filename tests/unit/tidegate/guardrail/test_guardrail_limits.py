"""Fixed limits: what they are made of, and how sure it is that one is broken."""

import math
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.tidegate.guardrail.guardrail_world import PLAN, counts
from tidegate.guardrail.fleets import FleetCounts, typical_slow
from tidegate.guardrail.limits import fixed_limits, log_above


def test_the_limit_of_errors_is_the_live_rate_and_the_margin():
    """Rates of all intervals together, not a mean of rates."""
    errors, latency = fixed_limits(PLAN, [counts(1, 900, 9), counts(2, 100, 11)])
    assert errors.share == pytest.approx(0.02 + 0.05)
    assert latency.share == pytest.approx(0.30)
    assert latency.milliseconds == pytest.approx(40.0)


def test_without_a_live_request_there_is_no_limit_of_latency():
    """Of errors the margin alone is the limit."""
    (errors,) = fixed_limits(PLAN, [])
    assert (errors.share, errors.baseline) == (0.05, None)


def test_the_typical_percentile_is_weighted_by_requests():
    """An interval of one request says little."""
    slow = counts(2, 1, percentiles={90: 120.0})
    assert typical_slow([counts(1, 99), slow]) == pytest.approx(21.0)


@pytest.mark.parametrize(
    ("limit", "slow"), [(5.0, 90), (15.0, 75), (35.0, 25), (45.0, 10), (60.0, 0)]
)
def test_percentiles_bound_the_slow_requests_from_below(limit: float, slow: int):
    """Whatever is above a percentile that is above the limit is above the limit."""
    known = FleetCounts(
        interval=1,
        requests=100,
        errors=0,
        percentiles={10: 10.0, 25: 20.0, 50: 30.0, 75: 40.0, 90: 50.0},
    )
    assert known.surely_slow(limit) == slow


@given(trials=st.integers(0, 500), limit=st.floats(0.001, 0.9))
def test_more_bad_ones_are_more_evidence(trials: int, limit: float):
    """So that a lower bound of the bad ones gives a lower bound of the evidence."""
    logs = [log_above(bad, trials, limit=limit) for bad in range(0, trials + 1, 25)]
    assert logs == sorted(logs)


def test_no_request_is_no_evidence():
    """An e-value begins at 1."""
    assert log_above(0, 0, limit=0.05) == 0.0


def test_a_fleet_at_its_limit_is_rarely_taken_for_harm():
    """At most 1 in 100 of those that are looked at after every request (Ville's inequality)."""
    chance, limit, taken = random.Random(11), 0.05, 0  # noqa: S311 - a simulation
    for _ in range(400):
        bad = 0
        for trial in range(1, 301):
            bad += chance.random() < limit
            if log_above(bad, trial, limit=limit) >= math.log(100):
                taken += 1
                break
    assert taken <= 10


def test_a_broken_fleet_is_found_within_a_hundred_requests():
    """A quarter fails, five in a hundred may."""
    assert log_above(25, 100, limit=0.05) > math.log(1_000)
