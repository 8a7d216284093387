"""Datapoints and their statistics."""

import statistics
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from emulator.cloudwatch.series import (
    is_statistic,
    merge,
    of_statistics,
    of_values,
    percentile,
    statistic,
)

numbers = st.lists(st.integers(0, 1000), min_size=1, max_size=50)


def _counted(values: Any) -> Any:
    return {float(v): float(values.count(v)) for v in values}


@given(values=numbers)
def test_basic_statistics_are_those_of_the_samples(values: Any):
    """Sum, average, extremes and count agree with the samples themselves."""
    point = of_values(_counted(values))
    assert statistic(point, "Sum") == pytest.approx(sum(values))
    assert statistic(point, "Average") == pytest.approx(statistics.fmean(values))
    assert statistic(point, "Minimum") == min(values)
    assert statistic(point, "Maximum") == max(values)
    assert statistic(point, "SampleCount") == len(values)


@given(values=numbers, percent=st.floats(0.0, 100.0))
def test_percentiles_agree_with_numpy(values: Any, percent: Any):
    """A percentile of counted samples is NumPy's of the samples written out."""
    assert percentile(_counted(values), percent) == pytest.approx(np.percentile(values, percent))


@given(left=numbers, right=numbers)
def test_merging_is_counting_together(left: Any, right: Any):
    """Two datapoints merged are the datapoint of all their samples."""
    assert merge([of_values(_counted(left)), of_values(_counted(right))]) == of_values(
        _counted(left + right)
    )


def test_nothing_merges_to_nothing():
    """No datapoints have no statistics."""
    assert merge([]) is None


def test_statistic_set_has_no_percentile():
    """A published statistic set knows no samples, so it has no percentile."""
    point = of_statistics(count=2.0, total=3.0, minimum=1.0, maximum=2.0)
    assert statistic(point, "p50") is None
    assert statistic(point, "Average") == 1.5


def test_uniform_statistic_set_has_percentiles():
    """A statistic set whose samples must all be equal has percentiles, as CloudWatch grants."""
    point = of_statistics(count=3.0, total=6.0, minimum=2.0, maximum=2.0)
    assert statistic(point, "p99") == 2.0


def test_mixed_with_a_statistic_set_percentiles_are_gone():
    """One set without samples leaves the whole period without percentiles."""
    merged = merge(
        [of_values({1.0: 1.0}), of_statistics(count=2.0, total=3.0, minimum=1.0, maximum=2.0)]
    )
    assert merged is not None
    assert statistic(merged, "p50") is None


def test_negative_values_have_no_percentile():
    """CloudWatch has no percentiles for metrics with negative values."""
    assert statistic(of_values({-1.0: 1.0, 5.0: 1.0}), "p50") is None


@pytest.mark.parametrize("name", ["Sum", "p0", "p99", "p99.9", "p100"])
def test_known_statistics(name: Any):
    """Basic statistics and percentiles are known."""
    assert is_statistic(name)


@pytest.mark.parametrize("name", ["sum", "p101", "p", "tm99", "IQM", ""])
def test_unknown_statistics_are_refused(name: Any):
    """Trimmed means and misspellings are refused, never read as an average."""
    assert not is_statistic(name)
    with pytest.raises(ValueError, match="not emulated"):
        statistic(of_values({1.0: 1.0}), name)


def test_a_trimmed_count_is_of_the_samples_above_the_one_value_up_to_the_other():
    """TC(a:b) leaves a out and takes b in; a side without a value has no bound."""
    point = of_values({1.0: 2, 2.0: 3, 4.0: 5})
    found = [statistic(point, name) for name in ("TC(1:2)", "TC(:2)", "TC(2:)", "TC(0.5:3.5)")]
    assert found == [3, 5, 5, 5]
    assert statistic(of_statistics(count=3, total=6, minimum=1, maximum=3), "TC(1:2)") is None
