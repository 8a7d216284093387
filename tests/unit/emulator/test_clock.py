from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emulator.clock import CloudClock


def _wall(seconds: float) -> Callable[[], float]:
    return lambda: seconds


@given(st.floats(1, 1000), st.floats(0, 1e6))
def test_runs_scale_times_faster(scale: float, passed: float):
    """After some wall time the cloud's time has advanced that much times the scale."""
    clock = CloudClock(origin_seconds=1000.0, scale=scale, wall=_wall(1000.0 + passed))

    # Seconds since the epoch are floats: a microsecond is as fine as they go here.
    assert clock.now() - 1000.0 == pytest.approx(passed * scale, abs=1e-6)


@given(st.floats(1, 1000), st.floats(0, 1e6))
def test_wall_seconds_shrink_by_the_scale(scale: float, cloud_seconds: float):
    """A stretch of cloud time takes the wall that much less."""
    clock = CloudClock(origin_seconds=0.0, scale=scale)

    assert clock.wall_seconds(cloud_seconds) * scale == pytest.approx(cloud_seconds)


def test_environment_round_trip():
    """Another process reads the same clock from the environment."""
    clock = CloudClock(origin_seconds=1234.5, scale=60.0)

    assert CloudClock.from_environment(clock.environment()) == clock


def test_no_environment_is_wall_time():
    """Without the variables cloud time is wall time."""
    clock = CloudClock.from_environment({})

    assert clock.scale == 1.0


@pytest.mark.parametrize("scale", [0.0, 0.5, -1.0, float("nan"), float("inf")])
def test_refuses_scales_below_one(scale: float):
    """A scale that would slow, stop or turn back time is refused with its value."""
    with pytest.raises(ValueError, match=str(scale)):
        CloudClock(origin_seconds=0.0, scale=scale)
