"""A release of an asynchronous model: two queues, answers that come later, and a judge of them."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest

from cli.frontdoor import FrontDoor, door_of
from tests.e2e.checks import assert_reported
from tests.e2e.later import PatientDoor
from tests.e2e.leaving import remove_stacks
from tests.e2e.watching import Source
from tests.e2e.world import BROKEN, PROJECT, V1, Behaviour, World, wait_for
from tidegate.split import NO_RELEASE

pytestmark = pytest.mark.accept

GOOD = Behaviour(name="v2")
HOSTING = "hosting: { instance_type: ml.t2.medium, start_timeout: 60m }"
LATER = """hosting:
      instance_type: ml.t2.medium
      start_timeout: 60m
      asynchronous: { max_concurrency: 8, waiting_timeout: 15m, processing_timeout: 10m }"""
NOT_LATER = "        latency: { margin: 0.25, tolerated_slowdown: 3.0 }\n"


@dataclass(slots=True, kw_only=True)
class LaterWorld(World):
    """A world whose model answers later."""

    def front_door(self) -> FrontDoor:
        """A client that does not wait."""
        return door_of(self.deployed.target, url=self.deployed.api_url)

    def door(self) -> PatientDoor:
        """A client that waits for answers."""
        return PatientDoor(door=self.front_door())

    def shares_source(self) -> Source:
        """A witness looks at what the router reads."""
        return SplitOfAModel(self)

    def instances(self, slot: str) -> int:
        """How many instances a slot has now."""
        client = self.cloud.session().client("sagemaker")
        told = client.describe_endpoint(EndpointName=f"{self.endpoint_name}-{slot}")
        return int(told["ProductionVariants"][0]["CurrentInstanceCount"])

    def put_to_sleep(self, slot: str) -> None:
        """The slot has no instances, as after a quiet night."""
        client, name = self.cloud.session().client("sagemaker"), f"{self.endpoint_name}-{slot}"
        client.update_endpoint_weights_and_capacities(
            EndpointName=name,
            DesiredWeightsAndCapacities=[{"VariantName": slot, "DesiredInstanceCount": 0}],
        )
        wait_for(lambda: self.instances(slot) == 0, seconds=30, what=f"no instances of {slot}")


class SplitOfAModel:
    """The shares in the split document."""

    def __init__(self, world: LaterWorld) -> None:
        self._world = world

    def look(self) -> tuple[str, dict[str, float]]:
        """Which deploy serves, and share by slot."""
        split = self._world.deployed.store.split(self._world.model)
        assert split is not None
        return " ".join(sorted(split.digests.values())), dict(split.shares)

    def artifacts(self, config: str) -> dict[str, str]:
        """Nothing: the queues' own endpoints say what they run."""
        return {"digests": config}


@pytest.fixture
def make_later(
    make_world: Callable[[str], World],
) -> Iterator[Callable[[str], LaterWorld]]:
    """Asynchronous worlds, each with a project of its own."""
    made: list[LaterWorld] = []

    def make(model: str) -> LaterWorld:
        plain = make_world(model)
        assert HOSTING in PROJECT
        assert NOT_LATER in PROJECT
        text = PROJECT.replace("project: story", f"project: later-{model}")
        text = text.replace(HOSTING, LATER).replace(NOT_LATER, "")
        text = text.replace("strategy: canary", "strategy: canary\n      split: router")
        world = LaterWorld(cloud=plain.cloud, folder=plain.folder, model=model, project_text=text)
        made.append(world)
        return world

    yield make
    for world in made:
        remove_stacks(world.cloud, f"{world.project}-")


def test_a_good_version_is_promoted_and_a_bad_one_rolled_back(
    make_later: Callable[[str], LaterWorld],
) -> None:
    """Two queues; the candidate slept and is woken; nothing waits when a step ends.

    Each request is answered by the version that it was submitted to, and counted for that one.
    """
    world = make_later("later")
    world.deploy(V1)
    assert_tickets(world)
    world.deploy(GOOD)
    world.put_to_sleep("green")
    with world.watched() as seen:
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
    with world.watched() as seen:
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
    forged = door.answer(world.model, first.prediction_id[:-2] + "xx")
    assert forged.status == 404
