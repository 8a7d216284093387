"""The cloud's clock."""

import json
from pathlib import Path

import pytest

from tidegate_aws.clock import CloudClock


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Where an embedded cloud says that its time runs sixty times faster."""
    file = tmp_path / "clock.json"
    _say(file, rate=60.0)
    return file


def _say(file: Path, *, rate: float) -> None:
    course = {"wall": 1_000.0, "cloud": 2_000.0, "rate": rate, "scale": 60.0}
    file.write_text(json.dumps(course), encoding="utf-8")


def test_without_a_file_it_is_the_wall_s():
    """AWS has one time."""
    assert CloudClock(wall=lambda: 12.5).now() == 12.5


def test_the_embedded_cloud_s_time_runs_as_its_file_says(file: Path):
    """Ten seconds of the wall are ten minutes at rate 60, and ten seconds while the cloud works."""
    clock = CloudClock(file=str(file), wall=lambda: 1_010.0)
    assert clock.now() == 2_600.0
    _say(file, rate=1.0)
    assert clock.now() == 2_010.0


def test_a_pause_is_of_the_cloud_s_clock(file: Path):
    """A minute of a cloud that runs sixty times faster is a second here."""
    slept: list[float] = []
    CloudClock(file=str(file), sleep=slept.append).pause(60.0)
    CloudClock(sleep=slept.append).pause(2.0)
    assert slept == [1.0, 2.0]
