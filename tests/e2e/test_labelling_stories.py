"""A hundred letters, three annotators, one of them careless: found, and what training makes of it."""

import json
import random
import shutil
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from emulator.server import EmbeddedCloud
from tests.e2e.annotators import Person, invited, signed_in
from tests.e2e.leaving import remove_stacks
from tests.e2e.services import ServicesWorld

pytestmark = pytest.mark.accept

EXAMPLE = Path(__file__).parents[2] / "examples" / "labelling"
SAMPLES = EXAMPLE / "samples"
CLASSES = ["delivery", "refund", "account", "product"]
SORTING = """
  sorting:
    kind: labelling
    requests_per_minute: 60000
    settings:
      task: text-class
      classes: [delivery, refund, account, product]
      label: topic
      gold: files/gold.manifest
      gold_share: 0.2
      lease_minutes: 240
"""


@pytest.fixture(scope="module")
def world(
    story_cloud: EmbeddedCloud, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[ServicesWorld]:
    """The example's service."""
    folder = tmp_path_factory.mktemp("labelling")
    shutil.copytree(EXAMPLE / "files", folder / "files")
    made = ServicesWorld(cloud=story_cloud, folder=folder, project="letters", services=SORTING)
    made.deploy()
    yield made
    remove_stacks(story_cloud, "letters-")


def lines(path: Path) -> list[dict[str, Any]]:
    """The lines of a manifest."""
    return [json.loads(line) for line in path.read_text().splitlines()]


TRUTH = {
    line["source"]: line["topic"]
    for path in (SAMPLES / "truth.manifest", EXAMPLE / "files" / "gold.manifest")
    for line in lines(path)
}


def says(right: float, seed: int) -> Callable[[Mapping[str, Any]], str]:
    """A person who is right so often, and otherwise says any other class."""
    chance = random.Random(seed)

    def said(task: Mapping[str, Any]) -> str:
        truth = TRUTH[task["text"]]
        if chance.random() < right:
            return truth
        return chance.choice([name for name in CLASSES if name != truth])

    return said


def test_the_careless_are_found_and_disputes_are_decided(
    world: ServicesWorld, tmp_path: Path
) -> None:
    """Ben says anything: gold finds him, his labels are set aside, the others do his items."""
    added = world.tidegate("label", "add", "sorting", str(SAMPLES / "items.manifest"), "--json")
    assert json.loads(added.out)[0]["result"] == {"items": 100, "known": 0}
    people: dict[str, tuple[Person, Callable[[Mapping[str, Any]], str]]] = {}
    for number, (name, right) in enumerate({"ana": 0.96, "ben": 0.25, "chi": 0.94}.items()):
        invited(world, "sorting", name)
        people[name] = (signed_in(world, "sorting", name), says(right, number))
    while any([person.work(said) for person, said in people.values()]):
        pass
    exported = world.tidegate("label", "export", "sorting", "--json")
    assert exported.code == 0, exported.err
    while any([person.work(said) for person, said in people.values()]):
        pass
    status = json.loads(world.tidegate("label", "status", "sorting", "--json").out)
    found = {
        one["name"]: one
        for one in json.loads(world.tidegate("label", "people", "sorting", "--json").out)
    }
    print(status, found)
    manifest = tmp_path / "output.manifest"
    done = world.tidegate("label", "export", "sorting", "-o", str(manifest), "--json")
    print(done.out)
    assert done.code == 0
    assert found["ben"]["standing"] == "stopped"
