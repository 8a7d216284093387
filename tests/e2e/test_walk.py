"""The walk by weights and by DNS: a release moves shares between two slots or tracks."""

import time
from collections.abc import Callable

import pytest

from tests.e2e.checks import assert_served_well
from tests.e2e.track_world import TrackWorld
from tests.e2e.walking import (
    NEXT,
    Walk,
    after_the_promotion,
    after_the_roll_back,
    assert_logged,
    before_the_canary,
    broken,
    first_deploy,
    release,
    walked,
)
from tests.e2e.world import BETTER, World

MakeWorld = Callable[[str], World]


@pytest.mark.accept
def test_one_arrow(even_world: World) -> None:
    """A deploy that is rolled back and a plain one change no share and lose no request."""
    walk = Walk(world=even_world)
    with even_world.watched() as seen:
        walk.roll_back(NEXT, after="ReleaseVerify")
        walk.refused(NEXT, because="is live with version")
    assert seen.shares.changes() == [even_world.shares()]
    assert set(seen.door.versions(since=0, until=time.monotonic())) == {even_world.live_label()}
    assert_served_well(seen)


@pytest.mark.accept
def test_the_walk_by_weights(make_world: MakeWorld) -> None:
    """No old or refused version ever gets a share, and no request is lost on the whole way."""
    walk_by_shares(Walk(world=make_world("walk")))


@pytest.mark.accept
def test_the_walk_by_dns(make_tracks: Callable[[str], TrackWorld]) -> None:
    """The same between two tracks: records keep their weights through every deploy."""
    walk_by_shares(Walk(world=make_tracks("track-walk"), endpoint="GreenEndpoint"))


def walk_by_shares(walk: Walk) -> None:
    """All of the way."""
    world = walk.world
    bad = broken(world)
    first_deploy(walk)
    with walked(walk) as seen:
        before_the_canary(walk)
        walk.serves("v1", "v2")
        promoted = release(walk, BETTER)
        walk.serves("v2")
        after_the_promotion(walk, bad)
        walk.serves("v2", "v3")
        rolled_back = release(walk, bad)
        walk.serves("v2")
        after_the_roll_back(walk, bad)
    assert promoted.phase == "promoted", promoted.reason
    assert rolled_back.phase == "rolled-back", rolled_back.reason
    assert_logged(walk, seen, [promoted, rolled_back])
    assert world.shares() == {"blue": 0.0, "green": 100.0}
    assert world.live_label() == "v2"
    assert len(seen.door.served) >= 1_000
