"""Latency as counts in fixed buckets."""

from hypothesis import given
from hypothesis import strategies as st

from tidegate.latency import (
    BUCKET_COUNT,
    add,
    bucket_of,
    count_above,
    quantile_bucket,
    quantile_milliseconds,
    upper_edge_milliseconds,
)

histograms = st.dictionaries(st.integers(0, BUCKET_COUNT - 1), st.integers(1, 50), max_size=8)


@given(milliseconds=st.floats(0.26, 128_000))
def test_a_bucket_s_edge_is_at_most_a_fifth_too_high(milliseconds: float):
    """Four buckets an octave."""
    edge = upper_edge_milliseconds(bucket_of(milliseconds))
    assert milliseconds <= edge * (1 + 1e-9)
    assert edge <= milliseconds * 1.1893


@given(bucket=st.integers(0, BUCKET_COUNT - 1))
def test_an_edge_is_in_the_bucket_that_it_closes(bucket: int):
    """In spite of rounding."""
    assert bucket_of(upper_edge_milliseconds(bucket)) == bucket


def test_anything_slower_is_in_the_last_bucket():
    """It has no upper bound."""
    assert bucket_of(1e9) == BUCKET_COUNT - 1


@given(left=histograms, right=histograms, bucket=st.integers(0, BUCKET_COUNT - 1))
def test_counts_add(left: dict[int, int], right: dict[int, int], bucket: int):
    """And so do counts above any bucket."""
    both = add(left, right)
    assert both == add(right, left)
    assert count_above(both, bucket) == count_above(left, bucket) + count_above(right, bucket)


@given(histogram=histograms, quantile=st.floats(0, 1))
def test_a_quantile_has_its_share_at_or_below_it(histogram: dict[int, int], quantile: float):
    """And less than its share below it."""
    total = sum(histogram.values())
    bucket = quantile_bucket(histogram, quantile)
    if bucket is None:
        assert total == 0
        return
    assert total - count_above(histogram, bucket) >= quantile * total - 1e-6
    assert quantile_milliseconds(histogram, quantile) == upper_edge_milliseconds(bucket)


def test_without_data_there_is_no_quantile():
    """Zero would be a latency."""
    assert quantile_milliseconds({}, 0.5) is None
