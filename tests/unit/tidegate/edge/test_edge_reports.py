"""Device reports come from outside: each is checked before it counts."""

from typing import Any

import pytest

from tidegate.edge.reports import MOST_COUNTED, parse_report
from tidegate.errors import InvalidValueError

GOOD: dict[str, Any] = {
    "v": 1,
    "component_version": "1.2.3",
    "interval": 29_000_000,
    "run": "0011aaff",
    "served": 90,
    "requests": 60,
    "errors": 2,
    "latency": {"0": 50, "7": 8},
    "known": 3,
    "wrong": 1,
}


def faults(**changes: Any) -> tuple[str, ...]:
    """What is wrong with a report that was changed so."""
    with pytest.raises(InvalidValueError) as caught:
        parse_report("press-1", {**GOOD, **changes})
    return caught.value.faults


def test_a_report_is_read() -> None:
    """Counts by latency bucket are numbers again."""
    report = parse_report("press-1", GOOD)
    assert (report.requests, report.errors, report.latency) == (60, 2, {0: 50, 7: 8})


def test_all_faults_are_told_at_once() -> None:
    """Types first: nothing can be said of sums of what is no number."""
    found = faults(v=2, errors=-1, run="RUN", latency={"999": 1}, served=True)
    assert [fault.split()[0] for fault in found] == ["served", "errors", "v", "run", "latency"]


@pytest.mark.parametrize(
    ("changes", "word"),
    [
        ({"requests": MOST_COUNTED + 1}, "requests"),
        ({"served": 10}, "requests"),
        ({"errors": 61, "latency": {}}, "errors"),
        ({"latency": {"1": 59}}, "latencies"),
        ({"wrong": 4}, "known"),
        ({"known": MOST_COUNTED + 1}, "known"),
    ],
)
def test_no_device_adds_more_than_its_share(changes: dict[str, Any], word: str) -> None:
    """A device that says more than it may is refused, not cut down."""
    assert any(fault.startswith(word) for fault in faults(**changes))


def test_a_thing_has_a_name_of_iot() -> None:
    """It is part of keys and topics."""
    with pytest.raises(InvalidValueError, match="thing must be a name"):
        parse_report("press/1", GOOD)
