"""Stories of pipelines: a change goes from an upload into production, or stops where it should.

Everything is the product on an embedded cloud: pipeline, builds as processes under their own
roles, delivery machines, release machine, models. Each story has a project of its own.
"""

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from emulator.server import EmbeddedCloud
from tests.e2e.leaving import remove_stacks
from tests.e2e.pipelines import PipelineWorld
from tests.e2e.world import BETTER, BROKEN, V1, wait_for
from tidegate.release import Phase

pytestmark = pytest.mark.accept

Make = Callable[[str, str], PipelineWorld]

PATIENCE = 420.0
"""Seconds that a change may take on a machine with other work."""


@pytest.fixture
def make(story_cloud: EmbeddedCloud, tmp_path: Path) -> Iterator[Make]:
    """Projects by name and mode; they go with their story."""
    made: list[PipelineWorld] = []

    def new(name: str, mode: str) -> PipelineWorld:
        folder = tmp_path / "source"
        made.append(PipelineWorld(cloud=story_cloud, folder=folder, name=name, mode=mode))
        return made[-1]

    yield new
    for world in made:
        remove_stacks(story_cloud, f"{world.name}-")


def statuses(world: PipelineWorld) -> dict[str, str]:
    """How each stage of the pipeline stands."""
    return {stage.name: stage.status for stage in world.pipeline.view().stages}


def test_a_failed_test_stops_a_change(make: Make):
    """Integration: a red test ends the execution, a green one passes; nothing is deployed."""
    world = make("ci", "integration")
    world.install(V1)
    world.write(BETTER, named="")
    failed = world.rest(world.upload(), seconds=PATIENCE)
    assert failed.status == "Failed"
    assert "COMMAND_EXECUTION_ERROR" in world.said(failed, "Checks", "Checks")
    assert "the model has no name" in world.log("ChecksBuild")

    world.write(BETTER)
    passed = world.rest(world.upload(), seconds=PATIENCE)
    assert (passed.status, passed.code) == ("Succeeded", 0)


def test_delivery_goes_up_to_a_click(make: Make):
    """Released in staging under traffic, evidence shown, approved, released in production."""
    world = make("cd", "delivery")
    world.install(V1, "staging", "prod")
    world.write(BETTER)
    execution = world.upload()
    waiting = world.rest(execution, seconds=PATIENCE)
    assert waiting.waiting is not None, json.dumps(waiting.to_json())
    assert (world.live("staging"), world.live("prod")) == ("v2", "v1")
    stage, action = waiting.waiting
    evidence = world.pipeline.evidence(execution, action.name)
    assert "v2 after v1 in staging: promoted" in evidence
    assert "drift: not measured" in evidence
    assert "template cd-prod-model-opinion" in evidence

    world.pipeline.decide(stage, action, status="Approved", why="the story says so")
    done = world.crossing(execution, asked="prod", seconds=PATIENCE)
    assert done.status == "Succeeded", json.dumps(done.to_json())
    assert world.live("prod") == "v2"


def test_a_rejection_keeps_production_as_it_is(make: Make):
    """The execution ends at the approval."""
    world = make("no", "delivery")
    world.install(V1, "staging", "prod")
    world.write(BETTER)
    execution = world.upload()
    waiting = world.rest(execution, seconds=PATIENCE).waiting
    assert waiting is not None
    world.pipeline.decide(*waiting, status="Rejected", why="not before Monday")
    over = world.rest(execution, seconds=PATIENCE)
    assert over.status == "Failed"
    assert "not before Monday" in world.said(over, "Approval", "Approve")
    assert statuses(world)["Production"] == "not yet"
    assert world.live("prod") == "v1"


def test_deployment_goes_all_the_way(make: Make):
    """Nobody is asked; a bad version after it stops in staging, where the old one serves."""
    world = make("auto", "deployment")
    world.install(V1, "staging", "prod")
    world.write(BETTER)
    done = world.crossing(world.upload(), asked="prod", seconds=PATIENCE)
    assert done.status == "Succeeded", json.dumps(done.to_json())
    assert (world.live("staging"), world.live("prod")) == ("v2", "v2")

    world.write(BROKEN)
    stopped = world.rest(world.upload(), seconds=PATIENCE)
    assert stopped.status == "Failed"
    assert statuses(world)["Staging"] == "Failed"
    assert "rolled-back" in world.said(stopped, "Staging", "Release")
    assert (world.live("staging"), world.live("prod")) == ("v2", "v2")


def test_a_retry_releases_anew_what_was_aborted(make: Make):
    """An operator aborts the release: its stage fails; the retried stage delivers the version."""
    world = make("again", "deployment")
    world.install(V1, "staging", "prod")
    world.write(BETTER)
    execution = world.upload()
    store = world.deployed("staging").store
    holder = wait_for(lambda: store.lock_holder("opinion"), seconds=PATIENCE, what="a release")
    world.abort("staging", holder)
    failed = world.rest(execution, seconds=PATIENCE)
    assert (failed.status, store.load(holder).phase) == ("Failed", Phase.ABORTED)
    assert "was aborted" in world.said(failed, "Staging", "Release")

    stage = failed.failed
    assert stage is not None
    world.pipeline.retry(stage)
    done = world.crossing(execution, asked="prod", seconds=PATIENCE)
    assert done.status == "Succeeded", json.dumps(done.to_json())
    assert store.releases("opinion")[0] != holder
    assert (world.live("staging"), world.live("prod")) == ("v2", "v2")
