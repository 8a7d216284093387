"""Metrics in log lines are those that CloudWatch would read, and nothing else."""

import json
from typing import Any

import pytest

from emulator.cloudwatch.embedded import EmbeddedValue, embedded_values
from emulator.cloudwatch.service import CloudWatch
from emulator.cloudwatch.store import MetricKey, dimensions_of
from tidegate.metrics import Metric, metric_line

LINE = metric_line(
    Metric(dimensions={"Model": "m", "Reason": "late"}, values={"Refused": 3}, units={}), at=12.5
)


def test_a_line_of_the_product_is_read():
    """Namespace, name, dimensions, moment and unit are those it says."""
    assert embedded_values(LINE) == (
        EmbeddedValue(
            namespace="Tidegate",
            name="Refused",
            dimensions={"Model": "m", "Reason": "late"},
            moment=12.5,
            unit="Count",
            samples=(3.0,),
        ),
    )


def test_a_list_of_values_is_as_many_samples():
    """As of a batch."""
    document = json.loads(LINE) | {"Refused": [1, 2, 2]}
    assert embedded_values(json.dumps(document))[0].samples == (1.0, 2.0, 2.0)


def _without(*path: str) -> Any:
    document = json.loads(LINE)
    part = document
    for name in path[:-1]:
        part = part[name]
    del part[path[-1]]
    return document


@pytest.mark.parametrize(
    "document",
    [
        _without("Refused"),
        _without("Model"),
        _without("_aws", "Timestamp"),
        _without("_aws", "CloudWatchMetrics"),
        json.loads(LINE) | {"Model": 5},
        json.loads(LINE) | {"Refused": "many"},
        json.loads(LINE) | {"Refused": True},
        json.loads(LINE) | {"Refused": [1] * 101},
        json.loads(LINE) | {"_aws": []},
    ],
)
def test_a_line_that_breaks_the_format_is_ignored(document: Any):
    """It stays a line of the log."""
    assert embedded_values(json.dumps(document)) == ()


@pytest.mark.parametrize("line", ["", "_aws", '{"_aws', '{"a": "_aws"}', "START RequestId: 1"])
def test_any_other_line_has_no_metrics(line: str):
    """Whatever a function prints."""
    assert embedded_values(line) == ()


def test_embedded_metrics_are_metrics_like_others():
    """Samples of equal moments add up."""
    service = CloudWatch(now=lambda: 20.0)
    service.publish_embedded("1", "eu", LINE)
    service.publish_embedded("1", "eu", LINE)
    key = MetricKey(
        account="1",
        region="eu",
        namespace="Tidegate",
        name="Refused",
        dimensions=dimensions_of({"Model": "m", "Reason": "late"}),
    )
    found = service.store.window(key, 0, 20)
    assert found is not None
    assert (found.count, found.total) == (2, 6)
