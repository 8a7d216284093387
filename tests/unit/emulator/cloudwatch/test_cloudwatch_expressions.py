"""Metric math."""

from typing import Any

import pytest

from emulator.cloudwatch.expressions import ExpressionError, Scope, compute, identifiers

SCOPE = Scope(
    series={"m1": {0: 1.0, 60: 2.0, 120: 6.0}, "m2": {0: 4.0, 60: 0.0}},
    moments=(0, 60, 120),
)


@pytest.mark.parametrize(
    ("expression", "series"),
    [
        ("m1 + m2", {0: 5.0, 60: 2.0}),
        ("m1 - 1", {0: 0.0, 60: 1.0, 120: 5.0}),
        ("-m1", {0: -1.0, 60: -2.0, 120: -6.0}),
        ("100 * (m1 / m2)", {0: 25.0}),
        ("m1 / m2", {0: 0.25}),
        ("7", {0: 7.0, 60: 7.0, 120: 7.0}),
        ("m1 > 1", {0: 0.0, 60: 1.0, 120: 1.0}),
        ("m1 > 1 && m2 < 1", {0: 0.0, 60: 1.0}),
        ("m1 > 1 OR m2 > 1", {0: 1.0, 60: 1.0}),
        ("IF(m1 > 1, m1, 0)", {0: 0.0, 60: 2.0, 120: 6.0}),
        ("IF(m1 > 1, m1)", {60: 2.0, 120: 6.0}),
        ("FILL(m2, 0)", {0: 4.0, 60: 0.0, 120: 0.0}),
        ("FILL(m2, REPEAT)", {0: 4.0, 60: 0.0, 120: 0.0}),
        ("m1 / FILL(m2, 3)", {0: 0.25, 120: 2.0}),
        ("IF(FILL(m2, 0) > 0, m1 / m2, 0)", {0: 0.25, 60: 0.0, 120: 0.0}),
        ("SUM([m1, m2])", {0: 5.0, 60: 2.0, 120: 6.0}),
        ("SUM(METRICS())", {0: 5.0, 60: 2.0, 120: 6.0}),
        ("MAX([m1, m2])", {0: 4.0, 60: 2.0, 120: 6.0}),
        ("AVG([m1, m2])", {0: 2.5, 60: 1.0, 120: 6.0}),
        ("m1 / SUM(m1)", {0: 1 / 9, 60: 2 / 9, 120: 6 / 9}),
        ("ABS(0 - m1)", {0: 1.0, 60: 2.0, 120: 6.0}),
    ],
)
def test_expressions(expression: Any, series: Any):
    """Each emulated form gives the datapoints that the user guide describes."""
    assert compute(expression, SCOPE) == pytest.approx(series)


@pytest.mark.parametrize(
    ("expression", "told"),
    [
        ("m3 + 1", "no metric has the id 'm3'"),
        ("ANOMALY_DETECTION_BAND(m1)", "ANOMALY_DETECTION_BAND is not emulated"),
        ("RATE(m1)", "RATE is not emulated"),
        ("m1 ^ 2", "not emulated"),
        ("m1 +", "can't be read"),
        ("__import__('os')", "not emulated"),
        ("m1.__class__", "not emulated"),
        ("'text'", "takes numbers"),
        ("METRICS()", "several series"),
    ],
)
def test_anything_else_is_refused_by_name(expression: Any, told: Any):
    """What is wrong or not emulated is an error that says which part, never a number."""
    with pytest.raises(ExpressionError, match=told.replace("(", r"\(")):
        compute(expression, SCOPE)


def test_identifiers_are_the_metric_ids():
    """The ids an expression uses are found, functions are not among them."""
    assert identifiers("IF(m1 > 0, e2 / m1, FILL(m3, 0))") == {"m1", "e2", "m3"}
