"""Documents are found by their readers, cited and forgotten: by a knowledge base and by Kendra."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from emulator.ai.faults import Faults
from emulator.server import EmbeddedCloud
from tests.e2e.breaking import sabotaged
from tests.e2e.leaving import remove_stacks
from tests.e2e.services import ServicesWorld, two_failing_jobs, until

pytestmark = pytest.mark.accept

SAMPLES = Path(__file__).parents[2] / "examples" / "ai" / "samples"
SEARCH = """
  handbook:
    kind: kendra
    settings:
      readers: { "": [everyone], pay: [hr, managers] }
  legacy:
    kind: kendra
    settings:
      engine: kendra
      enrolled: true
      readers: { "": [everyone], pay: [hr, managers] }
"""
ENGINES = {"handbook": "bedrock-agent", "legacy": "kendra"}


@pytest.fixture(scope="module")
def world(
    story_cloud: EmbeddedCloud, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[ServicesWorld]:
    """Both engines, deployed, each with the samples in it."""
    folder = tmp_path_factory.mktemp("search")
    made = ServicesWorld(cloud=story_cloud, folder=folder, project="seek", services=SEARCH)
    made.deploy()
    keys = {
        (name, file): made.send(name, SAMPLES / file)
        for name in ENGINES
        for file in ("leave.md", "pay.txt")
    }
    for (name, _), key in keys.items():
        outcome = made.outcome(name, key)
        assert outcome["status"] == "done", outcome
    yield made
    remove_stacks(story_cloud, "seek-")


@pytest.fixture(params=list(ENGINES))
def name(request: pytest.FixtureRequest, story_cloud: EmbeddedCloud) -> Iterator[str]:
    """One service and then the other; neither has faults afterwards."""
    yield request.param
    story_cloud.set_faults(ENGINES[request.param], Faults())


def found(world: ServicesWorld, name: str, question: str, *groups: str) -> list[dict[str, Any]]:
    """The passages of a search."""
    reply = world.ask(name, "search", question=question, groups=list(groups))
    passages: list[dict[str, Any]] = reply.required()["passages"]
    return passages


def test_a_passage_answers_and_is_cited(world: ServicesWorld, name: str):
    """With the document's name, and a link to it."""
    best = found(world, name, "How many days of holiday do I have?")[0]
    assert best["document"] == "leave.md"
    assert "thirty days" in best["text"]
    content = world.service(name).door.pool.request("GET", best["link"]).data
    assert content == (SAMPLES / "leave.md").read_bytes()
    if name == "handbook":
        assert 0.0 < best["score"] <= 1.0
    else:
        assert best["confidence"] in {"VERY_HIGH", "HIGH", "MEDIUM", "LOW"}


@pytest.mark.parametrize(
    ("groups", "documents"),
    [
        ((), {"leave.md"}),
        (("it",), {"leave.md"}),
        (("it", "hr"), {"leave.md", "pay.txt"}),
    ],
)
def test_only_readers_find_a_document(
    world: ServicesWorld, name: str, groups: tuple[str, ...], documents: set[str]
):
    """Groups that the settings do not know find nothing."""
    assert {p["document"] for p in found(world, name, "March", *groups)} == documents


def test_a_document_is_forgotten(world: ServicesWorld, name: str, tmp_path: Path):
    """It is found no more once the index has followed, and a second time it is not there."""
    path = tmp_path / "canteen.txt"
    path.write_text("The canteen serves lunch from noon.")
    assert world.outcome(name, world.send(name, path))["status"] == "done"
    assert found(world, name, "lunch in the canteen")[0]["document"] == "canteen.txt"
    world.ask(name, "forget", document="canteen.txt").required()
    until(
        lambda: None if found(world, name, "lunch in the canteen") else True,
        seconds=60,
        what="an index without the canteen",
    )
    assert world.ask(name, "forget", document="canteen.txt").status == 404


def test_what_the_engine_cannot_read_is_refused(world: ServicesWorld, name: str, tmp_path: Path):
    """With the reason, and the others go on."""
    path = tmp_path / "scan.pdf"
    path.write_bytes(b"%PDF-1.4 an image")
    outcome = world.outcome(name, world.send(name, path))
    assert outcome["status"] == "refused"
    assert "cannot be searched" in outcome["problem"]["message"]


def test_throttles_kills_and_failed_runs_lose_no_document(
    world: ServicesWorld, name: str, tmp_path: Path
):
    """Each is found in the end, and has one result."""
    late = {"late_jobs": 0.3, "late_seconds": 60}
    faults = Faults(throttled=0.3, **late, **two_failing_jobs())
    world.cloud.set_faults(ENGINES[name], faults)
    with sabotaged(world.stack(name), "do_ai_work") as saboteurs:
        for moment in ("before", "call-2", "after"):
            saboteurs["do_ai_work"].ticket(moment, "kill")
        keys = []
        for number in range(4):
            path = tmp_path / f"room-{number}.txt"
            path.write_text(f"Room {number} has a projector called beamer{number}.")
            keys.append(world.send(name, path))
        outcomes = [world.outcome(name, key, seconds=180) for key in keys]
    assert [outcome["status"] for outcome in outcomes] == ["done"] * 4, outcomes
    for number in range(4):
        assert found(world, name, f"beamer{number}")[0]["document"] == f"room-{number}.txt"
    assert world.cloud.faults(ENGINES[name])["throttled_calls"] > 0
