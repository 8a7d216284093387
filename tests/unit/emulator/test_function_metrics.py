"""What one invocation says in AWS/Lambda."""

import pytest

from emulator.functionmetrics import datapoints
from emulator.invocations import Outcome


@pytest.mark.parametrize(("error", "errors"), [(None, 0.0), ({"errorType": "KeyError"}, 1.0)])
def test_an_invocation_counts_with_its_time(error: dict[str, str] | None, errors: float):
    """In milliseconds; an error counts beside it, and none is a zero."""
    outcome = Outcome(
        payload=None,
        error=error,
        output="",
        log_stream="",
        duration_seconds=0.25,
        init_seconds=1.0,
        peak_memory_mebibytes=0,
    )
    assert datapoints(outcome) == [
        ("Invocations", 1.0, "Count"),
        ("Errors", errors, "Count"),
        ("Throttles", 0.0, "Count"),
        ("Duration", 250.0, "Milliseconds"),
    ]
