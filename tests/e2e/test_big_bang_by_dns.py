"""Big bangs between two tracks: everything shifts at once, and comes back if it must."""

from collections.abc import Callable

import pytest

from tests.e2e.checks import assert_reported, assert_restored_in_time
from tests.e2e.track_world import TrackWorld
from tests.e2e.world import BROKEN, V1, Behaviour, wait_for
from tidegate.slots import Slot

pytestmark = pytest.mark.accept

MakeTracks = Callable[[str], TrackWorld]

CANARY = """\
      strategy: canary
      mechanism: dns
      steps:
        - { share_percent: 25, bake: 4m }
        - { share_percent: 50, bake: 4m }
"""
OUTCOMES = "        outcomes: { margin: 0.15 }\n"


def switched(world: TrackWorld, candidate: Behaviour) -> TrackWorld:
    """The world whose project releases by a big bang, with this candidate on its idle track."""
    for old, new in (
        (CANARY, "      strategy: big-bang\n      mechanism: dns\n      bake: 6m\n"),
        (OUTCOMES, ""),
    ):
        assert old in world.project_text
        world.project_text = world.project_text.replace(old, new)
    world.deploy(V1)
    world.deploy(candidate)
    return world


def test_a_good_version_has_everything_at_once_and_keeps_it(make_tracks: MakeTracks) -> None:
    """One shift, no request lost, and the old track stays until the bake ends."""
    world = switched(make_tracks("switch"), Behaviour(name="v2"))
    with world.watched() as seen:
        view = world.finish(world.start())
    assert view.phase == "promoted", view.reason
    assert_reported(world, view)
    assert seen.shares.served_shares() == [{"blue": 100.0}, {"green": 100.0}]
    assert seen.door.lost() == []
    assert {one.version for one in seen.door.served} == {"v1", "v2"}
    assert "of which no more is claimed than that" in view.reason
    assert world.live_label() == "v2"


def test_a_bad_version_is_taken_back(make_tracks: MakeTracks) -> None:
    """The track that waited has everything again; nothing is lost but the version's own errors."""
    world = switched(make_tracks("switch-back"), BROKEN)
    with world.watched() as seen:
        # What the live version does by itself is what the candidate is held to.
        wait_for(lambda: len(seen.door.served) > 300, seconds=60, what="traffic of v1")
        view = world.finish(world.start())
    assert view.phase == "rolled-back", view.reason
    assert "errors are" in view.reason
    assert_restored_in_time(view)
    assert_reported(world, view)
    assert seen.shares.served_shares() == [{"blue": 100.0}, {"green": 100.0}, {"blue": 100.0}]
    assert seen.door.lost(failing_percent=world.failing_percent) == []
    failed = {one.digest for one in seen.door.lost()}
    assert failed <= {world.declaration.slots[Slot.GREEN].digest}
    assert world.live_label() == "v1"
