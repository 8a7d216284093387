"""What scaling policies ask for: steps beyond a threshold, and a metric that is tracked."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emulator.sagemaker.autoscaling.policies import Bounds, Tracked, stepped

WAKE: dict[str, Any] = {
    "AdjustmentType": "ChangeInCapacity",
    "StepAdjustments": [{"MetricIntervalLowerBound": 0, "ScalingAdjustment": 1}],
}


def steps(kind: str, *adjustments: tuple[float, float, int], **more: Any) -> dict[str, Any]:
    """A policy of these (lower, upper, adjustment)."""
    listed = [
        {
            "MetricIntervalLowerBound": low,
            "MetricIntervalUpperBound": high,
            "ScalingAdjustment": change,
        }
        for low, high, change in adjustments
    ]
    return {"AdjustmentType": kind, "StepAdjustments": listed, **more}


def test_waiting_requests_wake_one_instance():
    """The metric is 1 where the threshold is 1: at the lower bound, which counts as within."""
    assert stepped(WAKE, beyond=0.0, current=0) == 1
    assert stepped(WAKE, beyond=-0.5, current=0) == 0


@pytest.mark.parametrize(
    ("policy", "beyond", "wanted"),
    [
        (steps("ExactCapacity", (0, 10, 4), (10, 20, 8)), 5, 4),
        (steps("ExactCapacity", (0, 10, 4), (10, 20, 8)), 10, 8),
        (steps("ChangeInCapacity", (0, 10, -2)), 5, 8),
        (steps("PercentChangeInCapacity", (0, 10, 15)), 5, 11),
        (steps("PercentChangeInCapacity", (0, 10, 4)), 5, 11),
        (steps("PercentChangeInCapacity", (0, 10, 15), MinAdjustmentMagnitude=3), 5, 13),
        (steps("PercentChangeInCapacity", (0, 10, -25)), 5, 8),
        (steps("ChangeInCapacity", (0, 10, 5)), 30, 10),
    ],
)
def test_a_step_of_ten_instances(policy: dict[str, Any], beyond: float, wanted: int):
    """Exact, by a change, by a percentage; outside of all steps nothing changes."""
    assert stepped(policy, beyond=beyond, current=10) == wanted


def tracked(*values: float | None, target: float = 5.0) -> Tracked:
    """A metric of these minutes."""
    return Tracked(values=values, target=target)


def test_three_minutes_above_go_out_in_proportion():
    """Twice the target needs twice the instances; from none it is at least one."""
    assert tracked(6, 8, 10).wanted(2) == 4
    assert tracked(6, 8, 10).wanted(0) == 1
    assert tracked(1, 8, 10).wanted(2) == 2
    assert tracked(8, None, 10).wanted(2) == 2


def test_fifteen_minutes_below_go_in():
    """Without backlog to none; a minute at the target, or without data, waits."""
    assert tracked(*[0.0] * 15).wanted(3) == 0
    assert tracked(*[0.0] * 14, 2.4).wanted(4) == 2
    assert tracked(4.9, *[0.0] * 14).wanted(3) == 3
    assert tracked(None, *[0.0] * 14).wanted(3) == 3


@given(
    values=st.lists(st.floats(0, 1e3) | st.none(), max_size=20),
    current=st.integers(0, 50),
    target=st.floats(0.1, 100),
)
def test_tracking_never_goes_out_below_the_target_nor_in_above_it(
    values: list[float | None], current: int, target: float
):
    """Whatever the values are."""
    wanted = Tracked(values=values, target=target).wanted(current)
    if wanted > current:
        assert all(v is not None and v > target for v in values[-3:])
    if wanted < current:
        assert all(v is not None and v < target for v in values[-15:])


def test_bounds_hold():
    """Zero is a bound like any other."""
    assert [Bounds(least=0, most=2).within(n) for n in (-1, 0, 1, 5)] == [0, 0, 1, 2]
