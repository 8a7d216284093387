"""A release of a model on EC2 instances: real processes behind a load balancer, in a network."""

import json
from collections.abc import Callable, Iterator

import pytest

from tests.e2e.checks import assert_reported
from tests.e2e.fleets import FleetWorld, on_instances
from tests.e2e.leaving import remove_stacks
from tests.e2e.world import BETTER, BROKEN, V1, World, wait_for
from tidegate.split import NO_RELEASE

pytestmark = pytest.mark.accept


@pytest.fixture
def world(make_world: Callable[[str], World]) -> Iterator[FleetWorld]:
    """A model on two instances a slot."""
    made = on_instances(make_world("metal"), count=2)
    yield made
    remove_stacks(made.cloud, f"{made.project}-")


def test_a_good_version_is_promoted_and_a_bad_one_rolled_back(world: FleetWorld) -> None:
    """The steps are those of endpoints; no request of a user is lost, whatever is deployed.

    A deploy replaces the idle slot's group and leaves the live one's alone.
    """
    world.deploy(V1)
    assert_answers(world)
    before = world.groups()
    world.deploy(BETTER)
    after = world.groups()
    assert after["blue"]["AutoScalingGroupName"] == before["blue"]["AutoScalingGroupName"]
    assert after["green"]["AutoScalingGroupName"] != before["green"]["AutoScalingGroupName"]
    with world.watched(count=10, pause_seconds=0.4) as seen:
        promoted = world.finish(world.start())
    assert promoted.phase == "promoted", promoted.reason
    assert_reported(world, promoted)
    assert seen.door.lost() == []
    assert {one.version for one in seen.door.served} == {"v1", "v2"}
    assert seen.shares.served_shares()[0] == {"blue": 100.0}
    assert seen.shares.served_shares()[-1] == {"green": 100.0}
    assert world.live_label() == "v2"
    with world.watched(count=10, pause_seconds=0.4) as seen:
        world.deploy(BROKEN)
    assert seen.door.lost() == []
    with world.watched(count=10, pause_seconds=0.4) as seen:
        back = world.finish(world.start())
    assert back.phase == "rolled-back", back.reason
    assert "errors" in back.reason
    assert seen.door.lost(failing_percent=BROKEN.error_percent) == []
    assert world.live_label() == "v2"
    split = world.deployed.store.split(world.model)
    assert split is not None
    assert (split.shares, split.release_id) == ({"green": 100, "blue": 0}, NO_RELEASE)


def test_a_fleet_that_nobody_asks_sleeps_and_wakes(
    make_world: Callable[[str], World],
) -> None:
    """The next request starts it, and a release wakes the slot that it needs."""
    world = on_instances(make_world("tired"), idle_stop="30m")
    try:
        world.deploy(V1)
        wait_for(lambda: set(world.capacity().values()) == {0}, seconds=180, what="sleep")
        body = json.dumps({"draw": 5}).encode()
        # Instances that leave may still answer what is under way.
        wait_for(lambda: world.door().predict(world.model, body).status == 502, seconds=60, what="")
        assert world.capacity() == {"blue": 1, "green": 0}
        awake = lambda: world.door().predict(world.model, body).status == 200  # noqa: E731
        wait_for(awake, seconds=120, what="an answer after the sleep")
        # A deploy may take longer than half an hour of this cloud's, in which nobody asks.
        world.project_text = world.project_text.replace("idle_stop: 30m", "idle_stop: 24h")
        world.deploy(BETTER)
        wait_for(awake, seconds=120, what="an answer after the deploy")
        name = world.groups()["green"]["AutoScalingGroupName"]
        world.cloud.session().client("autoscaling").set_desired_capacity(
            AutoScalingGroupName=name, DesiredCapacity=0
        )
        with world.watched(count=10, pause_seconds=0.4) as seen:
            promoted = world.finish(world.start())
        assert promoted.phase == "promoted", promoted.reason
        assert seen.door.lost() == []
    finally:
        remove_stacks(world.cloud, f"{world.project}-")


def assert_answers(world: FleetWorld) -> None:
    """The live slot answers before any release; a request that the model refuses keeps its status.

    Prediction ids are signed as ever.
    """
    reply = world.door().predict(world.model, json.dumps({"draw": 5}).encode(), user="u")
    assert (reply.status, reply.slot) == (200, "blue")
    assert json.loads(reply.body)["version"] == "v1"
    assert reply.prediction_id is not None
    bad = world.door().predict(world.model, b"not json", user="u")
    assert bad.status in {400, 502}
