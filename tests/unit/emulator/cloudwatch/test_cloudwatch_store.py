"""Metrics are kept by their exact dimensions."""

from typing import Any

import pytest

from emulator.cloudwatch.series import of_values
from emulator.cloudwatch.store import MetricKey, MetricStore, dimensions_of

DAY = 24 * 3600


def _key(**dimensions: Any) -> Any:
    return MetricKey(
        account="1",
        region="r",
        namespace="N",
        name="M",
        dimensions=dimensions_of(dimensions),
    )


@pytest.fixture
def store() -> Any:
    """An empty store."""
    return MetricStore()


def _total(point: Any) -> Any:
    return None if point is None else point.total


def test_other_dimensions_are_another_metric(store: Any):
    """A datapoint of one set of dimensions is not seen under another, nor under none."""
    store.add(_key(variant="green"), 10.0, of_values({5.0: 1.0}))
    assert store.window(_key(variant="blue"), 0, 60) is None
    assert store.window(_key(), 0, 60) is None
    assert _total(store.window(_key(variant="green"), 0, 60)) == 5.0


def test_order_of_dimensions_does_not_matter(store: Any):
    """Dimensions are a set."""
    store.add(_key(a="1", b="2"), 10.0, of_values({5.0: 1.0}))
    assert _total(store.window(_key(b="2", a="1"), 0, 60)) == 5.0


def test_windows_are_half_open(store: Any):
    """A datapoint at the end of a window belongs to the next one."""
    store.add(_key(), 60.0, of_values({1.0: 1.0}))
    assert store.window(_key(), 0, 60) is None
    assert _total(store.window(_key(), 60, 120)) == 1.0


def test_long_and_short_windows_agree(store: Any):
    """However a window is searched, it holds the same datapoints."""
    for second in range(500):
        store.add(_key(), float(second), of_values({1.0: 1.0}))
    assert _total(store.window(_key(), 100, 160)) == 60.0
    assert _total(store.window(_key(), -1000, 5000)) == 500.0


def test_buckets_are_named_by_their_first_second(store: Any):
    """Periods begin at multiples of the period."""
    for moment in (59.0, 60.0, 119.0, 121.0):
        store.add(_key(), moment, of_values({1.0: 1.0}))
    buckets = store.buckets(_key(), 0, 300, 60)
    assert {start: point.total for start, point in buckets.items()} == {0: 1.0, 60: 2.0, 120: 1.0}


def test_old_seconds_become_minutes_and_then_nothing(store: Any):
    """After three hours datapoints are kept by minute, after fifteen days not at all."""
    for moment in (0.0, 1.0, 59.0):
        store.add(_key(), moment, of_values({1.0: 1.0}))
    store.prune(4 * 3600.0)
    assert store.window(_key(), 1, 60) is None
    assert _total(store.window(_key(), 0, 60)) == 3.0
    store.prune(15.0 * DAY + 60)
    assert list(store.keys("1", "r")) == []


def test_only_their_own_data_make_a_set_of_metrics_newer(store: Any):
    """Version and newest second are those of the metrics that are asked about."""
    mine, other = [_key(variant="green"), _key(variant="blue")], _key(variant="red")
    assert (store.version_of(mine), store.newest_of(mine)) == (0, None)
    store.add(mine[0], 70.0, of_values({1.0: 1.0}))
    store.add(mine[1], 50.0, of_values({1.0: 1.0}))
    before = store.version_of(mine)
    assert store.newest_of(mine) == 70
    store.add(other, 90.0, of_values({1.0: 1.0}))
    assert (store.version_of(mine), store.newest_of(mine)) == (before, 70)
    store.add(mine[1], 60.0, of_values({1.0: 1.0}))
    assert store.version_of(mine) > before
