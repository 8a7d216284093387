"""Least privilege of asynchronous models: the router's queue, the collector, and the containers."""

import json
import uuid
from collections.abc import Iterator
from typing import Any

import pytest

from emulator.server import EmbeddedCloud
from tests.e2e.later import LaterWorld, answering_later
from tests.e2e.leaving import remove_stacks
from tests.e2e.privileges import invoke, opened
from tests.e2e.roles import DeployedRole, Prover, Role, StoryFailedError, client
from tests.e2e.world import V1, Behaviour, World, questions, wait_for
from tidegate.asynchronous import INPUTS, TICKETS
from tidegate.loop.task import split_of
from tidegate.observation import Unit
from tidegate.requestlog import ServedLine, tally_key
from tidegate.split import NO_RELEASE
from tidegate.tickets import Ticket

pytestmark = pytest.mark.accept

LATE = 5.0
"""After how many seconds of the wall an answer that is not there is missed."""


@pytest.fixture(scope="module")
def world(
    story_cloud: EmbeddedCloud, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[LaterWorld]:
    """An asynchronous model with a version in each slot."""
    plain = World(cloud=story_cloud, folder=tmp_path_factory.mktemp("later"), model="later-roles")
    made = answering_later(plain)
    made.deploy(V1)
    made.deploy(Behaviour(name="v2"))
    yield made
    remove_stacks(story_cloud, f"{made.project}-")


def _event(world: World, *, body: str = "", prediction_id: str | None = None) -> dict[str, Any]:
    named = {} if prediction_id is None else {"id": prediction_id}
    return {
        "pathParameters": {"model": world.model, **named},
        "headers": {"content-type": "application/json", "x-tidegate-user": uuid.uuid4().hex},
        "body": body,
        "isBase64Encoded": False,
    }


def submit_and_fetch(world: World, role: Role) -> None:
    """A user of a release submits, and fetches the answer."""
    with opened(world) as record:
        world.deployed.store.put_split(split_of(record, settling=False))
        told = invoke(world, role, _event(world, body=questions(1)[0].body.decode()))
        _expect(told, 202)
        id_ = told["headers"]["x-tidegate-prediction-id"]

        def answered() -> bool:
            found = invoke(world, role, _event(world, prediction_id=id_))
            _expect(found, 200, 202)
            return bool(found["statusCode"] == 200)

        _in_time(answered, "an answer")


def _expect(answer: dict[str, Any], *statuses: int) -> None:
    if answer["statusCode"] not in statuses:
        raise StoryFailedError(json.dumps(answer))


def _in_time(probe: Any, what: str) -> None:
    try:
        wait_for(probe, seconds=LATE, what=what)
    except AssertionError as error:
        raise StoryFailedError(str(error)) from error


def collect(world: World, role: Role) -> None:
    """A result is counted for the ticket of its request."""
    bucket, id_ = _bucket(world), uuid.uuid4().hex
    line = ServedLine(
        model=world.model,
        release_id=f"role-{id_}",
        slot="blue",
        version="v",
        split_version=1,
        settling=False,
        served_at=world.deployed.target.clock.now(),
        status=202,
        milliseconds=0.0,
        client="somebody",
        unit=Unit.USER,
    )
    client(world, "s3").put_object(
        Bucket=bucket,
        Key=f"{TICKETS}/{id_}.json",
        Body=Ticket(prediction_id=id_, line=line).to_text().encode(),
    )
    message = {
        "eventName": "InferenceResult",
        "eventTime": "2027-01-01T00:00:02.000Z",
        "receivedTime": "2027-01-01T00:00:01.000Z",
        "invocationStatus": "Completed",
        "inferenceId": id_,
        "requestParameters": {
            "endpointName": f"{world.endpoint_name}-blue",
            "inputLocation": f"s3://{bucket}/{INPUTS}/{id_}",
        },
    }
    event = {"Records": [{"Sns": {"Message": json.dumps(message)}}]}
    if invoke(world, role, event) != {"counted": 1, "known": 0, "nobody": 0}:
        raise StoryFailedError("the result was not counted")


def _bucket(world: World) -> str:
    declared = world.declaration.tracks
    assert declared is not None
    assert declared.asynchronous is not None
    return declared.asynchronous.bucket


def answer_and_tell(world: World, _role: DeployedRole) -> None:
    """Both slots answer, and both are heard of."""
    assert isinstance(world, LaterWorld)
    place, door = world.place(V1), world.front_door()
    before = _counted(world)
    asked = []
    for slot in ("blue", "green"):
        token = place.slot_token(world.model, slot)
        reply = door.predict(world.model, questions(1)[0].body, slot_token=token)
        assert reply.prediction_id is not None
        asked.append(reply.prediction_id)
    _in_time(
        lambda: all(door.answer(world.model, id_).status == 200 for id_ in asked), "both answers"
    )
    _in_time(lambda: _counted(world) == before + 2, "news of both answers")


def _counted(world: World) -> int:
    key = tally_key(model=world.model, release_id=NO_RELEASE)
    return sum(seen.requests for seen in world.deployed.counters.read(key))


def test_each_right_of_the_router_is_needed(world: World, prover: Prover) -> None:
    """What it needs for any model is proven elsewhere; the rest is about queues and buckets."""
    role = Role(world=world, package="route_request")
    prover.prove(
        "route_request_later",
        role,
        {"submit_and_fetch": submit_and_fetch},
        about=lambda r: r.action.endswith("Async") or "s3:" in r.action or "Put" in r.action,
    )


def test_each_right_of_the_collector_is_needed(world: World, prover: Prover) -> None:
    """It reads tickets, and counts."""
    role = Role(world=world, package="collect_answer")
    prover.prove("collect_answer", role, {"collect": collect})


def test_each_right_of_the_containers_is_needed(world: World, prover: Prover) -> None:
    """They read inputs, write answers, and tell of them."""
    role = DeployedRole(world=world, role_id="ExecutionRole", stack=world.hosting_stack)
    prover.prove(
        "containers_later",
        role,
        {"answer_and_tell": answer_and_tell},
        about=lambda r: "Answer" in r.resource,
    )
