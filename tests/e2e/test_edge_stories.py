"""Stories of edge fleets: rings of devices, real models on ONNX Runtime, one offline device."""

from pathlib import Path

import pytest

from emulator.server import EmbeddedCloud
from emulator.settings import Settings
from tests.e2e.edge import FLEET, EdgeWorld
from tidegate.release import Phase

pytestmark = pytest.mark.accept

SCALE = 24.0
DEVICES = 30


@pytest.fixture(scope="module")
def edge_cloud(tmp_path_factory: pytest.TempPathFactory) -> EmbeddedCloud:
    """A cloud whose minutes take two and a half seconds: thirty devices report in each."""
    folder = tmp_path_factory.mktemp("edge-cloud")
    with EmbeddedCloud.start(Settings(time_scale=SCALE, state_directory=folder)) as cloud:
        yield cloud


def test_a_good_version_reaches_all_and_a_bad_one_never_leaves_the_first_ring(
    edge_cloud: EmbeddedCloud, tmp_path: Path
):
    """v2 is promoted ring by ring, also to a device that was away; v3 is taken back from ring 1."""
    world = EdgeWorld(cloud=edge_cloud, folder=tmp_path, project="rings")
    world.deploy("v1")
    things = world.enrol(DEVICES)
    away = world.fleet.things(3)[0]
    with world.running(things):
        world.all_run("v1")
        world.switch(away, off=True)

        world.deploy("v2")
        world.all_run("v1", but=(away,))
        view = world.until(world.release(), lambda view: view.over)
        assert view.phase == Phase.PROMOTED.value, view
        world.all_run("v2", but=(away,))
        world.switch(away, off=False)
        world.all_run("v2")

        world.deploy("v3")
        release = world.release()
        seen: set[tuple[int, str]] = set()

        def over(view: object) -> bool:
            seen.update((ring.number, one.label) for ring in world.rings() for one in ring.devices)
            return bool(view.over)  # type: ignore[attr-defined]

        view = world.until(release, over)
        assert view.phase == Phase.ROLLED_BACK.value, view
        assert (1, "v3") in seen
        assert not {(2, "v3"), (3, "v3")} & seen
        world.all_run("v2")
        assert world.where.deployed().store.pointer(FLEET).version.label == "v2"


def test_a_version_that_does_not_start_is_taken_back(edge_cloud: EmbeddedCloud, tmp_path: Path):
    """It never reports: what devices fail without saying so is counted from the roster."""
    world = EdgeWorld(cloud=edge_cloud, folder=tmp_path, project="broken")
    world.deploy("v1")
    things = world.enrol(12)
    with world.running(things, processes=2):
        world.all_run("v1")
        world.deploy("v4")
        view = world.until(world.release(), lambda view: view.over)
        assert view.phase == Phase.ROLLED_BACK.value, view
        world.all_run("v1")
