"""Least privilege of labelling: items and people in a table, labels out, outcomes of a model."""

import json
import shutil
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from cli.privileges.rights import Right
from emulator.server import EmbeddedCloud
from examples.labelling.first import build
from tests.e2e.leaving import remove_stacks
from tests.e2e.roles import Prover, StoryFailedError
from tests.e2e.service_rights import DOOR, WORKER, ServiceRole
from tests.e2e.services import ServicesWorld

pytestmark = pytest.mark.accept

EXAMPLE = Path(__file__).parents[2] / "examples" / "labelling"
SERVICE = "sorting"


@pytest.fixture(scope="module")
def world(
    story_cloud: EmbeddedCloud, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[ServicesWorld]:
    """The example, whose items are labelled by one person each."""
    folder = tmp_path_factory.mktemp("labelling-rights")
    for name in ("files", "code"):
        shutil.copytree(EXAMPLE / name, folder / name)
    build(folder / "first")
    text = (EXAMPLE / "tidegate.yaml").read_text().replace("../../build/letters/", "")
    text = text.replace("annotators_per_item: 2", "annotators_per_item: 1")
    _, _, services = text.partition("services:\n")
    made = ServicesWorld(
        cloud=story_cloud,
        folder=folder,
        project="sorted",
        services=services.replace(
            "kind: labelling", "kind: labelling\n    requests_per_minute: 9999"
        ),
        stage="outcome_files: { keep: 7d }",
    )
    made.deploy()
    yield made
    for stack in ("ai", "training-letters", "model-letters", "release"):
        remove_stacks(story_cloud, f"sorted-test-{stack}")


def letter() -> str:
    """One that nobody has labelled."""
    return f"Where is my parcel {uuid.uuid4().hex}?"


def manifest(*texts: str) -> bytes:
    """A manifest of texts."""
    return "".join(json.dumps({"source": text}) + "\n" for text in texts).encode()


def doubt(door: ServiceRole) -> None:
    """A prediction is queued."""
    queued = door.ask(
        "prediction",
        prediction_id=uuid.uuid4().hex,
        source=letter(),
        label="refund",
        confidence=0.1,
    )
    if not queued["queued"]:
        raise StoryFailedError(str(queued))


def label(door: ServiceRole, person: str, said: str | None) -> None:
    """The person labels the next item, with what is true if nothing else is said."""
    task = door.ask("next", person=person).get("task")
    if task is None:
        doubt(door)
        task = door.ask("next", person=person)["task"]
    classes = [_truth(task["text"]) if said is None else said]
    door.ask("label", person=person, item=task["item"], classes=classes)


def stopped(door: ServiceRole) -> None:
    """Somebody says the same of everything until they are stopped."""
    person = uuid.uuid4().hex
    try:
        for _ in range(200):
            label(door, person, "account")
    except StoryFailedError as error:
        if "stopped" not in str(error):
            raise
        return
    raise StoryFailedError("nobody was stopped")


def answer(_: ServicesWorld, role: ServiceRole) -> None:
    """A prediction is queued, an item is labelled, and what became of all is told."""
    doubt(role)
    label(role, uuid.uuid4().hex, None)
    status = role.ask("status", method="GET")
    people = role.ask("people", method="GET")["people"]
    if not people or sum(status["items"].values()) == 0:
        raise StoryFailedError(str(status))


def take(world: ServicesWorld, role: ServiceRole) -> None:
    """A manifest becomes items."""
    result = role.done(role.put("items", "a.manifest", manifest(letter())))
    if result["items"] != 1:
        raise StoryFailedError(str(result))


def run(world: ServicesWorld, role: ServiceRole) -> None:
    """Labels of somebody careless are set aside, and an outcome is told."""
    door = ServiceRole(world, SERVICE, DOOR)
    stopped(door)
    doubt(door)
    _label_a_prediction(door)
    result = role.done(role.put("runs", "1.json", b"{}"))
    if result["outcomes"] == 0:
        raise StoryFailedError(str(result))


def _label_a_prediction(door: ServiceRole) -> None:
    """Somebody honest labels until an item is done."""
    before = door.ask("status", method="GET")["items"]["done"]
    person = uuid.uuid4().hex
    for _ in range(40):
        label(door, person, None)
        if door.ask("status", method="GET")["items"]["done"] > before:
            return
    raise StoryFailedError("no item was labelled")


def _truth(text: str) -> str:
    gold = (EXAMPLE / "files" / "gold.manifest").read_text().splitlines()
    known = {line["source"]: line["topic"] for line in map(json.loads, gold)}
    return known.get(text, "delivery")


def _of_items(right: Right) -> bool:
    return right.resource in {"Items", "Items objects"}


def _of_labels(right: Right) -> bool:
    return _of_items(right) or right.resource == "s3 objects"


def test_each_right_of_the_door_is_needed(world: ServicesWorld, prover: Prover) -> None:
    """To know items and people, and to change both at once."""
    role = ServiceRole(world, SERVICE, DOOR)
    with ServiceRole(world, SERVICE, WORKER).by_hand():
        prover.prove(f"{DOOR}_labelling", role, {"answer": answer}, about=_of_items)


def test_each_right_of_the_worker_is_needed(world: ServicesWorld, prover: Prover) -> None:
    """To take items, to set labels aside, and to tell outcomes."""
    role = ServiceRole(world, SERVICE, WORKER)
    with role.by_hand():
        prover.prove(f"{WORKER}_labelling", role, {"take": take, "run": run}, about=_of_labels)
