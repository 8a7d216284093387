"""Instances of one group, replaced one by one by instance refreshes while the judge looks on."""

from collections.abc import Callable, Iterator

import pytest

from tests.e2e.checks import assert_reported
from tests.e2e.fleets import FleetWorld, rolled
from tests.e2e.leaving import remove_stacks
from tests.e2e.world import BETTER, BROKEN, V1, World, wait_for

pytestmark = pytest.mark.accept

SIZE = 4


@pytest.fixture
def world(make_world: Callable[[str], World]) -> Iterator[FleetWorld]:
    """A model on four instances in one group."""
    made = rolled(make_world("roller"), count=SIZE, batch_percent=25)
    yield made
    remove_stacks(made.cloud, f"{made.project}-")


def versions(world: FleetWorld) -> dict[str, int]:
    """How many instances of the group run what each slot has."""
    (group,) = world.one_group()
    slots = [one["LaunchTemplate"]["LaunchTemplateName"].split("-")[-2] for one in group]
    return {slot: slots.count(slot) for slot in sorted(set(slots))}


def test_instances_are_replaced_one_by_one_and_brought_back(world: FleetWorld) -> None:
    """A good version ends on every instance, a bad one on none; users lose nothing of their own."""
    world.deploy(V1)
    assert versions(world) == {"blue": SIZE}
    world.deploy(BETTER)
    assert versions(world) == {"blue": SIZE}
    with world.watched(count=10, pause_seconds=0.4) as seen:
        promoted = world.finish(world.start())
        assert promoted.phase == "promoted", promoted.reason
        wait_for(lambda: versions(world) == {"green": SIZE}, seconds=60, what="the last batch")
    assert_reported(world, promoted)
    assert seen.door.lost() == []
    shares = [one.get("green", 0.0) for one in seen.shares.served_shares()]
    assert shares == [0.0, 25.0, 50.0, 75.0, 100.0]
    assert world.live_label() == "v2"
    world.deploy(BROKEN)
    with world.watched(count=10, pause_seconds=0.4) as seen:
        back = world.finish(world.start())
        assert back.phase == "rolled-back", back.reason
        wait_for(lambda: versions(world) == {"green": SIZE}, seconds=60, what="the way back")
    assert "errors" in back.reason
    assert seen.door.lost(failing_percent=BROKEN.error_percent) == []
    assert max(one.get("blue", 0.0) for one in seen.shares.served_shares()) <= 75
    assert world.live_label() == "v2"
    # What a rolled-back release left is no obstacle to the next one.
    world.deploy(V1)
    assert versions(world) == {"green": SIZE}
