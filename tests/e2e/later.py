"""A world whose model answers later, and callers who come back for their answers."""

import threading
import time
from dataclasses import dataclass, replace
from typing import Any

from cli.frontdoor import FrontDoor, Reply, door_of
from tests.e2e.watching import Source
from tests.e2e.world import PROJECT, World, wait_for

_WAITING = 202
_ASK_AGAIN_SECONDS = 0.4
_PAUSE = threading.Event()


@dataclass(slots=True, kw_only=True)
class PatientDoor:
    """The front door, asked until it has the answer; status 202 where none came in time."""

    door: FrontDoor
    seconds: float = 60.0

    def predict(self, model: str, body: bytes, **options: Any) -> Reply:
        """The answer, under the names that the ticket has."""
        ticket = self.door.predict(model, body, **options)
        if ticket.status != _WAITING or ticket.prediction_id is None:
            return ticket
        deadline = time.monotonic() + self.seconds
        _PAUSE.wait(_ASK_AGAIN_SECONDS)
        reply = self.door.answer(model, ticket.prediction_id)
        while reply.status == _WAITING and time.monotonic() < deadline:
            _PAUSE.wait(_ASK_AGAIN_SECONDS)
            reply = self.door.answer(model, ticket.prediction_id)
        return replace(
            reply,
            prediction_id=ticket.prediction_id,
            slot=ticket.slot,
            version=ticket.version,
        )

    def record_outcome(self, prediction_id: str, *, wrong: bool) -> int:
        """Say what became known of a prediction."""
        return self.door.record_outcome(prediction_id, wrong=wrong)


HOSTING = "hosting: { instance_type: ml.t2.medium, start_timeout: 60m }"
LATER = """hosting:
      instance_type: ml.t2.medium
      start_timeout: 60m
      asynchronous: { max_concurrency: 8, waiting_timeout: 5m, processing_timeout: 5m }"""
FIRST_STEP = "        - { share_percent: 25, bake: 4m }\n"
OUTCOMES = "        outcomes: { margin: 0.15 }\n"
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

    def __init__(self, world: World) -> None:
        self._world = world

    def look(self) -> tuple[str, dict[str, float]]:
        """Which deploy serves, and share by slot."""
        split = self._world.deployed.store.split(self._world.model)
        assert split is not None
        return " ".join(sorted(split.digests.values())), dict(split.shares)

    def artifacts(self, config: str) -> dict[str, str]:
        """Nothing: the queues' own endpoints say what they run."""
        return {"digests": config}


def answering_later(plain: World) -> LaterWorld:
    """A world of the same model, with a project of its own, on asynchronous endpoints."""
    text = PROJECT.replace("project: story", f"project: later-{plain.model}")
    for old, new in (
        (HOSTING, LATER),
        (NOT_LATER, ""),
        ("strategy: canary", "strategy: canary\n      split: router"),
        (FIRST_STEP, ""),
        ("errors: { margin: 0.05 }", "errors: { margin: 0.15 }"),
        (OUTCOMES, ""),
    ):
        assert old in text
        text = text.replace(old, new)
    return LaterWorld(cloud=plain.cloud, folder=plain.folder, model=plain.model, project_text=text)
