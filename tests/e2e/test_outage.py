"""A candidate that fails at everything is off the users within a few of its requests."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from emulator.server import EmbeddedCloud
from emulator.settings import Settings
from tests.e2e.checks import assert_log_is_complete, assert_reported
from tests.e2e.world import V1, Behaviour, World
from tidegate.observation import Observation

TIME_SCALE = 10.0
"""Slower than other stories: an interval and its lag are 9 s of the wall, an early look 1.5, so
that it is no matter of luck which of them is first."""

DEAD = Behaviour(name="v5", error_percent=100)

ENOUGH = 25
"""Requests of the candidate until it is judged, and again until it is off: ten is what it takes.

In an interval and its lag it would serve thirty-five, and as many again before those are judged.
"""


@pytest.fixture
def slow_world(tmp_path: Path) -> Iterator[World]:
    """A world on a cloud of its own, whose minutes take six seconds."""
    settings = Settings(time_scale=TIME_SCALE, state_directory=tmp_path / "cloud")
    with EmbeddedCloud.start(settings) as cloud:
        yield World(cloud=cloud, folder=tmp_path, model="outage")


@pytest.mark.accept
def test_a_total_outage_is_rolled_back_inside_an_interval(slow_world: World) -> None:
    """There are looks at open intervals, and few requests met the outage when one decided."""
    world = slow_world
    world.deploy(V1)
    world.deploy(DEAD)

    with world.watched(count=16, pause_seconds=1.0) as seen:
        view = world.finish(world.start())

    assert view.phase == "rolled-back", view.reason
    assert "error" in view.reason
    assert_reported(world, view)
    assert_log_is_complete(world, view, seen)
    looks = [look for look in world.deployed.looks.looks(view.release_id) if look.verdict]
    assert any(look.early for look in looks)
    judged = candidates(looks[-1].given, view.candidate.slot)
    served = candidates(world.deployed.counters.read(view.release_id), view.candidate.slot)
    assert judged <= ENOUGH
    assert served - judged <= ENOUGH


def candidates(observations: tuple[Observation, ...], slot: str) -> int:
    """Requests that the candidate served as evidence."""
    return sum(o.requests for o in observations if o.key.slot == slot and o.evidence)
