"""The whole loop with nobody in it: drift, training, approval, pipeline, release, promotion.

A pipeline of mode `deployment` delivers what production's own training has registered. The story
sends traffic, and looks when the monitor's schedule would; everything else is the product.
"""

import json
import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from cli.monitors import Choice, baseline_of, find_monitor
from cli.reactions import find_reaction
from cli.training import training_of
from emulator.server import EmbeddedCloud
from tests.e2e.leaving import remove_stacks
from tests.e2e.monitors import asked, look, training
from tests.e2e.pipelines import PipelineWorld
from tests.e2e.trainings import SECTION, write_code, write_data
from tests.e2e.world import V1, wait_for

pytestmark = pytest.mark.accept

MODEL, PROD = "opinion", "prod"
FOUND_WITHIN, AT_ONCE = 600, 100
PATIENCE = 420.0
MONITORING = """\
    data_capture: { percent: 100 }
    monitoring:
      baseline: baseline.json
      window: 5m
      lag: 60s
      every: 1h
      predictions: /label
      reaction: { data_drift: retrain }
"""


@pytest.fixture
def world(story_cloud: EmbeddedCloud, tmp_path: Path) -> Iterator[PipelineWorld]:
    """A project whose production is monitored and trained; its first version is live."""
    section = SECTION.replace("CODE", "training").replace("APPROVE", "automatically")
    folder = tmp_path / "source"
    made = PipelineWorld(
        cloud=story_cloud,
        folder=folder,
        name="loop",
        mode="deployment",
        package_group=f"loop-{PROD}-{MODEL}",
        more=f"{MONITORING}{section.lstrip(chr(10))}",
    )
    write_code(folder / "training")
    rows = training(tmp_path / "rows.jsonl")
    (folder / "baseline.json").write_text(baseline_of(rows, Choice(prediction="label")).text())
    made.install(V1, "staging", PROD)
    yield made
    remove_stacks(story_cloud, "loop-")


def test_drift_trains_and_delivers_a_version_by_itself(world: PipelineWorld, tmp_path: Path):
    """The trained version is live in production, and every link names the next."""
    place = world.place(PROD)
    trained = training_of(place, MODEL)
    trained.upload(write_data(tmp_path / "data", wrong_percent=4))
    first = world.rest(world.upload(), seconds=PATIENCE)
    assert first.status == "Succeeded", json.dumps(first.to_json())

    assert _drift(world) <= FOUND_WITHIN
    memory = find_reaction(place, MODEL)
    act = wait_for(lambda: memory.memory().last, seconds=60, what="a reaction")
    (run,) = wait_for(trained.runs.arns, seconds=60, what="a run")
    wait_for(lambda: trained.runs.view(run).over, seconds=120, what="the end of the run")
    view = trained.runs.view(run)
    assert view.approval == "Approved", view.reasons
    wait_for(
        lambda: world.pipeline.view().execution != first.execution,
        seconds=120,
        what="the pipeline, started by the approval",
    )
    execution = world.pipeline.view().execution
    done = world.crossing(str(execution), asked=PROD, seconds=PATIENCE)

    assert done.status == "Succeeded", json.dumps(done.to_json())
    assert (act.action, memory.memory().acts[0].made) == ("retrain", run)
    (figure,) = view.figures
    assert (figure.value, figure.live) == (0.04, 0.2)
    pointer = world.deployed(PROD).store.pointer(MODEL)
    assert pointer is not None
    assert pointer.version.artifact == view.package
    assert world.live("staging") == "v1"


def _drift(world: PipelineWorld) -> int:
    """Only one country asks, and what version 1 gets wrong; how many requests were needed."""
    chance = random.Random(3)  # noqa: S311 - questions, not secrets
    place = world.place(PROD)
    door, monitor, sent = place.front_door(), find_monitor(place, MODEL), 0
    while sent < FOUND_WITHIN:
        for _ in range(AT_ONCE):
            question = asked(chance, draw=(0, 2_000), country="us")
            assert door.predict(MODEL, json.dumps(question).encode()).status == 200
        sent += AT_ONCE
        if look(monitor)["word"] == "drift":
            return sent
    wait_for(lambda: look(monitor)["word"] == "drift", seconds=30, what="the finding")
    return sent
