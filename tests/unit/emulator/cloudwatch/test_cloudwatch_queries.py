"""GetMetricData, GetMetricStatistics and ListMetrics answer from the same datapoints."""

from typing import Any

import pytest

from emulator.cloudwatch.queries import (
    QueryError,
    Tenant,
    get_metric_data,
    get_metric_statistics,
    list_metrics,
)
from emulator.cloudwatch.series import of_values
from emulator.cloudwatch.store import MetricStore

TENANT = Tenant(account="1", region="r")
WINDOW = (0.0, 300.0)


def _metric(name: Any = "M", **dimensions: Any) -> Any:
    listed = [{"Name": key, "Value": value} for key, value in dimensions.items()]
    return {"Namespace": "N", "MetricName": name, "Dimensions": listed}


def _query(identity: Any, named: Any, **changes: Any) -> Any:
    stat = {"Metric": named, "Period": 60, "Stat": "Sum"}
    return {"Id": identity, "MetricStat": stat | changes}


@pytest.fixture
def store() -> Any:
    """Two metrics: `M` of green at 0, 60 and 120, `K` of green at 60."""
    filled = MetricStore()
    for moment, value in ((0.0, 1.0), (60.0, 2.0), (120.0, 3.0)):
        filled.add(TENANT.key(_metric(v="green")), moment, of_values({value: 1.0}), unit="Count")
    filled.add(TENANT.key(_metric("K", v="green")), 60.0, of_values({4.0: 1.0}))
    return filled


def _results(store: Any, *queries: Any, **request: Any) -> Any:
    answer = get_metric_data(store, TENANT, {"MetricDataQueries": queries, **request}, WINDOW)
    return {
        r["Id"]: dict(zip(r["Timestamps"], r["Values"], strict=True))
        for r in answer["MetricDataResults"]
    }


def test_newest_first_by_default(store: Any):
    """GetMetricData lists the newest datapoint first unless asked otherwise, as AWS does."""
    request = {"MetricDataQueries": [_query("m", _metric(v="green"))]}
    newest = get_metric_data(store, TENANT, request, WINDOW)["MetricDataResults"][0]
    request["ScanBy"] = "TimestampAscending"
    oldest = get_metric_data(store, TENANT, request, WINDOW)["MetricDataResults"][0]
    assert newest["Timestamps"] == [120, 60, 0]
    assert oldest["Values"] == [1.0, 2.0, 3.0]


def test_expressions_over_hidden_queries(store: Any):
    """An expression sees queries whose own data is not returned."""
    found = _results(
        store,
        _query("m", _metric(v="green")) | {"ReturnData": False},
        _query("k", _metric("K", v="green")) | {"ReturnData": False},
        {"Id": "e", "Expression": "FILL(k, 0) * m"},
    )
    assert found == {"e": {0: 0.0, 60: 8.0, 120: 0.0}}


def test_expressions_over_expressions(store: Any):
    """Expressions are computed after what they use, whatever their order."""
    found = _results(
        store,
        {"Id": "b", "Expression": "a + 1"},
        {"Id": "a", "Expression": "m * 10", "ReturnData": False},
        _query("m", _metric(v="green")) | {"ReturnData": False},
    )
    assert found == {"b": {0: 11.0, 60: 21.0, 120: 31.0}}


def test_no_dimensions_is_a_metric_of_its_own(store: Any):
    """Asking without dimensions never adds up those of others."""
    assert _results(store, _query("m", _metric())) == {"m": {}}


@pytest.mark.parametrize(
    "queries",
    [
        [{"Id": "x"}],
        [{"Id": "x", "Expression": "nope + 1"}],
        [{"Id": "x", "Expression": "SEARCH('a', 'Sum', 60)"}],
        [{"Id": "x", "MetricStat": {"Metric": {}, "Period": 60, "Stat": "wm98"}}],
    ],
)
def test_wrong_queries_are_refused(store: Any, queries: Any):
    """What can't be answered is an error with a reason, never an empty success."""
    with pytest.raises(QueryError):
        get_metric_data(store, TENANT, {"MetricDataQueries": queries}, WINDOW)


def test_statistics_with_percentiles(store: Any):
    """GetMetricStatistics answers basic and extended statistics by period, with the unit."""
    request = _metric(v="green") | {
        "Period": 300,
        "Statistics": ["Sum", "Average"],
        "ExtendedStatistics": ["p50"],
    }
    answer = get_metric_statistics(store, TENANT, request, WINDOW)
    assert answer["Datapoints"] == [
        {
            "Timestamp": 0,
            "Unit": "Count",
            "Sum": 6.0,
            "Average": 2.0,
            "ExtendedStatistics": {"p50": 2.0},
        }
    ]


def test_statistics_need_a_statistic(store: Any):
    """Without a statistic there is nothing to answer."""
    with pytest.raises(QueryError):
        get_metric_statistics(store, TENANT, _metric(v="green") | {"Period": 60}, WINDOW)


def test_list_filters_by_dimension(store: Any):
    """ListMetrics keeps metrics that have every dimension asked for."""
    everything = list_metrics(store, TENANT, {"Namespace": "N"}, 300.0)["Metrics"]
    green = {"Dimensions": [{"Name": "v", "Value": "green"}], "MetricName": "K"}
    assert len(everything) == 2
    assert list_metrics(store, TENANT, green, 300.0)["Metrics"] == [_metric("K", v="green")]
    other = {"Dimensions": [{"Name": "v", "Value": "blue"}]}
    assert list_metrics(store, TENANT, other, 300.0)["Metrics"] == []


def test_list_forgets_after_two_weeks(store: Any):
    """A metric without data for two weeks is not listed any more."""
    assert list_metrics(store, TENANT, {}, 15 * 24 * 3600.0)["Metrics"] == []
