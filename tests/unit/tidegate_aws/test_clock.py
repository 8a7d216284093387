"""The cloud's clock."""

from tidegate_aws.clock import CloudClock
from tidegate_aws.settings import ClockSettings


def test_without_settings_it_is_the_wall_s():
    """AWS has one time."""
    assert CloudClock(wall=lambda: 12.5).now() == 12.5


def test_the_embedded_cloud_s_time_runs_faster_from_its_origin():
    """Ten seconds of the wall are ten minutes at scale 60."""
    settings = ClockSettings(origin=1_000.0, scale=60.0)
    assert CloudClock(settings=settings, wall=lambda: 1_010.0).now() == 1_600.0


def test_a_pause_is_of_the_cloud_s_clock():
    """A minute of a cloud that runs sixty times faster is a second here."""
    slept: list[float] = []
    CloudClock(settings=ClockSettings(origin=0.0, scale=60.0), sleep=slept.append).pause(60.0)
    CloudClock(sleep=slept.append).pause(2.0)
    assert slept == [1.0, 2.0]
