"""A release of an asynchronous model: two queues, answers that come later, and a judge of them."""

import json
from collections.abc import Callable, Iterator

import pytest

from cli.commands.invoke import CREDITED
from tests.e2e.checks import assert_reported
from tests.e2e.later import LaterWorld, answering_later
from tests.e2e.leaving import remove_stacks
from tests.e2e.world import BROKEN, V1, Behaviour, World
from tidegate.split import NO_RELEASE

pytestmark = pytest.mark.accept

GOOD = Behaviour(name="v2")


@pytest.fixture
def world(make_world: Callable[[str], World]) -> Iterator[LaterWorld]:
    """An asynchronous model."""
    made = answering_later(make_world("later"))
    yield made
    remove_stacks(made.cloud, f"{made.project}-")


def test_a_good_version_is_promoted_and_a_bad_one_rolled_back(world: LaterWorld) -> None:
    """Two queues; the candidate slept and is woken; nothing waits when a step ends.

    Each request is answered by the version that it was submitted to, and counted for that one.
    """
    world.deploy(V1)
    assert_tickets(world)
    world.deploy(GOOD)
    world.put_to_sleep("green")
    with world.watched(count=10, pause_seconds=0.4) as seen:
        promoted = world.finish(world.start())
    assert promoted.phase == "promoted", promoted.reason
    assert_reported(world, promoted)
    assert world.instances("green") >= 1
    assert seen.door.lost() == []
    assert {one.version for one in seen.door.served} == {"v1", "v2"}
    assert seen.shares.served_shares()[0] == {"blue": 100.0}
    assert seen.shares.served_shares()[-1] == {"green": 100.0}
    assert world.live_label() == "v2"
    world.deploy(BROKEN)
    with world.watched(count=10, pause_seconds=0.4) as seen:
        back = world.finish(world.start())
    assert back.phase == "rolled-back", back.reason
    assert "errors" in back.reason
    assert seen.door.lost(failing_percent=BROKEN.error_percent) == []
    assert world.live_label() == "v2"
    split = world.deployed.store.split(world.model)
    assert split is not None
    assert (split.shares, split.release_id) == ({"green": 100, "blue": 0}, NO_RELEASE)


def assert_tickets(world: LaterWorld) -> None:
    """202 with an id; the answer by the id; the same request again is the same ticket."""
    door, body = world.front_door(), json.dumps({"draw": 5}).encode()
    first = door.predict(world.model, body, user="u")
    assert (first.status, json.loads(first.body)["prediction_id"]) == (202, first.prediction_id)
    assert first.prediction_id is not None
    reply = world.door().predict(world.model, body, user="u")
    assert (reply.status, json.loads(reply.body)["version"]) == (200, "v1")
    assert door.record_outcome(first.prediction_id, wrong=False) == CREDITED
    forged = door.answer(world.model, first.prediction_id[:-2] + "xx")
    assert forged.status == 404
