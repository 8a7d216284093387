"""Notebooks on the embedded cloud: they start, ask the live model, and stop by themselves."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from cli.commands import notebook as command
from cli.notebooks import notebooks_of
from cli.options import PLACES
from emulator.server import EmbeddedCloud
from tests.e2e.leaving import remove_stacks
from tests.e2e.notebook_work import AtWork
from tests.e2e.roles import DeployedRole, Prover, StoryFailedError
from tests.e2e.world import PROJECT, V1, World

pytestmark = pytest.mark.accept

NOTEBOOKS = """
notebooks:
  explore: { models: [MODEL], sample: sample.json, idle_stop: 30m }
"""
STACK = "story-test-notebooks"
LONG, AT_ONCE = 3600.0, 0.0


@pytest.fixture(scope="module")
def world(story_cloud: EmbeddedCloud, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """A model that is deployed, and a notebook that may ask it."""
    folder = tmp_path_factory.mktemp("explored")
    made = World(cloud=story_cloud, folder=folder, model="explored")
    made.project_text = f"{PROJECT}{NOTEBOOKS}"
    (folder / "sample.json").write_text(json.dumps({"draw": 1}))
    made.deploy(V1)
    yield made
    remove_stacks(story_cloud, STACK)
    remove_stacks(story_cloud, made.hosting_stack)


@pytest.fixture
def at_work(world: World, tmp_path: Path) -> AtWork:
    """The notebook, running."""
    notebooks = notebooks_of(world.place(V1))
    notebooks.start("explore")
    made = AtWork(cloud=world.cloud, instance=notebooks.instances["explore"], folder=tmp_path)
    assert made.settled() == "InService"
    return made


def test_a_notebook_asks_the_live_model_and_stops_when_idle(world: World, at_work: AtWork):
    """The start script brings the starter notebook, which runs; the timer's program stops it.

    Whoever works is not stopped, and finds the files as they were left.
    """
    notebooks = notebooks_of(world.place(V1))
    (listed,) = notebooks.every()
    assert (listed.name, listed.status) == ("explore", "InService")
    timer = at_work.run_start_script()
    assert "--on-unit-active=5min" in timer
    assert timer[-1] == "1800"
    executed = at_work.run_starter()
    told = json.dumps([cell.get("outputs") for cell in executed["cells"]])
    assert "'version': 'v1'" in told, told
    assert "blue" in told

    (at_work.starter / "sample.json").write_text("mine")
    at_work.run_start_script()
    assert (at_work.starter / "sample.json").read_text() == "mine"

    said = at_work.look_for_idleness(timer, idle_seconds=LONG)
    assert "is idle for" in said
    assert at_work.describe()["NotebookInstanceStatus"] == "InService"
    assert "it stops" in at_work.look_for_idleness(timer, idle_seconds=AT_ONCE)
    assert at_work.settled() == "Stopped"
    assert notebooks.start("explore").status == "Pending"


def test_the_command_starts_opens_and_stops_it(world: World, at_work: AtWork):
    """With the words of people, and JSON for programs; what is stopped is not opened."""

    def asked(*words: str) -> tuple[int, str]:
        token = PLACES.set(lambda *_: world.place(V1))
        try:
            done = CliRunner().invoke(command.app, list(words))
        finally:
            PLACES.reset(token)
        return done.exit_code, done.output

    code, said = asked("open", "explore")
    assert (code, "http://127.0.0.1:" in said) == (0, True), said
    code, said = asked("stop", "explore", "--wait", "--json")
    assert (code, '"status": "Stopped"' in said) == (0, True), said
    assert at_work.settled() == "Stopped"
    code, said = asked("open", "explore")
    assert (code, "tidegate notebook start explore" in said) == (3, True), said
    code, said = asked("start", "nobody")
    assert (code, "no notebook 'nobody' is deployed: explore" in said) == (2, True), said


def test_every_right_of_the_notebook_is_needed(world: World, at_work: AtWork, prover: Prover):
    """Of the role that it works under."""

    def it_gets_its_files(_world: World, _role: DeployedRole) -> None:
        """What is there stays, so that a machine without them starts."""
        shutil.rmtree(at_work.home, ignore_errors=True)
        shutil.rmtree(at_work.folder / "opt", ignore_errors=True)
        at_work.run_start_script()

    def it_asks_its_model(_world: World, _role: DeployedRole) -> None:
        at_work.run_starter()

    def it_stops_itself(_world: World, _role: DeployedRole) -> None:
        timer = at_work.run_start_script()
        at_work.look_for_idleness(timer, idle_seconds=AT_ONCE)
        if at_work.settled() != "Stopped":
            raise StoryFailedError("it goes on")
        notebooks_of(world.place(V1)).start("explore")
        at_work.settled()

    role = DeployedRole(world=world, role_id="ExploreNotebookRole", stack=STACK)
    stories = {
        each.__name__: each for each in (it_gets_its_files, it_asks_its_model, it_stops_itself)
    }
    prover.prove("notebook", role, stories)
