"""Least privilege of what only two tracks need: records of Route 53, and the health of a track.

Rights that these functions need for any model are proven by the stories of one endpoint.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

import pytest

from emulator.server import EmbeddedCloud
from tests.e2e.conftest import EVEN, TIME_SCALE
from tests.e2e.leaving import remove_stacks
from tests.e2e.privileges import (
    expect,
    invoke,
    opened,
    prepare_release,
    set_shares,
    shift_traffic,
)
from tests.e2e.roles import Prover, Role, Story, StoryFailedError
from tests.e2e.test_guardrail_privileges import custom_resource
from tests.e2e.track_world import TrackWorld
from tests.e2e.tracks import issuer
from tests.e2e.world import World, questions
from tidegate.release import Phase, ReleaseRecord
from tidegate.slots import PAIR, Slot

pytestmark = pytest.mark.accept


@pytest.fixture(scope="module")
def tracks(
    story_cloud: EmbeddedCloud, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[TrackWorld]:
    """Two tracks with versions as good as one another."""
    with issuer() as tokens:
        made = TrackWorld(
            cloud=story_cloud,
            folder=tmp_path_factory.mktemp("track-roles"),
            model="track-roles",
            tokens=tokens,
            scale=TIME_SCALE,
        )
        for version in EVEN:
            made.deploy(version)
        yield made
        remove_stacks(story_cloud, f"{made.project}-")


def _task(record: ReleaseRecord) -> dict[str, Any]:
    return {"release_id": record.release_id, "epoch": record.epoch}


def _live_shares(world: World) -> dict[str, int]:
    pointer = world.deployed.store.pointer(world.model)
    assert pointer is not None
    return {pointer.slot.value: 100, pointer.slot.other.value: 0}


def verify_records(world: World, role: Role) -> None:
    """A change of the records that is in sync is seen, and the step begins."""
    long_ago = world.deployed.target.clock.now() - 3_600
    change = set_shares(world, _live_shares(world))
    with opened(world, announced=True, announced_at=long_ago, change=change) as record:
        expect(invoke(world, role, _task(record)), "bake")


def settle_records(world: World, role: Role) -> None:
    """A promotion whose change is in sync moves the pointer and frees the model."""
    change = set_shares(world, _live_shares(world))
    with opened(world, phase=Phase.PROMOTING, change=change) as record:
        expect(invoke(world, role, _task(record)), "report")


def reset_records(world: World, role: Role) -> None:
    """A stack that goes gets its records back as its template knows them.

    What is known of the model is put back afterwards.
    """
    store, declaration = world.deployed.store, world.declaration
    pointer, split = store.pointer(world.model), store.split(world.model)
    assert declaration.tracks is not None
    assert pointer is not None
    assert split is not None
    properties = {"Model": world.model, "Tracks": declaration.tracks.to_json()}
    try:
        custom_resource(world, role, "Delete", properties)
    finally:
        if store.pointer(world.model) is None:
            store.put_pointer(replace(pointer, generation=1))
        store.put_split(split)
        store.put_declaration(declaration)
        set_shares(world, _live_shares(world))


def track_answers(world: World, role: Role) -> None:
    """The track answers its health check, and a prediction."""
    path = f"/models/{world.model}"
    _through_balancer(world, role, "GET", f"{path}/health")
    body = questions(1)[0].body.decode()
    _through_balancer(world, role, "POST", f"{path}/predictions", body=body)


def _through_balancer(world: World, role: Role, method: str, path: str, *, body: str = "") -> None:
    event = {
        "requestContext": {"elb": {"targetGroupArn": "arn"}},
        "httpMethod": method,
        "path": path,
        "headers": {"content-type": "application/json", "x-tidegate-user": "ada"},
        "body": body,
        "isBase64Encoded": False,
    }
    answer = invoke(world, role, event)
    if answer["statusCode"] != 200:
        raise StoryFailedError(json.dumps(answer))


RECORDS: Mapping[str, Story] = {
    "prepare_release": prepare_release,
    "shift_traffic": shift_traffic,
    "verify_traffic": verify_records,
    "settle_release": settle_records,
    "verify_release": reset_records,
}
"""The stories of functions that read or change records."""


@pytest.mark.parametrize("package", RECORDS)
def test_each_right_on_records_is_needed(tracks: World, prover: Prover, package: str) -> None:
    """With its role intact a function's story goes well; without any right on records it fails."""
    story = RECORDS[package]
    prover.prove(
        f"{package}_records",
        Role(world=tracks, package=package),
        {f"{package}_of_tracks": story},
        about=lambda right: right.action.startswith("route53:"),
    )


@pytest.mark.parametrize("slot", PAIR)
def test_each_right_of_a_track_is_needed(tracks: World, prover: Prover, slot: Slot) -> None:
    """A router of one track asks its own endpoint, and no other."""
    package = f"route_request_{slot}"
    prover.prove(package, Role(world=tracks, package=package), {"track_answers": track_answers})
