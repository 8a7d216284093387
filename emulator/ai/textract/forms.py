"""Fields of forms by the rules of their layout: labels end in a colon or stand behind a box.

No model reads the page. The confidence of a field says how strict the rule was that found it, and
never more than how sure the engine is of its words; it is no probability.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from emulator.ai.textract.lines import Line
from emulator.ai.textract.page import Box, Mark, Page, Word

BESIDE = 98.0
"""The value stands behind its label's colon."""
TICKED = 97.0
"""The label stands behind its box."""
BELOW = 88.0
"""The value stands under its label."""
EMPTY = 90.0
"""A label with a colon, and nothing beside or under it."""
CROWDED = 75.0
"""Two labels in one stretch of text: where the second begins was guessed by the gaps."""

_NEAR_ROWS = 1.6
"""In heights of the label: a value under it begins no further down."""
_MOST_LABEL_WORDS = 6


@dataclass(frozen=True, kw_only=True, slots=True)
class Entry:
    """A field: the words of its label, those of its value, or its box to tick."""

    label: Sequence[Word]
    value: Sequence[Word]
    confidence: float
    mark: Mark | None = None

    @property
    def name(self) -> str:
        """The label as text."""
        return " ".join(word.text for word in self.label)

    @property
    def text(self) -> str:
        """The value as text."""
        return " ".join(word.text for word in self.value)


def entries_of(page: Page, lines: Sequence[Line]) -> list[Entry]:
    """Every field of the page, those with boxes first, else in the order of reading.

    Words in ruled tables are none of a field's.
    """
    free = [line for line in lines if not _in_table(line.box, page)]
    ticked = list(_ticked(page.marks, free))
    taken = {word for entry in ticked for word in entry.label}
    marks = [mark.box for mark in page.marks]
    stretches = [stretch for line in free for stretch in _stretches(line, taken)]
    return [*ticked, *_labelled(stretches, marks)]


def _in_table(box: Box, page: Page) -> bool:
    return any(grid.box.holds(box) for grid in page.grids)


def _ticked(marks: Sequence[Mark], lines: Sequence[Line]) -> Iterator[Entry]:
    """The words to the right of each box, up to the next box or a wide gap."""
    for mark in marks:
        rights = [m.box.left for m in marks if m.box.left > mark.box.left]
        end = min([left for left in rights if _row_has(marks, mark, left)], default=1.0)
        near = [
            [word for word in line.words if mark.box.right <= word.box.left < end]
            for line in lines
            if line.box.beside(mark.box)
        ]
        label = next((words for words in near if words), [])
        if label:
            sure = min(mark.confidence, TICKED, *(word.confidence for word in label))
            yield Entry(label=label, value=(), confidence=sure, mark=mark)


def _row_has(marks: Sequence[Mark], mark: Mark, left: float) -> bool:
    return any(other.box.left == left and other.box.beside(mark.box) for other in marks)


@dataclass(frozen=True, kw_only=True, slots=True)
class _Stretch:
    """Words beside each other: a label, its value, both, or neither."""

    label: Sequence[Word]
    value: Sequence[Word]
    is_crowded: bool = False

    @property
    def box(self) -> Box:
        return Box.around(word.box for word in (*self.label, *self.value))


def _stretches(line: Line, taken: set[Word]) -> Iterator[_Stretch]:
    """The line cut so that none of its parts has a second label."""
    words = [word for word in line.words if word not in taken]
    colons = [place for place, word in enumerate(words) if _ends_label(word)]
    starts = [0]
    for before, colon in pairwise(colons):
        starts.append(_label_start(words, before + 1, colon))
    ends = [*starts[1:], len(words)]
    for start, end in zip(starts, ends, strict=True):
        part = words[start:end]
        if part:
            yield _cut(part, is_crowded=len(starts) > 1)


def _ends_label(word: Word) -> bool:
    return word.text.endswith((":", "\uff1a")) and len(word.text.rstrip(":\uff1a")) > 0


def _label_start(words: Sequence[Word], start: int, colon: int) -> int:
    """Where the label that ends at the colon begins: after the widest gap."""
    gaps = {
        place: words[place].box.left - words[place - 1].box.right
        for place in range(start, colon + 1)
    }
    return max(gaps, key=lambda place: (round(gaps[place], 4), place))


def _cut(words: Sequence[Word], *, is_crowded: bool) -> _Stretch:
    for place, word in enumerate(words):
        if _ends_label(word) and place < _MOST_LABEL_WORDS:
            return _Stretch(
                label=words[: place + 1], value=words[place + 1 :], is_crowded=is_crowded
            )
    return _Stretch(label=(), value=words)


def _labelled(stretches: Sequence[_Stretch], marks: Sequence[Box]) -> Iterator[Entry]:
    """A stretch with a label is a field; its value may be the next stretch, or the one below."""
    used: set[int] = set()
    for place, stretch in enumerate(stretches):
        if not stretch.label or _before_mark(stretch, marks):
            continue
        value, rule = _value_of(place, stretches, used)
        if stretch.is_crowded:
            rule = min(rule, CROWDED)
        sure = min([rule, *(word.confidence for word in (*stretch.label, *value))])
        yield Entry(label=stretch.label, value=value, confidence=sure)


def _before_mark(stretch: _Stretch, marks: Sequence[Box]) -> bool:
    """A label of boxes to tick ("Married: [] yes [] no") has no value of its own."""
    return not stretch.value and any(
        mark.beside(stretch.box) and mark.left > stretch.box.right for mark in marks
    )


def _value_of(
    place: int, stretches: Sequence[_Stretch], used: set[int]
) -> tuple[Sequence[Word], float]:
    stretch = stretches[place]
    if stretch.value:
        return stretch.value, BESIDE
    after = stretches[place + 1 : place + 2]
    if after and not after[0].label and after[0].box.beside(stretch.box):
        used.add(place + 1)
        return after[0].value, BESIDE
    for number, other in enumerate(stretches[place + 1 :], start=place + 1):
        if number not in used and not other.label and _is_below(stretch.box, other.box):
            used.add(number)
            return other.value, BELOW
    return (), EMPTY


def _is_below(label: Box, value: Box) -> bool:
    near = 0 <= value.top - label.bottom <= _NEAR_ROWS * label.height
    return near and value.left < label.right and value.right > label.left
