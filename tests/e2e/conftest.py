"""One embedded cloud for all stories of a session; each story has a model of its own on it."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from cli.verbs import abort_release
from emulator.server import EmbeddedCloud
from emulator.settings import Settings
from tests.e2e.browsing import browser, open_tab
from tests.e2e.leaving import remove_stacks
from tests.e2e.roles import Prover
from tests.e2e.track_world import TrackWorld
from tests.e2e.tracks import Issuer, issuer
from tests.e2e.world import BROKEN, V1, Behaviour, World

__all__ = ["browser", "open_tab"]
"""Fixtures of other files that every story may use."""

TIME_SCALE = 240.0

EVEN = (
    Behaviour(name="even-a", wrong_percent=4),
    Behaviour(name="even-b", wrong_percent=4),
)
"""Two versions as good as one another: whichever is idle, its release promotes it."""


@pytest.fixture(scope="session")
def story_cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedCloud]:
    """A cloud whose minutes take half a second."""
    folder = tmp_path_factory.mktemp("cloud")
    with EmbeddedCloud.start(Settings(time_scale=TIME_SCALE, state_directory=folder)) as cloud:
        yield cloud


@pytest.fixture(scope="session")
def batch_cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedCloud]:
    """A cloud whose minutes take a second: a container of a job has thirty of them to start."""
    folder = tmp_path_factory.mktemp("batch-cloud")
    with EmbeddedCloud.start(Settings(time_scale=60.0, state_directory=folder)) as cloud:
        yield cloud


@pytest.fixture
def make_world(story_cloud: EmbeddedCloud, tmp_path: Path) -> Iterator[Callable[[str], World]]:
    """Worlds on the shared cloud, by the name of their model; they go with their story."""
    made: list[World] = []

    def make(model: str) -> World:
        made.append(World(cloud=story_cloud, folder=tmp_path, model=model))
        return made[-1]

    yield make
    for world in made:
        remove_stacks(story_cloud, world.hosting_stack)


@pytest.fixture
def tokens() -> Iterator[Issuer]:
    """Who issues tokens."""
    with issuer() as found:
        yield found


@pytest.fixture
def make_tracks(
    story_cloud: EmbeddedCloud, tmp_path: Path, tokens: Issuer
) -> Iterator[Callable[[str], TrackWorld]]:
    """Worlds with two tracks on the shared cloud, by model; they go with their story."""
    made: list[TrackWorld] = []

    def make(model: str) -> TrackWorld:
        world = TrackWorld(
            cloud=story_cloud, folder=tmp_path, model=model, tokens=tokens, scale=TIME_SCALE
        )
        made.append(world)
        return world

    yield make
    for world in made:
        remove_stacks(story_cloud, f"{world.project}-")


@pytest.fixture(scope="session")
def even_model(story_cloud: EmbeddedCloud, tmp_path_factory: pytest.TempPathFactory) -> World:
    """A model deployed once, with equally good versions in its slots."""
    return _deployed(story_cloud, tmp_path_factory.mktemp("even"), EVEN)


@pytest.fixture(scope="session")
def bad_model(story_cloud: EmbeddedCloud, tmp_path_factory: pytest.TempPathFactory) -> World:
    """A model deployed once, with a broken version in its idle slot."""
    return _deployed(story_cloud, tmp_path_factory.mktemp("bad"), (V1, BROKEN))


@pytest.fixture
def even_world(even_model: World) -> Iterator[World]:
    """A model whose idle version will be promoted; no release of it is left open."""
    yield even_model
    end_open_release(even_model)


@pytest.fixture
def bad_world(bad_model: World) -> Iterator[World]:
    """A model whose idle version will be rolled back; no release of it is left open."""
    yield bad_model
    end_open_release(bad_model)


def end_open_release(world: World) -> None:
    """Nobody holds the model: what a failed story left open is taken back."""
    holder = world.deployed.store.lock_holder(world.model)
    if holder is not None:
        abort_release(world.deployed, holder, why="its story is over")
        world.until(holder, lambda view: view.over)


def _deployed(cloud: EmbeddedCloud, folder: Path, versions: tuple[Behaviour, ...]) -> World:
    world = World(cloud=cloud, folder=folder, model=folder.name.rstrip("0123456789"))
    for version in versions:
        world.deploy(version)
    return world


@pytest.fixture
def prover(request: pytest.FixtureRequest) -> Prover:
    """Proves least privilege; with `--write-proofs` what it proves is kept."""
    return Prover(write=bool(request.config.getoption("--write-proofs")))
