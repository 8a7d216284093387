"""Releases by DNS on the embedded cloud: real records, real TLS, resolvers that cache."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from cli.users import Load, Users
from tests.e2e.checks import assert_reported
from tests.e2e.conftest import TIME_SCALE
from tests.e2e.tracks import AUDIENCE, ISSUER, Issuer, Resolver, TrackDoor, issuer
from tests.e2e.watching import WatchedDoor
from tests.e2e.world import BETTER, BROKEN, PROJECT, V1, World, questions, wait_for
from tidegate.observation import Unit, limits_of
from tidegate.slots import Slot

MakeWorld = Callable[[str], World]

DOMAIN = "tracks.example.com"
RESOLVERS = 24


@pytest.fixture
def tokens() -> Iterator[Issuer]:
    """Who issues tokens."""
    with issuer() as found:
        yield found


def by_dns(world: World, tokens: Issuer) -> World:
    """The project with two tracks, in a hosted zone of its own."""
    client = world.cloud.session().client("route53")
    made = client.create_hosted_zone(Name=DOMAIN, CallerReference=world.model)
    zone = made["HostedZone"]["Id"].removeprefix("/hostedzone/")
    door = (
        f"kind: dns, domain: {DOMAIN}, zone_id: {zone}, requests_per_client: 1000000, "
        f"jwt: {{ issuer: {ISSUER}, audience: {AUDIENCE}, jwks: {tokens.jwks} }}"
    )
    world.project_text = (
        PROJECT.replace("project: story", "project: paths")
        .replace("{ region: us-east-1 }", f"{{ region: us-east-1, front_door: {{ {door} }} }}")
        .replace("strategy: canary", "strategy: canary\n      mechanism: dns")
    )
    return world


def door_of(world: World, tokens: Issuer) -> TrackDoor:
    """Callers behind a population of resolvers."""
    host = f"{world.model}.{DOMAIN}"
    return TrackDoor(
        api=world.door(),
        resolvers=tuple(
            Resolver(cloud=world.cloud, host=host, scale=TIME_SCALE) for _ in range(RESOLVERS)
        ),
        cloud=world.cloud,
        token=tokens.token(),
    )


@contextmanager
def asking(world: World, door: TrackDoor) -> Iterator[WatchedDoor]:
    """A crowd asks while the block runs."""
    watched = WatchedDoor(door)  # type: ignore[arg-type]  # it is asked like a FrontDoor
    load = Load(model=world.model, users=10, pause_seconds=0.05, truth_delay_seconds=(0.1, 1.0))
    users = Users(watched, questions(2_000), load)
    users.start()
    try:
        yield watched
    finally:
        users.stop()
    assert users.ledger.unanswered == 0


def weights(world: World) -> dict[str, float]:
    """What the records say now, in percent."""
    declaration = world.deployed.store.declaration(world.model)
    assert declaration is not None
    return world.deployed.traffic.read(declaration).shares()


@pytest.mark.accept
def test_a_good_version_is_promoted_and_a_bad_one_rolled_back_by_dns(
    make_world: MakeWorld, tokens: Issuer
) -> None:
    """No request is lost, and what the pointer says is what the records lead to."""
    world = by_dns(make_world("fares"), tokens)
    world.deploy(V1)
    world.deploy(BETTER)
    door = door_of(world, tokens)
    with asking(world, door) as asked:
        promoted = world.finish(world.start())
        wait_for(lambda: _all_on(asked, "v2"), seconds=20, what="every resolver on the new track")
    assert promoted.phase == "promoted", promoted.reason
    assert asked.lost() == []
    assert weights(world) == {"blue": 0.0, "green": 100.0}
    assert_reported(world, promoted)

    world.deploy(BROKEN)
    with asking(world, door) as asked:
        back = world.finish(world.start())
        wait_for(lambda: _all_on(asked, "v2"), seconds=20, what="every resolver on the live track")
    assert back.phase == "rolled-back", back.reason
    assert weights(world) == {"blue": 0.0, "green": 100.0}
    assert world.live_label() == "v2"
    assert {one.status for one in asked.lost()} <= {502}
    assert all(one.version == "" for one in asked.lost())
    assert promoted.unit == back.unit == "resolver"
    assert "resolvers were drawn" in limits_of(Unit(promoted.unit))


def _all_on(asked: WatchedDoor, version: str) -> bool:
    last = [one.version for one in asked.served[-100:]]
    return len(last) == 100 and set(last) == {version}


@pytest.mark.accept
def test_nothing_passes_without_a_token_of_the_issuer(
    make_world: MakeWorld, tokens: Issuer
) -> None:
    """Nor by another path, nor beyond what a Lambda target takes."""
    world = by_dns(make_world("gate"), tokens)
    world.deploy(V1)
    door = door_of(world, tokens)
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
def test_a_track_that_dies_is_taken_out_by_health_evaluation(
    make_world: MakeWorld, tokens: Issuer
) -> None:
    """The weights stay as they are; Route 53 answers with the track that is left."""
    world = by_dns(make_world("dies"), tokens)
    world.deploy(V1)
    door = door_of(world, tokens)
    resolver = door.resolvers[0]
    blue = resolver.address()
    declaration = world.deployed.store.declaration(world.model)
    assert declaration is not None
    assert declaration.tracks is not None
    world.cloud.session().client("sagemaker").delete_endpoint(
        EndpointName=declaration.tracks.endpoints[Slot.BLUE]
    )
    wait_for(lambda: resolver.address() != blue, seconds=30, what="an answer with the other track")
    reply = door.predict(world.model, b'{"draw": 5000}', user="ada")
    assert (reply.status, reply.slot) == (200, "green")
