from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emulator.clock import CloudClock, Course, read_course, write_course


def _wall(seconds: float) -> Callable[[], float]:
    return lambda: seconds


@given(st.floats(1, 1000), st.floats(0, 1e6))
def test_runs_as_its_course_says(rate: float, passed: float):
    """After some wall time the cloud's time has advanced that much times the rate."""
    course = Course(wall=1000.0, cloud=5000.0, rate=rate)
    clock = CloudClock(scale=1000.0, course=lambda: course, wall=_wall(1000.0 + passed))

    # Seconds since the epoch are floats: a microsecond is as fine as they go here.
    assert clock.now() - 5000.0 == pytest.approx(passed * rate, abs=1e-6)


@given(st.lists(st.tuples(st.floats(0, 1e4), st.floats(1, 1000)), max_size=5))
def test_a_course_bends_without_a_jump(bends: list[tuple[float, float]]):
    """Whatever rates follow one another, time goes on from where it was, and never back."""
    course = Course(wall=0.0, cloud=0.0, rate=1.0)
    wall = 0.0
    for passed, rate in bends:
        wall += passed
        bent = course.bent(wall, rate)
        assert bent.at(wall) == pytest.approx(course.at(wall))
        assert bent.at(wall + 1.0) >= bent.at(wall)
        course = bent


@given(st.floats(1, 1000), st.floats(0, 1e6))
def test_wall_seconds_shrink_by_the_scale(scale: float, cloud_seconds: float):
    """A stretch of cloud time takes the wall that much less."""
    clock = CloudClock(scale=scale)

    assert clock.wall_seconds(cloud_seconds) * scale == pytest.approx(cloud_seconds)


def test_another_process_reads_the_same_clock(tmp_path: Path):
    """The environment names the file, and the file says how time runs now."""
    file = tmp_path / "clock.json"
    course = Course(wall=1234.5, cloud=2000.0, rate=60.0)
    write_course(file, course, scale=120.0)

    clock = CloudClock.from_environment(CloudClock(file=file).environment())
    assert (clock.scale, clock.course()) == (120.0, course)
    write_course(file, course.bent(1300.0, 1.0), scale=120.0)
    assert clock.course() == read_course(file) == course.bent(1300.0, 1.0)


def test_no_environment_is_wall_time():
    """Without the variable cloud time is wall time."""
    clock = CloudClock.from_environment({})

    assert clock.scale == 1.0
    assert CloudClock(wall=_wall(12.5)).now() == 12.5


@pytest.mark.parametrize("scale", [0.0, 0.5, -1.0, float("nan"), float("inf")])
def test_refuses_scales_below_one(scale: float):
    """A scale that would slow, stop or turn back time is refused with its value."""
    with pytest.raises(ValueError, match=str(scale)):
        CloudClock(scale=scale)
