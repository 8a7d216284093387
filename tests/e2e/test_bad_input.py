"""What goes wrong at the command line is told in a sentence, and leaves nothing half-done.

The real command in a process of its own, in a folder with a project file and an embedded cloud.
"""

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from cli.target import STATE_DIRECTORY
from emulator.deployer import StackFailedError
from emulator.server import STATE_FILE, EmbeddedCloud
from emulator.settings import Settings
from tests.e2e.world import BETTER, V1, Behaviour, World

pytestmark = pytest.mark.accept

FAILED, USAGE, REFUSED, UNREACHABLE = 1, 2, 3, 7
MODEL = "input"
NEVER_HEALTHY = "raise RuntimeError('it cannot be loaded')\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What the command printed, and its exit code."""

    code: int
    out: str
    err: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """A folder in which somebody works: project file, artifacts, an embedded cloud."""

    world: World

    @property
    def folder(self) -> Path:
        """Where commands are run."""
        return self.world.folder

    def tidegate(self, *arguments: str) -> Said:
        """What `tidegate` says to these arguments."""
        done = subprocess.run(
            [sys.executable, "-c", "from cli.main import run; run()", *arguments],
            cwd=self.folder,
            env=_environment(),
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )
        assert "Traceback" not in done.stderr, done.stderr
        return Said(code=done.returncode, out=done.stdout, err=done.stderr)

    def write(self, behaviour: Behaviour) -> Path:
        """The project file of a version, as tidegate.yaml; returns the artifact's folder."""
        path = self.world.place(behaviour).project.path
        path.replace(self.folder / "tidegate.yaml")
        return self.folder / behaviour.name

    def edit(self, old: str, new: str) -> None:
        """The project file says something else."""
        path = self.folder / "tidegate.yaml"
        text = path.read_text()
        assert old in text
        path.write_text(text.replace(old, new))

    def state(self) -> dict[str, Any]:
        """All that a refused command must leave as it was."""
        store = self.world.deployed.store
        client = self.world.cloud.session().client("sagemaker")
        endpoint = client.describe_endpoint(EndpointName=self.world.endpoint_name)
        return {
            "config": endpoint["EndpointConfigName"],
            "status": endpoint["EndpointStatus"],
            "shares": self.world.shares(),
            "pointer": store.pointer(MODEL),
            "declaration": store.declaration(MODEL),
            "split": store.split(MODEL),
            "lock": store.lock_holder(MODEL),
            "releases": store.releases(MODEL),
        }

    def served_by(self) -> str:
        """The version that answers a user now."""
        reply = self.world.door().predict(MODEL, b'{"draw": 5000}')
        assert reply.status == 200, reply
        return str(json.loads(reply.body)["version"])


def _environment() -> dict[str, str]:
    """The shell's environment, with no AWS set-up in it."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith("AWS_")}
    root = Path(__file__).resolve().parents[2]
    return {**kept, "PYTHONPATH": f"{root}{os.pathsep}{root / 'lambda'}", "COLUMNS": "400"}


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """A folder with a cloud that `tidegate` finds, and v1 deployed to it."""
    folder = tmp_path_factory.mktemp("desk")
    state = folder / STATE_DIRECTORY
    with EmbeddedCloud.start(Settings(time_scale=120.0, state_directory=state)) as cloud:
        (state / STATE_FILE).write_text(json.dumps(cloud.record()))
        desk = Desk(world=World(cloud=cloud, folder=folder, model=MODEL))
        desk.write(V1)
        said = desk.tidegate("deploy")
        assert said.code == 0, said.err
        yield desk


@pytest.fixture(autouse=True)
def unchanged(desk: Desk) -> Iterator[None]:
    """Nothing is half-done: whatever the story, all is as it was, and v1 serves."""
    desk.write(V1)
    before = desk.state()
    yield
    assert desk.state() == before
    assert desk.served_by() == "v1"


def test_a_malformed_project_file(desk: Desk) -> None:
    """Every fault is told with file, line, value and what is allowed."""
    desk.edit("share_percent: 25", "share_percent: 130")
    desk.edit("instance_type: ml.t2.medium", "instance_type: t2.medium, colour: red")

    said = desk.tidegate("deploy")

    assert said.code == REFUSED
    lines = [line for line in said.err.splitlines() if "tidegate.yaml:" in line]
    assert len(lines) >= 2, said.err
    assert any("130" in line for line in lines)
    assert any("colour" in line for line in lines)


def test_a_file_that_is_not_yaml(desk: Desk) -> None:
    """A file that cannot be read at all says where."""
    (desk.folder / "tidegate.yaml").write_text("project: [story\n")

    said = desk.tidegate("deploy")

    assert said.code == REFUSED
    assert "is not YAML" in said.err
    assert "line" in said.err


def test_a_missing_artifact(desk: Desk) -> None:
    """An artifact that is not there is named, with how to get it."""
    desk.edit(str(desk.folder / "v1"), str(desk.folder / "nowhere"))

    said = desk.tidegate("deploy")

    assert said.code == REFUSED
    assert "nowhere" in said.err
    assert re.search(r"tidegate.yaml:\d+: .*artifact", said.err), said.err


def test_an_artifact_without_code(desk: Desk) -> None:
    """A framework's artifact without code/ would start a container that serves nothing."""
    empty = desk.folder / "no-code"
    empty.mkdir(exist_ok=True)
    (empty / "behaviour.json").write_text("{}")
    desk.edit(str(desk.folder / "v1"), str(empty))

    said = desk.tidegate("deploy")

    assert said.code == REFUSED
    assert "code/inference.py" in said.err


def test_a_model_that_never_becomes_healthy(desk: Desk) -> None:
    """The deploy fails with SageMaker's sentence, and the old version still serves everything."""
    artifact = desk.write(Behaviour(name="never-healthy"))
    (artifact / "code" / "inference.py").write_text(NEVER_HEALTHY)
    desk.edit("start_timeout: 60m", "start_timeout: 10m")

    said = desk.tidegate("deploy")

    assert said.code == FAILED
    assert "did not pass the ping health check" in said.err
    assert "UPDATE_ROLLBACK_COMPLETE" in said.err


def test_a_project_of_another_region(desk: Desk) -> None:
    """A stage in another region than the cloud's is refused, with the way out."""
    desk.edit("region: us-east-1", "region: eu-west-1")

    said = desk.tidegate("deploy")

    assert said.code == REFUSED
    assert "eu-west-1" in said.err
    assert "us-east-1" in said.err


def test_both_slots_the_same(desk: Desk) -> None:
    """There is nothing to release when both slots hold one version."""
    said = desk.tidegate("release", "start", MODEL)

    assert said.code == REFUSED
    assert "both slots of input hold version" in said.err
    assert "deploy a new version first" in said.err


def test_an_unknown_model(desk: Desk) -> None:
    """A model that is not deployed is told with those that are, in JSON too."""
    said = desk.tidegate("release", "start", "unknown", "--json")

    assert said.code in {USAGE, REFUSED}
    assert MODEL in json.loads(said.out)["error"]


def test_a_deploy_that_would_replace_what_is_live(desk: Desk) -> None:
    """A template without the pointer puts a new version over the live one: the guard refuses."""
    with pytest.raises(StackFailedError) as refused:
        desk.world.deploy_plainly(BETTER)

    assert [failure.logical_id for failure in refused.value.failures] == ["ReleaseGuard"]
    assert "deploy with 'tidegate deploy'" in str(refused.value)
    assert refused.value.status == "UPDATE_ROLLBACK_COMPLETE"


def test_a_folder_without_a_cloud(desk: Desk, tmp_path: Path) -> None:
    """Where no cloud runs, the command says how to get one."""
    elsewhere = Desk(world=World(cloud=desk.world.cloud, folder=tmp_path, model=MODEL))
    elsewhere.write(V1)

    said = elsewhere.tidegate("release", "status")

    assert said.code == UNREACHABLE
    assert "tidegate up" in said.err


def test_a_second_release_of_a_locked_model(desk: Desk) -> None:
    """Release and deploy are refused naming the release that is open."""
    model = "locked"
    world = World(cloud=desk.world.cloud, folder=desk.folder / "two", model=model)
    world.folder.mkdir()
    two = Desk(world=world)
    (two.folder / STATE_DIRECTORY).symlink_to(desk.folder / STATE_DIRECTORY)
    for behaviour in (V1, BETTER):
        two.write(behaviour)
        assert two.tidegate("deploy").code == 0
    release_id = json.loads(two.tidegate("release", "start", model, "--json").out)["release_id"]
    world.until(release_id, lambda view: view.phase == "baking")
    assert two.tidegate("release", "pause", model).code == 0

    second = two.tidegate("release", "start", model)
    two.write(Behaviour(name="v5"))
    deploy = two.tidegate("deploy")
    aborted = two.tidegate("release", "abort", model)

    assert second.code == REFUSED
    assert release_id in second.err
    assert deploy.code == REFUSED
    assert release_id in deploy.err
    assert aborted.code == 0
    assert world.deployed.store.lock_holder(model) is None
