"""Offline inference, told as users see it: data sets in, a result for each record out."""

import json
from collections.abc import Iterator

import pytest

from emulator.server import EmbeddedCloud
from tests.e2e.batches import BatchWorld, Offline, rows
from tests.e2e.leaving import remove_stacks

V1 = Offline(name="v1", poison=6.0)


@pytest.fixture(scope="module")
def world(
    story_cloud: EmbeddedCloud, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[BatchWorld]:
    """A model that is offline only, deployed, which fails on store 6."""
    made = BatchWorld(cloud=story_cloud, folder=tmp_path_factory.mktemp("offline"), name="offline")
    made.deploy(V1)
    yield made
    remove_stacks(story_cloud, "offline-")


def empty(world: BatchWorld) -> None:
    """No data set is in the bucket."""
    for key in world.keys("input/"):
        world.s3.delete_object(Bucket=world.batch.bucket, Key=key)


def test_a_data_set_is_transformed_and_a_poisoned_record_is_kept_apart(world: BatchWorld):
    """Each record has its answer beside it, once; the one that fails is named with its line."""
    empty(world)
    world.put("a.csv", rows(40))
    world.put("b.csv", rows(40, first=100))
    said = world.tidegate("batch", "run", "demand", "--json")
    assert said.code == 0, (said.out, said.err)
    report = said.json()
    assert (report["records"], report["out"], report["failed"], report["open"]) == (80, 79, 1, 0)
    asked = [line for line in (rows(40) + rows(40, first=100)).splitlines() if line[:2] != "6,"]
    answered = [f"{line},{2.0 * float(line.split(',')[1]):.3f}" for line in asked]
    assert sorted(answered) == world.results(report["run"])
    (failed,) = [json.loads(world.text_of(key)) for key in world.keys(f"failed/{report['run']}/")]
    assert (failed["object"], failed["line"], failed["record"]) == ("a.csv", 7, "6,6.5")
    assert report["cost"]["usd"] > 0
    assert "estimate" in report["cost"]["said"]
