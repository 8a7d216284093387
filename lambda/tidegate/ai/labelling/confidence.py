"""How sure a label is: the chance of it, given who said what and how right each of them is.

One-coin model of Dawid & Skene, "Maximum likelihood estimation of observer error-rates using the EM
algorithm", Applied Statistics 28 (1979): a person is right with their own chance, and wrong in any
other way alike; every class is as likely before. The chance is that of their gold questions
(`gold.accuracy`). Whoever decided counts as one more.
"""

import math
from collections.abc import Callable, Sequence

from tidegate.ai.labelling.boxes import agreement
from tidegate.ai.labelling.labels import Label
from tidegate.ai.labelling.records import Answer, Item
from tidegate.ai.labelling.settings import IMAGE_BOXES, TEXT_CLASSES, LabellingSettings

_LEAST, _MOST = 0.01, 0.99
"""Nobody is taken to be surely right or wrong."""


def confidence(item: Item, settings: LabellingSettings, accuracy: Callable[[str], float]) -> float:
    """Of the item's label, 0 to 1. Of boxes it is the mean share that others drew as well."""
    if item.label is None:
        raise ValueError(f"item {item.id} has no label yet")
    if settings.task == IMAGE_BOXES:
        return _of_boxes(item, settings)
    if settings.task == TEXT_CLASSES:
        return min(class_confidences(item, settings, accuracy).values())
    classes = [Label(classes=(name,)) for name in settings.classes]
    return _chance(item.label, classes, item.answers, accuracy)


def class_confidences(
    item: Item, settings: LabellingSettings, accuracy: Callable[[str], float]
) -> dict[str, float]:
    """Of each class of an item with any number: whether it is one, as the label says."""
    label = item.label if item.label is not None else Label()
    yes, no = Label(classes=("yes",)), Label(classes=("no",))

    def said(one: Label, name: str) -> Label:
        return yes if name in one.classes else no

    return {
        name: _chance(
            said(label, name),
            [yes, no],
            [Answer(person=a.person, label=said(a.label, name), at=a.at) for a in item.answers],
            accuracy,
        )
        for name in settings.classes
    }


def _chance(
    label: Label,
    every: Sequence[Label],
    answers: Sequence[Answer],
    accuracy: Callable[[str], float],
) -> float:
    known = {answer.person: min(_MOST, max(_LEAST, accuracy(answer.person))) for answer in answers}
    logs = {
        one: sum(
            math.log(
                known[answer.person]
                if answer.label == one
                else (1 - known[answer.person]) / (len(every) - 1)
            )
            for answer in answers
        )
        for one in every
    }
    most = max(logs.values())
    return math.exp(logs[label] - most) / sum(math.exp(log - most) for log in logs.values())


def _of_boxes(item: Item, settings: LabellingSettings) -> float:
    if item.label is None or not item.answers:
        return 0.0
    boxes, least = item.label.boxes, settings.least_overlap
    shares = [agreement(boxes, answer.label.boxes, least=least) for answer in item.answers]
    return sum(shares) / len(shares)
