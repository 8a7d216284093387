"""Releases by DNS on the embedded cloud: real records, real TLS, resolvers that cache."""

from collections.abc import Callable

import pytest

from emulator.deployer import StackFailedError
from tests.e2e.checks import assert_reported, assert_restored_in_time
from tests.e2e.conftest import TIME_SCALE
from tests.e2e.track_world import TrackWorld
from tests.e2e.tracks import Issuer, Resolver
from tests.e2e.watching import WatchedDoor
from tests.e2e.world import BETTER, BROKEN, V1, Watched, wait_for
from tidegate.slots import Slot
from tidegate.view import ReleaseView

MakeTracks = Callable[[str], TrackWorld]


def released(world: TrackWorld, *, ends_on: str) -> tuple[ReleaseView, Watched]:
    """The release, ended, and every resolver seen on the version that serves then."""
    with world.watched() as seen:
        view = world.finish(world.start())
        wait_for(lambda: _all_on(seen.door, ends_on), seconds=20, what=f"everybody on {ends_on}")
    assert view.unit == "resolver"
    assert_reported(world, view)
    return view, seen


@pytest.mark.accept
def test_a_good_version_is_promoted_by_dns(make_tracks: MakeTracks) -> None:
    """No request is lost, and what the pointer says is what the records lead to."""
    world = make_tracks("fares")
    world.deploy(V1)
    world.deploy(BETTER)
    view, seen = released(world, ends_on="v2")
    assert view.phase == "promoted", view.reason
    assert len(seen.door.served) > 500
    assert seen.door.lost() == []
    assert world.shares() == {"blue": 0.0, "green": 100.0}
    assert world.live_label() == "v2"


@pytest.mark.accept
def test_a_bad_version_is_rolled_back_by_dns(make_tracks: MakeTracks) -> None:
    """Nothing is lost but what the bad version itself failed."""
    world = make_tracks("tolls")
    world.deploy(V1)
    world.deploy(BROKEN)
    view, seen = released(world, ends_on="v1")
    assert view.phase == "rolled-back", view.reason
    assert_restored_in_time(view)
    assert world.shares() == {"blue": 100.0, "green": 0.0}
    assert world.live_label() == "v1"
    assert seen.door.lost(failing_percent=world.failing_percent) == []
    failed = {one.digest for one in seen.door.lost()}
    assert failed == {world.declaration.slots[Slot.GREEN].digest}


@pytest.mark.accept
def test_what_is_released_by_dns_survives_deploys(make_tracks: MakeTracks) -> None:
    """A promoted version stays through the next deploy; a plain one, made for blue, is refused."""
    world = make_tracks("walk")
    world.deploy(V1)
    world.deploy(BETTER)
    released(world, ends_on="v2")
    with world.watched() as seen:
        with pytest.raises(StackFailedError):
            world.deploy_plainly(BROKEN)
        world.deploy(BROKEN)
    assert seen.door.lost() == []
    assert {one.version for one in seen.door.served} == {"v2"}
    assert world.shares() == {"blue": 0.0, "green": 100.0}


def _all_on(asked: WatchedDoor, version: str) -> bool:
    last = [one.version for one in asked.served[-100:]]
    return len(last) == 100 and set(last) == {version}


@pytest.mark.accept
def test_nothing_passes_without_a_token_of_the_issuer(
    make_tracks: MakeTracks, tokens: Issuer
) -> None:
    """Nor by another path, nor beyond what a Lambda target takes."""
    world = make_tracks("gate")
    world.deploy(V1)
    door = world.door()
    address, host = door.resolvers[0].address(), door.resolvers[0].host
    path, good = f"/models/{world.model}/predictions", f"Bearer {tokens.token()}"

    def status(asked: str, body: bytes = b'{"draw": 5000}', **headers: str) -> int:
        given = {"host": host, "content-type": "application/json", **headers}
        return door.ask(address, asked, body, headers=given).status

    assert status(path, authorization=good) == 200
    assert status(path) == 401
    assert status(path, authorization=f"Bearer {tokens.token(aud='another')}") == 401
    assert status(path, authorization=f"Bearer {tokens.token(exp=1)}") == 401
    assert status("/models/other/predictions", authorization=good) == 403
    assert status(path, b"1" * 1_000_001, authorization=good) == 413


@pytest.mark.accept
def test_a_track_that_dies_is_taken_out_by_health_evaluation(make_tracks: MakeTracks) -> None:
    """The weights stay as they are; Route 53 answers with the track that is left."""
    world = make_tracks("dies")
    world.deploy(V1)
    door = world.door()
    resolver = door.resolvers[0]
    door.resolvers = (resolver,)
    name = f"blue.{resolver.host}"
    blue = Resolver(cloud=world.cloud, host=name, scale=TIME_SCALE).address()
    # Until its first health check, a track is not known to be healthy.
    wait_for(lambda: resolver.address() == blue, seconds=30, what="an answer with the live track")
    world.cloud.session().client("sagemaker").delete_endpoint(
        EndpointName=f"{world.endpoint_name}-blue"
    )
    wait_for(lambda: resolver.address() != blue, seconds=30, what="an answer with the other track")
    reply = door.predict(world.model, b'{"draw": 5000}', user="ada")
    assert (reply.status, reply.slot) == (200, "green")
