"""What recent counters say of a model's traffic."""

import pytest

from cli.simulation.observed import LEAST_COUNT, observe
from tidegate.observation import Observation, ObservationKey, OutcomeCounts

NOW = 10_000
DAY = 86_400


def served(interval: int, requests: int = 100, **counts: object) -> Observation:
    """What the live slot served in an interval."""
    key = ObservationKey(release_id="steady/m", interval=interval, split_version=1, slot="blue")
    return Observation(key=key, requests=requests, **counts)  # type: ignore[arg-type]


def seen(*items: Observation, others: tuple[Observation, ...] = ()):
    """What they say by now."""
    return observe(items, others=others, through=NOW, outcome_window_seconds=DAY)


def test_requests_a_minute_are_counted_since_the_first_request():
    """A model that was deployed ten minutes ago is not taken for one with little traffic."""
    assert seen(*(served(NOW - i) for i in range(10))).requests_per_minute == pytest.approx(100)


def test_requests_within_a_release_are_traffic_too():
    """An hour of which half belonged to a release is no hour of half the traffic."""
    steady = [served(NOW - i) for i in range(30)]
    released = tuple(served(NOW - i) for i in range(30, 60))
    assert seen(*steady, others=released).requests_per_minute == pytest.approx(100)


def test_old_requests_are_not_recent():
    """What was served more than an hour ago says nothing of the present traffic."""
    assert seen(served(NOW - 61)).requests_per_minute is None


def test_an_interval_that_is_still_open_is_left_out():
    """Half an interval would make the traffic look smaller than it is."""
    found = seen(served(NOW), served(NOW + 1, requests=3))
    assert found.requests_per_minute == pytest.approx(100)


def test_rates_come_from_the_counts():
    """Errors are a share of requests, latencies a share of each bucket."""
    found = seen(served(NOW, errors=5, latency={10: 60, 20: 35}))
    assert found.errors == pytest.approx(0.05)
    assert found.latency is not None
    assert found.latency[10] == pytest.approx(60 / 95)


def test_too_few_requests_say_nothing_of_rates():
    """No error in a handful of requests is no error rate of 0."""
    found = seen(served(NOW, requests=LEAST_COUNT - 1, latency={10: LEAST_COUNT - 1}))
    assert found.requests_per_minute is not None
    assert (found.errors, found.latency, found.wrong) == (None, None, None)


def test_late_outcomes_are_judged_by_intervals_old_enough():
    """Young intervals lack outcomes that are only late: they do not make them look rarer."""
    old = [served(NOW - i, outcomes={1: OutcomeCounts(known=50, wrong=5)}) for i in range(1, 20)]
    found = seen(served(NOW), *old)
    assert found.known is not None
    assert found.known[1] == pytest.approx(0.5)
    assert found.wrong == pytest.approx(0.1)


def test_a_day_without_outcomes_means_that_none_becomes_known():
    """A guardrail on outcomes that nobody reports must not be taken for a working one."""
    found = seen(*(served(NOW - i) for i in range(1_440)))
    assert found.known is not None
    assert sum(found.known) == 0


def test_a_young_model_without_outcomes_says_nothing_of_them():
    """Outcomes may take their whole window to come."""
    assert seen(*(served(NOW - i) for i in range(60))).known is None
