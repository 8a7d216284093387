"""Invocations become CloudWatch samples."""

from typing import Any

import pytest

from emulator.sagemaker.metrics import EndpointMetrics
from emulator.sagemaker.names import Tenant
from emulator.sagemaker.ports import InvocationRecord

TENANT = Tenant("123456789012", "us-east-1")


def _record(**changes: Any) -> Any:
    values = {
        "endpoint": "e",
        "variant": "green",
        "config": "c2",
        "status": 200,
        "model_error": False,
        "model_latency_microseconds": 1234.0,
        "overhead_latency_microseconds": 56.0,
    }
    return InvocationRecord(**(values | changes))


@pytest.fixture
def published() -> Any:
    """What was published, in order."""
    return []


@pytest.fixture
def metrics(published: Any) -> Any:
    """Metrics that publish into `published`."""
    return EndpointMetrics(published.append)


def _counted(published: Any, metric: Any, config: Any = None) -> Any:
    for samples in published:
        if samples.metric == metric and samples.dimensions.get("EndpointConfigName") == config:
            return samples.counted
    return None


def test_nothing_served_publishes_nothing(metrics: Any, published: Any):
    """A second without requests has no datapoint, as on AWS."""
    assert metrics.flush() == 0
    assert published == []


def test_each_request_counts_one_or_zero(metrics: Any, published: Any):
    """Errors are 1 for each failed request and 0 for each other, so their average is a rate."""
    for status in (200, 200, 400, 500):
        metrics.record(TENANT, _record(status=status, model_error=status >= 400))
    metrics.flush()
    assert _counted(published, "Invocations") == {1.0: 4.0}
    assert _counted(published, "Invocation4XXErrors") == {1.0: 1.0, 0.0: 3.0}
    assert _counted(published, "Invocation5XXErrors") == {1.0: 1.0, 0.0: 3.0}
    assert _counted(published, "InvocationModelErrors") == {1.0: 2.0, 0.0: 2.0}


def test_latencies_keep_three_digits(metrics: Any, published: Any):
    """Latencies are histograms in microseconds, rounded to three digits."""
    for latency in (1234.0, 1229.0, 98.76):
        metrics.record(TENANT, _record(model_latency_microseconds=latency))
    metrics.flush()
    assert _counted(published, "ModelLatency") == {1230.0: 2.0, 98.8: 1.0}


def test_request_without_answer_has_no_model_latency(metrics: Any, published: Any):
    """A container that never answered has no model latency, only overhead."""
    metrics.record(TENANT, _record(status=500, model_latency_microseconds=None))
    metrics.flush()
    assert _counted(published, "ModelLatency") is None
    assert _counted(published, "OverheadLatency") == {56.0: 1.0}


def test_old_and_new_fleet_are_told_apart(metrics: Any, published: Any):
    """Each metric exists by variant, and by variant and endpoint configuration."""
    metrics.record(TENANT, _record(config="c1"))
    metrics.record(TENANT, _record(config="c2"))
    metrics.flush()
    assert _counted(published, "Invocations", "c1") == {1.0: 1.0}
    assert _counted(published, "Invocations", "c2") == {1.0: 1.0}
    both = [s.counted for s in published if s.metric == "Invocations" and len(s.dimensions) == 2]
    assert both == [{1.0: 1.0}, {1.0: 1.0}]


def test_flush_begins_anew(metrics: Any, published: Any):
    """What was published is not published again."""
    metrics.record(TENANT, _record())
    assert metrics.flush() == 1
    assert metrics.flush() == 0
