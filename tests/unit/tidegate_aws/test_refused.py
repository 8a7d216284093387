"""Refused outcomes are metrics of the log."""

from emulator.cloudwatch.embedded import embedded_values
from tests.fakes import FakeClock
from tidegate_aws.refused import LoggedRefused


def test_a_refusal_is_one_line_with_its_metric():
    """By model and reason, at the cloud's time, as often as it happened."""
    lines: list[str] = []
    clock = FakeClock(at=50.0)
    LoggedRefused(clock=clock, write=lines.append).count("flights", "late", times=3)
    (found,) = embedded_values(lines[0])
    assert len(lines) == 1
    assert (found.namespace, found.name, found.unit) == ("Tidegate", "RefusedOutcomes", "Count")
    assert found.dimensions == {"Model": "flights", "Reason": "late"}
    assert (found.moment, found.samples) == (50.0, (3.0,))
