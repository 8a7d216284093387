"""Edges of latency: from the past only, and with a tolerance in whole buckets."""

from tidegate import latency
from tidegate.judge.latency_splits import (
    LEAST_LATENCIES,
    MARGIN_CHANNEL,
    MEMORY_LATENCIES,
    QUANTILES,
    edges,
    remember,
    tolerated_buckets,
)


def test_too_few_latencies_have_no_edges():
    """Nothing is called slow before enough live latencies are known."""
    assert edges({10: LEAST_LATENCIES - 1}) is None


def test_edges_are_quantiles_of_the_reference():
    """A tenth of the reference lies above the margin's edge."""
    reference = dict.fromkeys(range(10, 30), 10)
    found = edges(reference)
    assert found is not None
    assert len(found) == len(QUANTILES)
    assert found[MARGIN_CHANNEL] == 27
    assert latency.count_above(reference, 27) == 20


def test_old_latencies_fade():
    """Edges follow a live version that became slower."""
    reference = {10: MEMORY_LATENCIES}
    for _ in range(8):
        reference = remember(reference, {20: 2_000})
    found = edges(reference)
    assert found is not None
    assert found[0] == 20
    assert sum(reference.values()) < 2 * MEMORY_LATENCIES


def test_tolerance_is_rounded_up_to_whole_buckets():
    """A slowdown that is a whole number of buckets takes just that many."""
    assert tolerated_buckets(1.0) == 0
    assert tolerated_buckets(2.0) == 4
    assert tolerated_buckets(2**0.25) == 1
    assert tolerated_buckets(1.5) == 3
