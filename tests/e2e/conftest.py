"""One embedded cloud for all stories of a session; each story has a model of its own on it."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from emulator.server import EmbeddedCloud
from emulator.settings import Settings
from tests.e2e.world import World

TIME_SCALE = 120.0


@pytest.fixture(scope="session")
def story_cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedCloud]:
    """A cloud whose minutes take half a second."""
    folder = tmp_path_factory.mktemp("cloud")
    with EmbeddedCloud.start(Settings(time_scale=TIME_SCALE, state_directory=folder)) as cloud:
        yield cloud


@pytest.fixture
def make_world(story_cloud: EmbeddedCloud, tmp_path: Path) -> Callable[[str], World]:
    """Worlds on the shared cloud, by the name of their model."""

    def make(model: str) -> World:
        return World(cloud=story_cloud, folder=tmp_path, model=model)

    return make
