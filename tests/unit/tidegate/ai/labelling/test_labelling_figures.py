"""The figures of labelling: agreement, evidence of carelessness, confidence, overlap of boxes."""

import random
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tidegate.ai.labelling.agreement import cohen_kappa, fleiss_kappa
from tidegate.ai.labelling.boxes import Box, agreement, matches, merged, overlap
from tidegate.ai.labelling.confidence import class_confidences, confidence
from tidegate.ai.labelling.gold import ALPHA, evidence, is_careless, is_due
from tidegate.ai.labelling.labels import Label
from tidegate.ai.labelling.records import Answer, Item, State
from tidegate.ai.labelling.settings import LabellingSettings

WORDS = LabellingSettings(task="text-class", classes=("a", "b", "c", "d"))


def test_cohens_kappa_is_that_of_a_worked_table() -> None:
    """20 both yes, 5 and 10 split, 15 both no: 0.7 seen, 0.5 by chance, kappa 0.4."""
    table = {("y", "y"): 20, ("y", "n"): 5, ("n", "y"): 10, ("n", "n"): 15}
    pairs = [pair for pair, many in table.items() for _ in range(many)]
    assert cohen_kappa(pairs) == pytest.approx(0.4)


def test_fleiss_kappa_is_that_of_his_worked_example() -> None:
    """Ten subjects, fourteen raters, five categories: 0.210."""
    counts = [
        (0, 0, 0, 0, 14),
        (0, 2, 6, 4, 2),
        (0, 0, 3, 5, 6),
        (0, 3, 9, 2, 0),
        (2, 2, 8, 1, 1),
        (7, 7, 0, 0, 0),
        (3, 2, 6, 3, 0),
        (2, 5, 3, 2, 2),
        (6, 5, 2, 1, 0),
        (0, 2, 2, 3, 7),
    ]
    items = [[str(j) for j, n in enumerate(row) for _ in range(n)] for row in counts]
    assert fleiss_kappa(items) == pytest.approx(0.210, abs=0.0005)


@pytest.mark.parametrize("kappa", [cohen_kappa, fleiss_kappa])
def test_agreement_that_chance_explains_has_no_kappa(kappa: Callable[..., float | None]) -> None:
    """Without items, or where all say the same one thing."""
    assert kappa([]) is None
    assert kappa([("a", "a")] * 5) is None


@given(st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from("abc")), min_size=1))
def test_kappa_is_one_at_most_and_the_same_whoever_is_first(
    pairs: list[tuple[str, str]],
) -> None:
    """And one exactly where all is the same and not one thing."""
    kappa = cohen_kappa(pairs)
    assert kappa == cohen_kappa([(b, a) for a, b in pairs])
    if kappa is not None:
        assert kappa <= 1.0
        assert (kappa == 1.0) == all(a == b for a, b in pairs)


@given(st.integers(0, 30), st.integers(0, 30), st.floats(0.05, 0.95))
def test_evidence_is_fair_at_the_limit(right: int, wrong: int, limit: float) -> None:
    """Whoever is right as often as the limit is expected to keep it: the next answer moves none."""
    asked = right + wrong
    now = evidence(right, asked, limit=limit)
    following = limit * evidence(right + 1, asked + 1, limit=limit)
    following += (1 - limit) * evidence(right, asked + 1, limit=limit)
    assert following == pytest.approx(now, rel=1e-6)


def test_nobody_at_the_limit_is_stopped_more_often_than_said() -> None:
    """Of 1,500 people looked at after each of 60 questions, about one in a hundred at most."""
    chance, stopped = random.Random(5), 0  # noqa: S311 - no secrets
    for _ in range(1_500):
        right = 0
        for asked in range(1, 61):
            right += chance.random() < 0.7
            if is_careless(right, asked, limit=0.7):
                stopped += 1
                break
    assert stopped <= 1_500 * ALPHA


def test_who_answers_at_random_is_stopped_soon() -> None:
    """One right in four: at nineteen in twenty within 30 questions."""
    chance, found = random.Random(6), 0  # noqa: S311 - no secrets
    for _ in range(500):
        right = 0
        for asked in range(1, 31):
            right += chance.random() < 0.25
            if is_careless(right, asked, limit=0.7):
                found += 1
                break
    assert found >= 0.95 * 500


def test_gold_questions_come_as_often_as_said_and_more_at_first() -> None:
    """By a hash of person and number: asked again, it is the same."""
    people = [f"person-{n}" for n in range(300)]
    first = [is_due(p, n, share=0.1) for p in people for n in range(20)]
    later = [is_due(p, n, share=0.1) for p in people for n in range(20, 60)]
    assert sum(first) / len(first) == pytest.approx(0.2, abs=0.02)
    assert sum(later) / len(later) == pytest.approx(0.1, abs=0.01)
    assert first == [is_due(p, n, share=0.1) for p in people for n in range(20)]


def answers(*said: tuple[str, str]) -> tuple[Answer, ...]:
    """What people say, by their names."""
    return tuple(Answer(person=p, label=Label(classes=(c,)), at=0.0) for p, c in said)


def done(label: Label, *said: Answer, task: str = "text-class") -> Item:
    """An item that has its label."""
    return Item(
        id="i", source="s", came_at=0.0, state=State.DONE, answers=said, label=label, decided_at=1.0
    )


def test_two_that_agree_are_surer_than_each_of_them() -> None:
    """Bayes by hand: 0.9 * 0.8 against 3 * (0.1/3) * (0.2/3)."""
    item = done(Label(classes=("a",)), *answers(("x", "a"), ("y", "a")))
    known = {"x": 0.9, "y": 0.8}.__getitem__
    right, wrong = 0.9 * 0.8, 3 * (0.1 / 3) * (0.2 / 3)
    assert confidence(item, WORDS, known) == pytest.approx(right / (right + wrong))


def test_whom_gold_believes_weighs_more() -> None:
    """Of two who disagree and one who decides, by how right each is."""
    said = answers(("x", "a"), ("y", "b"), ("z", "a"))
    item = done(Label(classes=("a",)), *said)
    sure = confidence(item, WORDS, {"x": 0.9, "y": 0.6, "z": 0.9}.__getitem__)
    unsure = confidence(item, WORDS, {"x": 0.6, "y": 0.9, "z": 0.6}.__getitem__)
    assert sure > 0.9 > unsure


def test_each_class_of_several_has_its_own_confidence() -> None:
    """A class on which two disagree is less sure than one on which they agree."""
    settings = LabellingSettings(task="text-classes", classes=("a", "b"))
    said = (
        Answer(person="x", label=Label(classes=("a", "b")), at=0.0),
        Answer(person="y", label=Label(classes=("a",)), at=0.0),
    )
    item = done(Label(classes=("a",)), *said)
    each = class_confidences(item, settings, lambda _: 0.8)
    assert each["a"] == pytest.approx(0.64 / (0.64 + 0.04))
    assert each["b"] == pytest.approx(0.5)
    assert confidence(item, settings, lambda _: 0.8) == pytest.approx(0.5)


BOX = Box(label="a", left=0, top=0, width=10, height=10)
boxes = st.builds(
    Box,
    label=st.sampled_from("ab"),
    left=st.integers(0, 50),
    top=st.integers(0, 50),
    width=st.integers(1, 40),
    height=st.integers(1, 40),
)


def test_overlap_is_intersection_over_union() -> None:
    """Half of one over half of the other: 50 of 150 pixels."""
    assert overlap(BOX, Box(label="a", left=5, top=0, width=10, height=10)) == pytest.approx(1 / 3)
    assert overlap(BOX, Box(label="a", left=10, top=0, width=10, height=10)) == 0.0


@given(boxes, boxes)
def test_overlap_is_the_same_both_ways_and_one_of_the_same(one: Box, other: Box) -> None:
    """And between 0 and 1."""
    assert overlap(one, other) == overlap(other, one)
    assert 0.0 <= overlap(one, other) <= 1.0
    assert overlap(one, one) == 1.0


@given(st.lists(boxes, max_size=5), st.lists(boxes, max_size=5))
def test_no_box_is_matched_twice_nor_over_classes(ours: list[Box], theirs: list[Box]) -> None:
    """Each pair has one class, and overlaps enough."""
    pairs = matches(ours, theirs, least=0.5)
    assert len(pairs) <= min(len(ours), len(theirs))
    for one, other, share in pairs:
        assert one.label == other.label
        assert share >= 0.5
    assert agreement(ours, ours, least=0.5) == 1.0


def test_merged_boxes_are_means() -> None:
    """Of those that are the same."""
    near = Box(label="a", left=2, top=0, width=10, height=8)
    (found,) = merged([[BOX], [near]], least=0.5)
    assert found == Box(label="a", left=1, top=0, width=10, height=9)
