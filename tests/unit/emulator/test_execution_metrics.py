"""What the status of an execution says in AWS/States."""

import pytest

from emulator.executionmetrics import datapoints

BEGAN, ENDED = "2026-11-29T10:00:00.000Z", "2026-11-29T10:00:01.500Z"


def test_an_execution_that_begins_counts_as_started():
    """It has taken no time yet."""
    execution = {"status": "RUNNING", "startDate": BEGAN}
    assert datapoints(execution) == [("ExecutionsStarted", 1.0, "Count")]


@pytest.mark.parametrize(
    ("status", "name"),
    [
        ("SUCCEEDED", "ExecutionsSucceeded"),
        ("FAILED", "ExecutionsFailed"),
        ("ABORTED", "ExecutionsAborted"),
        ("TIMED_OUT", "ExecutionsTimedOut"),
    ],
)
def test_each_end_counts_with_its_time(status: str, name: str):
    """In milliseconds from start to end."""
    execution = {"status": status, "startDate": BEGAN, "stopDate": ENDED}
    assert datapoints(execution) == [
        (name, 1.0, "Count"),
        ("ExecutionTime", 1500.0, "Milliseconds"),
    ]
