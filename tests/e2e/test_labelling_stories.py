"""A hundred letters, three annotators, one of them careless, and a model that learns from it."""

import json
import random
import shutil
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from emulator.server import EmbeddedCloud
from examples.labelling.first import build
from tests.e2e.annotators import Person, invited, signed_in
from tests.e2e.leaving import remove_stacks
from tests.e2e.services import ServicesWorld, until

pytestmark = pytest.mark.accept

EXAMPLE = Path(__file__).parents[2] / "examples" / "labelling"
SAMPLES = EXAMPLE / "samples"
ITEMS = SAMPLES / "items.manifest"
CLASSES = ["delivery", "refund", "account", "product"]


@pytest.fixture(scope="module")
def world(
    story_cloud: EmbeddedCloud, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[ServicesWorld]:
    """The example, deployed: its service, its model, and what trains it."""
    folder = tmp_path_factory.mktemp("labelling")
    for name in ("files", "code"):
        shutil.copytree(EXAMPLE / name, folder / name)
    build(folder / "first")
    text = (EXAMPLE / "tidegate.yaml").read_text().replace("../../build/letters/", "")
    _, _, services = text.partition("services:\n")
    service, models = services.split("models:")
    # Each story has a service of its own: neither counts what the other's people did.
    services = f"{service}{service.replace('sorting:', 'unsure:')}models:{models}"
    made = ServicesWorld(
        cloud=story_cloud,
        folder=folder,
        project="letters",
        services=services,
        stage="outcome_files: { keep: 7d }",
    )
    made.deploy()
    yield made
    for stack in ("ai", "training-letters", "model-letters", "release"):
        remove_stacks(story_cloud, f"letters-test-{stack}")


def lines(path: Path) -> list[dict[str, Any]]:
    """The lines of a manifest."""
    return [json.loads(line) for line in path.read_text().splitlines()]


GOLD = {line["source"] for line in lines(EXAMPLE / "files" / "gold.manifest")}
TRUTH = {
    line["source"]: line["topic"]
    for path in (SAMPLES / "truth.manifest", EXAMPLE / "files" / "gold.manifest")
    for line in lines(path)
}


def says(right: float, seed: int) -> Callable[[Mapping[str, Any]], str]:
    """A person who is right so often, and otherwise says any other class."""
    chance = random.Random(seed)  # noqa: S311 - opinions, no secrets

    def said(task: Mapping[str, Any]) -> str:
        truth = TRUTH[task["text"]]
        if chance.random() < right:
            return truth
        return chance.choice([name for name in CLASSES if name != truth])

    return said


Worker = tuple[Person, Callable[[Mapping[str, Any]], str]]


def come(
    world: ServicesWorld, name: str, *, right: float, seed: int, service: str = "sorting"
) -> Worker:
    """Somebody is invited, signs in, and is right so often."""
    invited(world, service, name)
    return signed_in(world, service, name), says(right, seed)


def work(*workers: Worker) -> None:
    """All of them label, in turns, until there is nothing for any of them."""
    while sum(person.work(said) for person, said in workers):
        pass


def told(world: ServicesWorld, *words: str) -> Any:
    """The JSON that `tidegate label` prints."""
    done = world.tidegate("label", *words, "--json")
    assert done.code == 0, done.out + done.err
    return json.loads(done.out)


def test_the_careless_are_found_and_disputes_decided_for_training(
    world: ServicesWorld, tmp_path: Path
) -> None:
    """Ben says anything: gold finds him, others do his items, and training reads what they say."""
    (added,) = told(world, "add", "sorting", str(SAMPLES / "items.manifest"))
    assert added["result"] == {"items": 100, "known": 0}
    ana = come(world, "ana", right=0.97, seed=1)
    ben = come(world, "ben", right=0.25, seed=2)
    chi = come(world, "chi", right=0.94, seed=3)
    # Who does not read is quick.
    work(ana, ben, ben, ben, chi)
    assert ben[0].ask("next", {})[1]["error"]["code"] == "stopped"
    told(world, "export", "sorting")
    work(ana, chi)

    found = {one["name"]: one for one in told(world, "people", "sorting")}
    assert {name: one["standing"] for name, one in found.items()} == {
        "ana": "working",
        "ben": "stopped",
        "chi": "working",
    }
    assert found["ben"]["set_aside"] > 0
    status = told(world, "status", "sorting")
    disputed = status["items"]["adjudicate"]
    assert (disputed > 0, status["items"]["done"]) == (True, 100 - disputed)
    ((pair),) = status["pairs"]
    assert (pair["one"], pair["other"], pair["items"]) in {("ana", "chi", 100), ("chi", "ana", 100)}
    assert pair["same"] == (100 - disputed) / 100
    assert pair["kappa"] == pytest.approx(status["fleiss_kappa"], abs=0.02)

    dora = come(world, "dora", right=1.0, seed=4)
    work(dora)
    asked = [task for task in dora[0].tasks.values() if task["text"] not in GOLD]
    assert len(asked) == disputed
    assert all(len(task["disputed"]) == 2 for task in asked)

    file = tmp_path / "labels" / "output.manifest"
    result = told(world, "export", "sorting", "--output", str(file))
    assert (result["labelled"], result["set_aside"]) == (100, 0)
    _right_manifest(lines(file))
    _trains(world, file.parent)


def _right_manifest(labelled: list[dict[str, Any]]) -> None:
    """Every letter is in it, as Ground Truth writes one, and nearly all say what is true."""
    assert {line["source"] for line in labelled} == {line["source"] for line in lines(ITEMS)}
    for line in labelled:
        metadata = line["topic-metadata"]
        assert metadata["class-name"] == CLASSES[line["topic"]]
        assert metadata["job-name"] == "labeling-job/sorting"
        assert metadata["type"] == "groundtruth/text-classification"
        assert metadata["human-annotated"] == "yes"
        assert 0 < metadata["confidence"] < 1
    wrong = [line for line in labelled if line["topic-metadata"]["class-name"] != truth(line)]
    assert len(wrong) <= 3


def truth(line: Mapping[str, Any]) -> str:
    """What the letter is about."""
    return TRUTH[line["source"]]


def _trains(world: ServicesWorld, data: Path) -> None:
    """The training of the example reads the manifest, and beats whoever always says the same."""
    done = world.tidegate("train", "run", "letters", "--data", str(data), "--watch", "--json")
    assert done.code == 0, done.out + done.err
    run = json.loads(done.out)
    figures = {figure["metric"]: figure for figure in run["figures"]}
    assert run["status"] == "Succeeded"
    assert figures["better_than_majority"]["value"] > 0.2


def test_unsure_predictions_are_labelled_and_come_back_as_outcomes(world: ServicesWorld) -> None:
    """What the model is not sure of is an item; what people say of it is credited, once."""
    door = world.where.front_door()
    held = lines(SAMPLES / "held-out.manifest")
    TRUTH.update({line["source"]: line["topic"] for line in held})
    sent: dict[str, bool] = {}
    for line in held[:40]:
        reply = door.predict("letters", json.dumps({"text": line["source"]}).encode())
        assert reply.status == 200, reply.body
        answer = json.loads(reply.body)
        queued = world.ask(
            "unsure",
            "prediction",
            prediction_id=reply.prediction_id,
            source=line["source"],
            label=answer["label"],
            confidence=answer["confidence"],
        ).required()
        assert queued["queued"] == (answer["confidence"] < 0.6)
        if queued["queued"]:
            sent[str(reply.prediction_id)] = answer["label"] != line["topic"]
    assert 0 < len(sent) < 40
    pair = [
        come(world, name, right=1.0, seed=seed, service="unsure")
        for seed, name in enumerate(("eve", "fay"))
    ]
    work(*pair)
    # Some may have been told by a run of the clock, in between.
    told(world, "export", "unsure")
    assert told(world, "export", "unsure")["outcomes"] == 0

    def imported() -> list[dict[str, int]] | None:
        s3 = world.client("s3")
        bucket = world.where.deployed().outputs["OutcomeBucketName"]
        found = s3.list_objects_v2(Bucket=bucket, Prefix="letters-test-unsure/").get("Contents", ())
        keys = [one["Key"] for one in found if one["Key"].endswith(".result.json")]
        bodies = (s3.get_object(Bucket=bucket, Key=key)["Body"].read() for key in keys)
        counts = [json.loads(body)["counts"] for body in bodies]
        return counts if sum(one.get("credited", 0) for one in counts) >= len(sent) else None

    found = until(imported, seconds=60, what="an import of every outcome")
    assert sum((Counter(one) for one in found), Counter()) == {"credited": len(sent)}
    assert sum(sent.values()) > 0, "the story needs a prediction that was wrong"
