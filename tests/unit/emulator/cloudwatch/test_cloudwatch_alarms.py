"""Alarms over a metric store, on a clock in hand."""

from typing import Any

import pytest

from emulator.cloudwatch.alarms import definition_of, find
from emulator.cloudwatch.evaluation import State
from emulator.cloudwatch.queries import QueryError, Tenant
from emulator.cloudwatch.reasons import reason_of
from emulator.cloudwatch.series import of_values
from emulator.cloudwatch.store import MetricStore

TENANT = Tenant(account="1", region="r")
GREEN = [{"Name": "VariantName", "Value": "green"}]
NOW = 6_000.0


def _alarm(**changes: Any) -> Any:
    record = {
        "AlarmName": "a",
        "Namespace": "AWS/SageMaker",
        "MetricName": "Invocation5XXErrors",
        "Dimensions": GREEN,
        "Statistic": "Sum",
        "Period": 60,
        "EvaluationPeriods": 1,
        "Threshold": 3.0,
        "ComparisonOperator": "GreaterThanOrEqualToThreshold",
        "TreatMissingData": "notBreaching",
    }
    return record | changes


@pytest.fixture
def store() -> Any:
    """An empty store."""
    return MetricStore()


def _put(
    store: Any,
    moment: float,
    value: float,
    *,
    variant: str = "green",
    metric: str = "Invocation5XXErrors",
    count: float = 1.0,
) -> None:
    dimensions = [{"Name": "VariantName", "Value": variant}]
    named = {"Namespace": "AWS/SageMaker", "MetricName": metric, "Dimensions": dimensions}
    store.add(TENANT.key(named), moment, of_values({value: count}))


def _state(store: Any, record: Any, now: Any = NOW, current: Any = State.OK) -> Any:
    return find(definition_of(record, TENANT), store, current, now).state


def test_only_the_alarms_own_dimensions_count(store: Any):
    """Errors of the other variant leave the alarm alone."""
    _put(store, NOW - 30, 1.0, variant="blue", count=100.0)
    assert _state(store, _alarm()) is State.OK


def test_sum_over_its_period(store: Any):
    """Datapoints of one period are summed; those of two are not."""
    _put(store, NOW - 90, 2.0)
    _put(store, NOW - 30, 2.0)
    assert _state(store, _alarm()) is State.OK
    _put(store, NOW - 20, 1.0)
    assert _state(store, _alarm()) is State.ALARM


def test_open_period_counts_once_it_is_certain(store: Any):
    """A sum that is already too high alarms before its period ends."""
    _put(store, NOW + 1, 3.0)
    assert _state(store, _alarm(), now=NOW + 2) is State.ALARM


def test_open_period_of_an_average_waits(store: Any):
    """An average may still change, so the open period does not count."""
    _put(store, NOW + 1, 100.0)
    assert _state(store, _alarm(Statistic="Average"), now=NOW + 2) is State.OK
    assert _state(store, _alarm(Statistic="Average"), now=NOW + 61) is State.ALARM


def test_open_period_of_a_sum_with_negative_values_waits(store: Any):
    """A sum that may still fall is not certain, however high it is."""
    _put(store, NOW + 1, -1.0)
    _put(store, NOW + 1, 9.0)
    assert _state(store, _alarm(), now=NOW + 2) is State.OK


def test_alarm_recovers_when_good_data_comes(store: Any):
    """A real datapoint within the threshold ends the alarm at the end of its period."""
    _put(store, NOW - 30, 9.0)
    _put(store, NOW + 30, 0.0)
    assert _state(store, _alarm(), now=NOW + 1, current=State.ALARM) is State.ALARM
    assert _state(store, _alarm(), now=NOW + 61, current=State.ALARM) is State.OK


def test_datapoints_to_alarm_out_of_evaluation_periods(store: Any):
    """Two breaching periods of three are enough when two are asked for."""
    for back, value in ((150, 5.0), (90, 0.0), (30, 5.0)):
        _put(store, NOW - back, value)
    record = _alarm(EvaluationPeriods=3, DatapointsToAlarm=2)
    assert _state(store, record) is State.ALARM
    assert _state(store, record | {"DatapointsToAlarm": 3}) is State.OK


def test_percentile_alarm(store: Any):
    """An extended statistic is computed from the samples."""
    _put(store, NOW - 30, 100.0, metric="ModelLatency", count=98.0)
    _put(store, NOW - 30, 5000.0, metric="ModelLatency", count=2.0)
    record = _alarm(MetricName="ModelLatency", Statistic=None, Threshold=1000.0)
    assert _state(store, record | {"ExtendedStatistic": "p99"}) is State.ALARM
    assert _state(store, record | {"ExtendedStatistic": "p50"}) is State.OK


def _rate_alarm(**changes: Any) -> Any:
    def query(identity: Any, metric: Any) -> Any:
        named = {"Namespace": "AWS/SageMaker", "MetricName": metric, "Dimensions": GREEN}
        return {
            "Id": identity,
            "MetricStat": {"Metric": named, "Period": 60, "Stat": "Sum"},
            "ReturnData": False,
        }

    queries = [
        {"Id": "rate", "Expression": "IF(n > 10, errors / n, 0)", "ReturnData": True},
        query("errors", "Invocation5XXErrors"),
        query("n", "Invocations"),
    ]
    record = {
        "AlarmName": "rate",
        "Metrics": queries,
        "EvaluationPeriods": 1,
        "Threshold": 0.1,
        "ComparisonOperator": "GreaterThanThreshold",
    }
    return record | changes


@pytest.mark.parametrize(
    ("requests", "errors", "wanted"),
    [(100.0, 11.0, State.ALARM), (100.0, 9.0, State.OK), (10.0, 10.0, State.OK)],
)
def test_metric_math_alarm(store: Any, requests: Any, errors: Any, wanted: Any):
    """A rate over a minimum of requests is judged by its expression."""
    _put(store, NOW - 30, 1.0, count=errors)
    _put(store, NOW - 30, 1.0, metric="Invocations", count=requests)
    assert _state(store, _rate_alarm()) is wanted


@pytest.mark.parametrize(
    "changes",
    [
        {"Statistic": "tm99"},
        {"ComparisonOperator": "GreaterThanUpperThreshold"},
        {"ThresholdMetricId": "band"},
        {"DatapointsToAlarm": 2},
        {"DatapointsToAlarm": 0},
        {"TreatMissingData": "maybe"},
    ],
)
def test_what_cannot_be_evaluated_is_refused(changes: Any):
    """An alarm that would never be evaluated rightly is refused, not stored quietly."""
    with pytest.raises(QueryError):
        definition_of(_alarm(**changes), TENANT)


def test_math_alarm_returns_exactly_one_series():
    """Two returned queries leave open what is compared, so they are refused."""
    record = _rate_alarm()
    record["Metrics"][1]["ReturnData"] = True
    with pytest.raises(QueryError, match="exactly one"):
        definition_of(record, TENANT)


def test_circular_expressions_are_refused(store: Any):
    """Expressions that use one another in a circle are an error, not an endless loop."""
    queries = [
        {"Id": "a", "Expression": "b + 1", "ReturnData": True},
        {"Id": "b", "Expression": "a + 1", "ReturnData": False},
    ]
    definition = definition_of(_rate_alarm(Metrics=queries), TENANT)
    with pytest.raises(QueryError, match="circle"):
        find(definition, store, State.OK, NOW)


def test_reason_says_what_was_seen(store: Any):
    """The reason names the datapoints, the comparison, the threshold and the transition."""
    _put(store, NOW - 30, 5.0)
    definition = definition_of(_alarm(), TENANT)
    finding = find(definition, store, State.OK, NOW)
    assert reason_of(definition, finding, State.OK) == (
        "Threshold Crossed: 1 out of the last 1 datapoints [5.0 (01/01/70 01:39:00)] was greater "
        "than or equal to the threshold (3.0) (minimum 1 datapoint for OK -> ALARM transition)."
    )
