"""Behaviours: chances that add up, latencies with the quantiles asked for, delays as drawn."""

import math
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cli.simulation.behaviour import (
    exponential_delays,
    lognormal,
    quantile_bucket,
    shifted,
)
from tidegate import latency
from tidegate.observation import delay_bucket

P50 = st.floats(1.0, 1_000.0)
RATIO = st.floats(1.0, 50.0)
DAY = 86_400


@given(p50=P50, ratio=RATIO)
def test_a_lognormal_has_the_quantiles_asked_for(p50: float, ratio: float):
    """Median and 99th percentile fall into their buckets, or one beside on a border."""
    chances = lognormal(p50_milliseconds=p50, p99_milliseconds=p50 * ratio)
    assert math.fsum(chances) == pytest.approx(1)
    assert abs(quantile_bucket(chances, 0.5) - latency.bucket_of(p50)) <= 1
    assert abs(quantile_bucket(chances, 0.99) - latency.bucket_of(p50 * ratio)) <= 1


@given(p50=P50, ratio=RATIO, buckets=st.floats(0, 200))
def test_shifting_keeps_every_chance_and_only_slows(p50: float, ratio: float, buckets: float):
    """Nothing is lost by being slower, and no share of slow answers falls."""
    chances = lognormal(p50_milliseconds=p50, p99_milliseconds=p50 * ratio)
    slower = shifted(chances, buckets=buckets)
    assert math.fsum(slower) == pytest.approx(1)
    for bucket in range(latency.BUCKET_COUNT):
        assert math.fsum(slower[bucket:]) >= math.fsum(chances[bucket:]) - 1e-12


def test_a_shift_by_an_octave_doubles_the_median():
    """Four buckets are a factor of two."""
    chances = lognormal(p50_milliseconds=40, p99_milliseconds=120)
    doubled = lognormal(p50_milliseconds=80, p99_milliseconds=240)
    shift = shifted(chances, buckets=latency.BUCKETS_PER_OCTAVE)
    assert shift == pytest.approx(doubled, abs=1e-9)


@given(mean=st.floats(0, 1e6), window=st.integers(1, 30 * DAY), known=st.floats(0.001, 1.0))
def test_delays_never_add_up_to_more_than_is_known(mean: float, window: int, known: float):
    """What comes after the window is refused, and so never known."""
    chances = exponential_delays(
        mean_seconds=mean, outcome_window_seconds=window, known_share=known
    )
    assert min(chances) >= 0
    assert math.fsum(chances) <= known + 1e-9


def test_no_delay_is_the_first_bucket():
    """Outcomes that are known at once become known in the interval of serving."""
    chances = exponential_delays(mean_seconds=0, outcome_window_seconds=DAY, known_share=0.5)
    assert chances[0] == pytest.approx(0.5)
    assert math.fsum(chances[1:]) == 0


def test_delays_are_those_of_requests_served_at_any_moment_of_an_interval():
    """The chances are those that drawing moments and delays gives."""
    rng = random.Random(1)  # noqa: S311 - a simulation
    draws, mean = 40_000, 150.0
    counts = [0] * 17
    for _ in range(draws):
        moment = rng.uniform(0, 60) + rng.expovariate(1 / mean)
        counts[delay_bucket(int(moment // 60))] += 1
    chances = exponential_delays(mean_seconds=mean, outcome_window_seconds=DAY, known_share=1.0)
    assert [count / draws for count in counts] == pytest.approx(list(chances), abs=0.01)
