"""Two models in a chain: what one makes of data that arrived is what the next one is asked."""

from collections.abc import Iterator

import pytest

from emulator.server import EmbeddedCloud
from tests.e2e.batches import PROJECT, BatchWorld, Offline, rows
from tests.e2e.leaving import remove_stacks
from tests.e2e.world import wait_for
from tidegate.batch.run import RunRecord, Status

pytestmark = pytest.mark.accept

V1 = Offline(name="v1", slope=3.0)
NEXT = """
  stock:
    framework: scikit-learn
    framework_version: "1.9-0"
    artifact: ARTIFACT
    label: LABEL
    batch:
      after: demand
      columns:
        - { name: store, type: integer }
        - { name: price }
        - { name: forecast }
      instance_type: ml.m5.large
"""


@pytest.fixture(scope="module")
def world(
    batch_cloud: EmbeddedCloud, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[BatchWorld]:
    """Models demand and stock; demand runs over what arrives, stock over what demand made."""
    text = PROJECT.replace("      instance_type: ml.m5.large\n      failed", ARRIVAL) + NEXT
    made = BatchWorld(
        cloud=batch_cloud, folder=tmp_path_factory.mktemp("chain"), name="chained", text=text
    )
    made.deploy(V1)
    yield made
    remove_stacks(batch_cloud, "chained-")


ARRIVAL = "      instance_type: ml.m5.large\n      start: arrival\n      failed"


def done(world: BatchWorld, model: str) -> RunRecord:
    """The first run of a model that is done."""
    world.model = model
    runs = world.batch.runs

    def found() -> RunRecord | None:
        newest = runs.newest(1)
        return newest[0] if newest and newest[0].status is not Status.RUNNING else None

    record = wait_for(found, seconds=90, what=f"a run of {model}")
    assert isinstance(record, RunRecord)
    return record


def test_what_arrives_goes_through_both_models_with_its_lineage(world: BatchWorld):
    """Nobody starts a run; the second one's results name the run and version that fed it."""
    world.put("day.csv", rows(25))
    first = done(world, "demand")
    assert (first.status, first.out) == (Status.DONE, 25)
    assert "day.csv arrived" in first.because
    second = done(world, "stock")
    assert (second.status, second.out) == (Status.DONE, 25), second.why
    assert (second.lineage["model"], second.lineage["run"]) == ("demand", first.run)
    assert second.lineage["version"]["label"] == "v1"
    asked = rows(25).splitlines()
    prices = [float(line.split(",")[1]) for line in asked]
    chained = [f"{line},{3 * p:.3f},{3 * p:.3f}" for line, p in zip(asked, prices, strict=True)]
    assert world.results(second.run) == sorted(chained)
    assert world.tidegate("batch", "report", "stock").out.count(f"run {first.run} of demand") >= 1
