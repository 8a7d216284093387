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
