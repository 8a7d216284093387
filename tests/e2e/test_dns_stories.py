"""Releases by DNS on the embedded cloud: real records, real TLS, resolvers that cache."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from cli.users import Load, Users
from emulator.deployer import StackFailedError
from tests.e2e.checks import assert_reported
from tests.e2e.conftest import TIME_SCALE
from tests.e2e.tracks import AUDIENCE, ISSUER, Issuer, Resolver, TrackDoor, issuer
from tests.e2e.watching import WatchedDoor
from tests.e2e.world import BETTER, BROKEN, PROJECT, V1, World, questions, wait_for
from tidegate.slots import Slot
from tidegate.view import ReleaseView

MakeWorld = Callable[[str], World]

RESOLVERS = 24


@pytest.fixture
def tokens() -> Iterator[Issuer]:
    """Who issues tokens."""
    with issuer() as found:
        yield found


def domain_of(world: World) -> str:
    """Under which the model has its name: no two stories share a zone or a front door."""
    return f"{world.model}-story.example.com"


def by_dns(world: World, tokens: Issuer) -> World:
    """A project of its own with two tracks, in a hosted zone of its own."""
    domain = domain_of(world)
    client = world.cloud.session().client("route53")
    made = client.create_hosted_zone(Name=domain, CallerReference=world.model)
    zone = made["HostedZone"]["Id"].removeprefix("/hostedzone/")
    door = (
        f"kind: dns, domain: {domain}, zone_id: {zone}, requests_per_client: 1000000, "
        f"jwt: {{ issuer: {ISSUER}, audience: {AUDIENCE}, jwks: {tokens.jwks} }}"
    )
    world.project_text = (
        PROJECT.replace("project: story", f"project: by-dns-{world.model}")
        .replace("region: us-east-1,", f"region: us-east-1, front_door: {{ {door} }},")
        .replace("strategy: canary", "strategy: canary\n      mechanism: dns")
    )
    return world


def door_of(world: World, tokens: Issuer) -> TrackDoor:
    """Callers behind a population of resolvers."""
    host = f"{world.model}.{domain_of(world)}"
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


def released(world: World, door: TrackDoor, *, ends_on: str) -> tuple[ReleaseView, WatchedDoor]:
    """The release, ended, and every resolver seen on the version that serves then."""
    with asking(world, door) as asked:
        view = world.finish(world.start())
        wait_for(lambda: _all_on(asked, ends_on), seconds=20, what=f"everybody on {ends_on}")
    assert view.unit == "resolver"
    assert_reported(world, view)
    return view, asked


def test_a_good_version_is_promoted_by_dns(make_world: MakeWorld, tokens: Issuer) -> None:
    """No request is lost, and what the pointer says is what the records lead to."""
    world = by_dns(make_world("fares"), tokens)
    world.deploy(V1)
    world.deploy(BETTER)
    view, asked = released(world, door_of(world, tokens), ends_on="v2")
    assert view.phase == "promoted", view.reason
    assert len(asked.served) > 500
    assert asked.lost() == []
    assert weights(world) == {"blue": 0.0, "green": 100.0}
    assert world.live_label() == "v2"


@pytest.mark.accept
def test_a_bad_version_is_rolled_back_by_dns(make_world: MakeWorld, tokens: Issuer) -> None:
    """Nothing is lost but what the bad version itself failed."""
    world = by_dns(make_world("tolls"), tokens)
    world.deploy(V1)
    world.deploy(BROKEN)
    view, asked = released(world, door_of(world, tokens), ends_on="v1")
    assert view.phase == "rolled-back", view.reason
    assert weights(world) == {"blue": 100.0, "green": 0.0}
    assert world.live_label() == "v1"
    failed = {one.digest for one in asked.lost()}
    declaration = world.deployed.store.declaration(world.model)
    assert declaration is not None
    assert failed == {declaration.slots[Slot.GREEN].digest}


@pytest.mark.accept
def test_what_is_released_by_dns_survives_deploys(make_world: MakeWorld, tokens: Issuer) -> None:
    """A promoted version stays through the next deploy; a plain one, made for blue, is refused."""
    world = by_dns(make_world("walk"), tokens)
    world.deploy(V1)
    world.deploy(BETTER)
    door = door_of(world, tokens)
    released(world, door, ends_on="v2")
    with asking(world, door) as asked:
        with pytest.raises(StackFailedError):
            world.deploy_plainly(BROKEN)
        world.deploy(BROKEN)
    assert asked.lost() == []
    assert {one.version for one in asked.served} == {"v2"}
    assert weights(world) == {"blue": 0.0, "green": 100.0}


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
    door.resolvers = (resolver,)
    name = f"blue.{resolver.host}"
    blue = Resolver(cloud=world.cloud, host=name, scale=TIME_SCALE).address()
    # Until its first health check, a track is not known to be healthy.
    wait_for(lambda: resolver.address() == blue, seconds=30, what="an answer with the live track")
    declaration = world.deployed.store.declaration(world.model)
    assert declaration is not None
    assert declaration.tracks is not None
    world.cloud.session().client("sagemaker").delete_endpoint(
        EndpointName=declaration.tracks.endpoints[Slot.BLUE]
    )
    wait_for(lambda: resolver.address() != blue, seconds=30, what="an answer with the other track")
    reply = door.predict(world.model, b'{"draw": 5000}', user="ada")
    assert (reply.status, reply.slot) == (200, "green")
