"""The example that is trained anew, by the command line: from flights to an approved version."""

import json
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from cli.main import app
from cli.options import PLACES, On, Place
from cli.project import read_project
from cli.target import embedded_target
from emulator.server import EmbeddedCloud
from examples.flights.retraining.__main__ import lay_out
from examples.flights.train import build
from tests.e2e.leaving import remove_stacks

pytestmark = pytest.mark.accept

EXAMPLE = Path(__file__).parents[2] / "examples" / "training" / "flights.yaml"
Command = Callable[..., Any]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The project, its first version, and the code and data of its training."""
    made = tmp_path_factory.mktemp("flights")
    build("v1", made / "build" / "flights" / "v1")
    lay_out(made / "build" / "flights" / "retraining")
    text = EXAMPLE.read_text().replace("../../build", "build").replace("eu-west-1", "us-east-1")
    # An hour of the cloud's clock: two busy cores may take their time to start a container.
    text = text.replace("ml.m5.large }", "ml.m5.large, start_timeout: 60m }")
    (made / "tidegate.yaml").write_text(text)
    return made


@pytest.fixture(scope="module")
def command(
    story_cloud: EmbeddedCloud, folder: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Command]:
    """Runs `tidegate`, and reads its JSON."""
    project = read_project(folder / "tidegate.yaml")
    where = Place(project=project, stage="dev", target=embedded_target(story_cloud))

    def place(_file: Path, _stage: str | None, _on: On) -> Place:
        return where

    def run(*words: str, code: int = 0) -> Any:
        token = PLACES.set(place)
        try:
            done = CliRunner().invoke(app, [*words, "--json"])
        finally:
            PLACES.reset(token)
        assert done.exit_code == code, done.output
        return json.loads(done.stdout)

    where.deploy(assembly=tmp_path_factory.mktemp("assembly"))
    yield run
    remove_stacks(story_cloud, "trained-dev-training-flights")
    remove_stacks(story_cloud, "trained-dev-model-flights")
    remove_stacks(story_cloud, "trained-dev-release")


@pytest.mark.timeout(900)
def test_a_version_that_beats_the_live_one_is_registered_and_deployed(
    command: Command, folder: Path, story_cloud: EmbeddedCloud
):
    """Real data, real scripts, real artifacts: v1 is wrong on a fifth, the new one on less."""
    data = str(folder / "build" / "flights" / "retraining" / "data")
    run = command("train", "run", "flights", "--data", data, "--watch", "--token", uuid.uuid4().hex)
    assert run["status"] == "Succeeded", run
    (figure,) = run["figures"]
    assert figure["metric"] == "wrong_share"
    assert figure["value"] < 0.15 < figure["live"]
    assert run["approval"] == "PendingManualApproval"

    approved = command("train", "approve", "flights", "--reason", "half of the wrong answers")
    assert approved == {"model": "flights", "package": run["package"], "approval": "Approved"}
    (first,) = command("train", "report", "flights")["runs"]
    assert (first["id"], first["approval"]) == (run["id"], "Approved")

    told = command("deploy")
    (model,) = told["models"]
    assert model["idle"] == "package-1"

    rejected = command("train", "reject", "flights", "--version", "1")
    assert rejected["approval"] == "Rejected"
    (model,) = command("deploy")["models"]
    assert model["idle"] != "package-1"


def test_what_cannot_be_is_refused_with_what_to_do(command: Command, folder: Path):
    """An unknown run, a version that is not there, a folder without data."""
    assert "known:" in command("train", "status", "flights", "--run", "no", code=2)["error"]
    missing = command("train", "approve", "flights", "--version", "99", code=3)
    assert "no version 99" in missing["error"]
    empty = folder / "empty"
    empty.mkdir()
    assert "no files" in command("train", "run", "flights", "--data", str(empty), code=2)["error"]
