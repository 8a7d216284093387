"""Boxes in images: overlap, which boxes of two people are the same, and what they say together.

Overlap is intersection over union, and boxes are matched greedily from the largest overlap down,
within a class: Everingham et al., "The PASCAL Visual Object Classes (VOC) Challenge", IJCV 88
(2010), section 4.2.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from tidegate.values import value

_MEMBERS = ("left", "top", "width", "height")


@value
class Box:
    """A box of a class, in whole pixels of the image, from its upper left corner."""

    label: str
    left: int
    top: int
    width: int
    height: int

    def to_json(self) -> Mapping[str, Any]:
        """In JSON types."""
        return {"label": self.label, **{name: getattr(self, name) for name in _MEMBERS}}


def read_box(told: Any, classes: Sequence[str]) -> Box | None:
    """A box as Ground Truth's manifests have it; None where it is none."""
    if not isinstance(told, Mapping):
        return None
    numbers = [told.get(name) for name in ("class_id", *_MEMBERS)]
    if not all(isinstance(n, int) and not isinstance(n, bool) and n >= 0 for n in numbers):
        return None
    place, left, top, width, height = (int(n) for n in numbers if n is not None)
    if place >= len(classes) or not width or not height:
        return None
    return Box(label=classes[place], left=left, top=top, width=width, height=height)


def overlap(one: Box, other: Box) -> float:
    """Intersection over union, 0 to 1."""
    wide = min(one.left + one.width, other.left + other.width) - max(one.left, other.left)
    high = min(one.top + one.height, other.top + other.height) - max(one.top, other.top)
    if wide <= 0 or high <= 0:
        return 0.0
    both = wide * high
    return both / (one.width * one.height + other.width * other.height - both)


def matches(
    ours: Sequence[Box], theirs: Sequence[Box], *, least: float
) -> list[tuple[Box, Box, float]]:
    """Pairs of the same class that overlap enough, each box in one at most, and by how much."""
    found = [
        (overlap(one, other), i, j)
        for i, one in enumerate(ours)
        for j, other in enumerate(theirs)
        if one.label == other.label
    ]
    pairs: list[tuple[Box, Box, float]] = []
    left, right = set(range(len(ours))), set(range(len(theirs)))
    for share, i, j in sorted(found, key=lambda each: (-each[0], each[1], each[2])):
        if share >= least and i in left and j in right:
            pairs.append((ours[i], theirs[j], share))
            left.discard(i)
            right.discard(j)
    return pairs


def agreement(ours: Sequence[Box], theirs: Sequence[Box], *, least: float) -> float:
    """The share of boxes that both have: F1, 2 matches / all boxes; 1 where neither has any."""
    every = len(ours) + len(theirs)
    return 1.0 if not every else 2 * len(matches(ours, theirs, least=least)) / every


def merged(every: Sequence[Sequence[Box]], *, least: float) -> tuple[Box, ...]:
    """The boxes of the first, each as the mean of those of the others that are the same."""
    first, *others = every
    same = {box: [box] for box in first}
    for boxes in others:
        for ours, theirs, _ in matches(first, boxes, least=least):
            same[ours].append(theirs)
    return tuple(_mean(boxes) for boxes in same.values())


def _mean(boxes: Sequence[Box]) -> Box:
    sums = {name: sum(getattr(box, name) for box in boxes) for name in _MEMBERS}
    return Box(
        label=boxes[0].label, **{name: round(total / len(boxes)) for name, total in sums.items()}
    )
