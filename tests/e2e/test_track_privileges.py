"""Least privilege of what only two tracks need: records of Route 53, and the health of a track.

Actions that these functions need for any model are proven by the stories of one endpoint.
"""

import json
import uuid
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pytest

from emulator.server import EmbeddedCloud
from tests.e2e.conftest import EVEN, TIME_SCALE
from tests.e2e.privileges import (
    Grant,
    Role,
    StoryFailedError,
    expect,
    invoke,
    opened,
    prepare_release,
    set_shares,
    shift_traffic,
)
from tests.e2e.test_guardrail_privileges import response_url, stack_id
from tests.e2e.track_world import TrackWorld
from tests.e2e.tracks import issuer
from tests.e2e.world import questions
from tidegate.release import Phase, ReleaseRecord
from tidegate.slots import Slot

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


def _task(record: ReleaseRecord) -> dict[str, Any]:
    return {"release_id": record.release_id, "epoch": record.epoch}


def _live_shares(world: TrackWorld) -> dict[str, int]:
    pointer = world.deployed.store.pointer(world.model)
    assert pointer is not None
    return {pointer.slot.value: 100, pointer.slot.other.value: 0}


def verify_traffic(world: TrackWorld, role: Role) -> None:
    """A change of the records that is in sync is seen, and the step begins."""
    long_ago = world.deployed.target.clock.now() - 3_600
    change = set_shares(world, _live_shares(world))
    with opened(world, announced=True, announced_at=long_ago, change=change) as record:
        expect(invoke(world, role, _task(record)), "bake")


def settle_release(world: TrackWorld, role: Role) -> None:
    """A promotion whose change is in sync moves the pointer and frees the model."""
    change = set_shares(world, _live_shares(world))
    with opened(world, phase=Phase.PROMOTING, change=change) as record:
        expect(invoke(world, role, _task(record)), "report")


def verify_release(world: TrackWorld, role: Role) -> None:
    """A stack that goes gets its records back as its template knows them, or could not delete them.

    What is known of the model is put back afterwards.
    """
    store, declaration = world.deployed.store, world.declaration
    pointer, split = store.pointer(world.model), store.split(world.model)
    assert pointer is not None
    assert split is not None
    assert declaration.tracks is not None
    event = {
        "RequestType": "Delete",
        "StackId": stack_id(world),
        "RequestId": uuid.uuid4().hex,
        "LogicalResourceId": "ReleaseVerify",
        "PhysicalResourceId": world.model,
        "ResourceProperties": {"Model": world.model, "Tracks": declaration.tracks.to_json()},
    }
    try:
        with response_url() as url:
            answer = invoke(world, role, {**event, "ResponseURL": url})
        if answer["Status"] != "SUCCESS":
            raise StoryFailedError(str(answer["Reason"]))
    finally:
        store.put_pointer(pointer)
        store.put_split(split)
        store.put_declaration(declaration)
        set_shares(world, _live_shares(world))


def route_request_blue(world: TrackWorld, role: Role) -> None:
    """The track answers its health check, and a prediction."""
    path = f"/models/{world.model}"
    _through_balancer(world, role, "GET", f"{path}/health")
    body = questions(1)[0].body.decode()
    _through_balancer(world, role, "POST", f"{path}/predictions", body=body)


def _through_balancer(
    world: TrackWorld, role: Role, method: str, path: str, *, body: str = ""
) -> None:
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


Story = Callable[[Any, Role], None]
RECORDS = "route53:"
STORIES: Mapping[str, tuple[Story, str]] = {
    "prepare_release": (prepare_release, RECORDS),
    "shift_traffic": (shift_traffic, RECORDS),
    "verify_traffic": (verify_traffic, RECORDS),
    "settle_release": (settle_release, RECORDS),
    "verify_release": (verify_release, RECORDS),
    f"route_request_{Slot.BLUE}": (route_request_blue, ""),
}
"""The story of each function, and what the actions that it is about begin with."""


@pytest.mark.parametrize("package", STORIES)
def test_each_action_is_needed(tracks: TrackWorld, package: str) -> None:
    """With its role intact a function's story goes well; without any one action, it fails."""
    story, begins = STORIES[package]
    role = Role(world=tracks, package=package)
    role.start_cold()
    story(tracks, role)

    about = [grant for grant in role.grants() if grant.action.startswith(begins)]
    unneeded: list[Grant] = []
    for grant in about:
        if grant.action.startswith("logs:"):
            # The embedded cloud writes logs itself: REQUIRED_NOT_EXERCISED has the source.
            continue
        with role.without(grant):
            if _goes_well(tracks, role, story):
                unneeded.append(grant)
    assert about
    assert unneeded == []


def _goes_well(world: TrackWorld, role: Role, story: Story) -> bool:
    try:
        story(world, role)
    except StoryFailedError:
        return False
    return True
