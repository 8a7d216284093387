"""Labelling as people and applications meet it: items, gold, disputes, runs, outcomes."""

import io
from dataclasses import replace

import pytest
from PIL import Image

from tests.labelling_bench import CLASSES, DOUBTS, PLAIN, WITH_GOLD, Bench
from tidegate.ai.kind import Done
from tidegate.ai.labelling import telling, working
from tidegate.ai.labelling.gold import is_due
from tidegate.ai.labelling.goldfile import item_id
from tidegate.ai.labelling.pictures import size_of
from tidegate.ai.labelling.predicting import Predicted, predicted
from tidegate.ai.labelling.records import State
from tidegate.ai.labelling.settings import LabellingSettings
from tidegate.ai.problems import ProblemError

KNOWN = {f"gold {n}": CLASSES[n % 3] for n in range(40)}
BOXES = LabellingSettings(task="image-boxes", classes=CLASSES, annotators_per_item=1)


def png(width: int = 30, height: int = 20) -> bytes:
    """A picture."""
    sink = io.BytesIO()
    Image.new("RGB", (width, height)).save(sink, format="PNG")
    return sink.getvalue()


def test_the_same_text_is_the_same_item() -> None:
    """However often it comes; what else stands in a line is kept."""
    bench = Bench(PLAIN)
    assert bench.add("a", "b").items == 2
    again = bench.add("b", "c")
    assert (again.items, again.known) == (1, 1)


def test_a_manifest_is_refused_with_all_that_is_wrong_in_it() -> None:
    """And nothing of it is an item."""
    bench = Bench(PLAIN)
    lines = b'{"source": "fine"}\nno json\n{"source-ref": "s3://x/y"}\n{"source": " "}\n'
    with pytest.raises(ProblemError) as refused:
        bench.arrive("items", "a.manifest", lines)
    assert [fault.partition(" has")[0] for fault in refused.value.faults] == [
        "line 2 is no JSON",
        "line 3",
        "line 4",
    ]
    assert bench.next("ana") is None


def test_a_long_manifest_is_taken_in_portions() -> None:
    """1,000 lines at a time; each is an item in the end."""
    bench = Bench(PLAIN)
    assert bench.add(*(f"text {n}" for n in range(2_500))).items == 2_500


def test_an_item_goes_to_two_people_and_to_neither_twice() -> None:
    """A third gets nothing; whoever asks again gets the item that they hold."""
    bench = Bench(PLAIN)
    bench.add("a")
    first = bench.next("ana")
    assert first is not None
    assert bench.next("ana") == first
    second = bench.next("ben")
    assert second is not None
    assert second.item == first.item
    assert bench.next("chi") is None
    bench.label("ana", first.item, "cat")
    assert bench.next("ana") is None


def test_a_lease_that_is_over_gives_the_item_to_others() -> None:
    """Who comes back late still may, while nobody else did."""
    bench = Bench(replace(PLAIN, annotators_per_item=1, lease_minutes=1))
    bench.add("a")
    task = bench.next("ana")
    assert task is not None
    bench.clock.pause(61)
    assert bench.next("ben") is not None
    with pytest.raises(ProblemError, match="no longer yours"):
        bench.label("ana", task.item, "cat")
    bench.clock.pause(61)
    assert bench.label("ana", task.item, "cat").labelled == 1


def test_the_same_answer_twice_is_no_fault_and_another_one_is() -> None:
    """The first one counts."""
    bench = Bench(PLAIN)
    bench.add("a")
    task = bench.next("ana")
    assert task is not None
    bench.label("ana", task.item, "cat")
    assert bench.label("ana", task.item, "cat").labelled == 1
    with pytest.raises(ProblemError, match="first answer counts"):
        bench.label("ana", task.item, "dog")
    assert len(bench.item(task.item).answers) == 1


def test_what_others_change_meanwhile_is_done_again() -> None:
    """A few times; then the caller is told to come back."""
    bench = Bench(PLAIN)
    bench.add("a")
    bench.table.losing = 2
    assert bench.next("ana") is not None
    bench.table.losing = 9
    with pytest.raises(ProblemError) as refused:
        bench.next("ben")
    assert (refused.value.code, refused.value.retry_after) == ("changed-meanwhile", 1)


def test_all_that_is_wrong_with_an_answer_is_told() -> None:
    """Classes that there are not, too many of them, boxes where there are none."""
    bench = Bench(PLAIN)
    bench.add("a")
    task = bench.next("ana")
    assert task is not None
    box = working.DrawnBox(label="fox", left=0, top=0, width=1, height=1)
    with pytest.raises(ProblemError) as refused:
        bench.label("ana", task.item, "cat", "elk", boxes=(box,))
    assert len(refused.value.faults) == 4


def test_people_who_disagree_are_shown_to_the_third_without_names() -> None:
    """Who decides."""
    bench = Bench(PLAIN)
    bench.add("a")
    for name, said in (("ana", "cat"), ("ben", "dog")):
        task = bench.next(name)
        assert task is not None
        assert task.disputed == ()
        bench.label(name, task.item, said)
    task = bench.next("chi")
    assert task is not None
    assert {said.classes for said in task.disputed} == {("cat",), ("dog",)}
    bench.label("chi", task.item, "dog")
    bench.run()
    ((line),) = bench.manifest()
    assert line["animal"] == 1
    assert line["animal-metadata"]["class-name"] == "dog"


def test_gold_questions_look_as_items_do() -> None:
    """Same fields, ids of the same kind; none of them is an item for others, nor in a manifest."""
    bench = Bench(WITH_GOLD)
    bench.add(*(f"text {n}" for n in range(8)), "gold 0")
    seen = [task for task in _tasks(bench, "ana", 20) if task.text]
    gold = [task for task in seen if str(task.text).startswith("gold")]
    others = [task for task in seen if task not in gold]
    assert len(others) == 8
    assert len(gold) >= 3
    shapes = {(len(task.item), task.image, task.disputed) for task in seen}
    assert shapes == {(32, None, ())}
    bench.run()
    assert bench.manifest() == []


def _tasks(bench: Bench, name: str, most: int) -> list[working.Task]:
    found = []
    while len(found) < most:
        task = bench.next(name)
        if task is None:
            break
        found.append(task)
        bench.label(name, task.item, KNOWN.get(str(task.text), "cat"))
    return found


def test_who_is_careless_is_stopped_and_their_items_go_to_others() -> None:
    """At once, by a run that is asked for; what they said counts no more."""
    bench = Bench(WITH_GOLD)
    texts = [f"text {n}" for n in range(60)]
    bench.add(*texts)
    wrong = {text: "owl" if name == "cat" else "cat" for text, name in KNOWN.items()}
    told = dict.fromkeys(texts, "owl")
    with pytest.raises(ProblemError) as stopped:
        for _ in bench.work("ben", told | wrong):
            pass
    assert (stopped.value.status, stopped.value.code) == (403, "stopped")
    assert [key for key in bench.files.content if key.startswith("in/runs/")] != []
    labelled = [id_ for id_ in map(item_id, texts) if bench.item(id_).answers]
    assert labelled
    assert bench.run().set_aside == len(labelled)
    assert bench.run("1" * 32).set_aside == 0
    assert {bench.item(id_).state for id_ in labelled} == {State.OPEN}
    (person,) = telling.people(telling.PeopleAsked(), bench.ports).people
    assert (person.standing, person.set_aside) == ("stopped", len(labelled))
    assert person.evidence >= 100


def test_gold_that_is_given_back_neither_counts_nor_comes_again() -> None:
    """As of any item."""
    bench = Bench(WITH_GOLD)
    name = next(f"p{n}" for n in range(50) if is_due(f"id-p{n}", 0, share=0.5))
    task = bench.next(name)
    assert task is not None
    working.give_back(working.GivenBack(item=task.item), bench.of(name))
    (person,) = telling.people(telling.PeopleAsked(), bench.ports).people
    assert person.gold == 0
    following = bench.next(name)
    assert following is None or following.item != task.item


def test_agreement_is_that_of_votes_without_the_others() -> None:
    """Of two people, and of everybody."""
    bench = Bench(PLAIN)
    texts = [f"text {n}" for n in range(10)]
    bench.add(*texts)
    ana = {text: CLASSES[n % 3] for n, text in enumerate(texts)}
    ben = {**ana, "text 0": "owl", "text 1": "cat"}
    assert len(list(bench.work("ana", ana))) == 10
    assert len(list(bench.work("ben", ben))) == 10
    status = telling.status(telling.StatusAsked(), bench.ports)
    assert (status.items["done"], status.items["adjudicate"], status.compared) == (8, 2, 10)
    ((pair),) = status.pairs
    assert (pair.items, pair.same) == (10, 0.8)
    assert pair.kappa is not None
    assert 0.6 < pair.kappa < 0.8


def test_a_manifest_line_is_as_ground_truth_writes_it() -> None:
    """With what stood in the line that came."""
    bench = Bench(replace(PLAIN, annotators_per_item=1))
    bench.arrive("items", "a.manifest", b'{"source": "meow", "from": "ana"}\n')
    assert len(list(bench.work("ana", {"meow": "cat"}))) == 1
    done = bench.run()
    assert (done.labelled, done.manifest) == (1, "s3://files/manifest/output.manifest")
    ((line),) = bench.manifest()
    assert line.pop("animal-metadata") == {
        "class-name": "cat",
        "confidence": 0.5,
        "type": "groundtruth/text-classification",
        "human-annotated": "yes",
        "creation-date": "2027-01-15T08:00:00.000000",
        "job-name": "labeling-job/social",
    }
    assert line == {"source": "meow", "from": "ana", "animal": 0}


def test_boxes_are_written_as_ground_truth_writes_them() -> None:
    """An image that came is an item of its size; a second of its name changes nothing."""
    bench = Bench(BOXES)
    progress = bench.arrive("images", "zoo.png", png())
    assert isinstance(progress, Done)
    assert progress.result.items == 1
    again = bench.arrive("images", "zoo.png", png(99, 99))
    assert isinstance(again, Done)
    assert again.result.items == 0
    task = bench.next("ana")
    assert task is not None
    assert task.image == "https://files.example/images/zoo.png?get"
    box = working.DrawnBox(label="dog", left=1, top=2, width=3, height=4)
    bench.label("ana", task.item, boxes=(box,))
    bench.run()
    ((line),) = bench.manifest()
    assert line["source-ref"] == "s3://files/images/zoo.png"
    assert line["label"] == {
        "annotations": [{"class_id": 1, "left": 1, "top": 2, "width": 3, "height": 4}],
        "image_size": [{"width": 30, "height": 20, "depth": 3}],
    }
    metadata = line["label-metadata"]
    assert metadata["objects"] == [{"confidence": 1.0}]
    assert metadata["class-map"] == {"1": "dog"}
    assert metadata["type"] == "groundtruth/object-detection"


@pytest.mark.parametrize("content", [b"", b"GIF89a", png()[:20], b"\xff\xd8\xff\xe0\x00\x02"])
def test_what_is_no_picture_is_refused(content: bytes) -> None:
    """Whatever its name says."""
    assert size_of(content) is None
    with pytest.raises(ProblemError, match="no PNG or JPEG"):
        Bench(BOXES).arrive("images", "a.png", content)


def test_the_size_of_a_jpeg_is_read() -> None:
    """Behind whatever stands before its frame."""
    sink = io.BytesIO()
    Image.new("RGB", (123, 45)).save(sink, format="JPEG", exif=b"Exif\0\0" + b"x" * 300)
    assert size_of(sink.getvalue()) == (123, 45)


def prediction(number: int, label: str, confidence: float = 0.4) -> Predicted:
    """What a model answered."""
    return Predicted(
        prediction_id=f"id-{number}", source="what is it", label=label, confidence=confidence
    )


def test_unsure_predictions_are_items_and_come_back_as_outcomes_once() -> None:
    """Each prediction is one, though the text is the same; sure ones are none."""
    bench = Bench(DOUBTS)
    assert predicted(prediction(1, "cat"), bench.ports).queued
    assert not predicted(prediction(1, "cat"), bench.ports).queued
    assert predicted(prediction(2, "dog"), bench.ports).queued
    assert not predicted(prediction(3, "dog", 0.6), bench.ports).queued
    assert len(list(bench.work("ana", {"what is it": "cat"}))) == 2
    assert bench.run().outcomes == 2
    assert bench.run("1" * 32).outcomes == 0
    ((told),) = bench.outcomes.told.values()
    assert told == {"id-1": False, "id-2": True}


def test_predictions_need_a_model_and_a_class_of_the_settings() -> None:
    """Else they are refused."""
    with pytest.raises(ProblemError, match="from_model"):
        predicted(prediction(1, "cat"), Bench(PLAIN).ports)
    with pytest.raises(ProblemError, match="none of cat, dog, owl"):
        predicted(prediction(1, "fox"), Bench(DOUBTS).ports)
