"""Words put into lines, as people read them: a wide gap ends a line, as Textract has it."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from emulator.ai.textract.page import Box, Word

_WIDE_GAP = 1.2
"""In heights of a line: a wider gap between words is between columns, not in a sentence."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Line:
    """Words that stand beside each other, from left to right; there is one at least."""

    words: tuple[Word, ...]

    @property
    def box(self) -> Box:
        """Around its words."""
        return Box.around(word.box for word in self.words)

    @property
    def text(self) -> str:
        """Its words with a space between."""
        return " ".join(word.text for word in self.words)

    @property
    def confidence(self) -> float:
        """The mean of its words'."""
        return sum(word.confidence for word in self.words) / len(self.words)


def rows_of(words: Sequence[Word]) -> list[list[Word]]:
    """Words by rows across the whole page, from top to bottom, each from left to right."""
    rows: list[list[Word]] = []
    for word in sorted(words, key=lambda word: (word.box.middle, word.box.left)):
        if rows and rows[-1][0].box.beside(word.box):
            rows[-1].append(word)
        else:
            rows.append([word])
    return [sorted(row, key=lambda word: word.box.left) for row in rows]


def lines_of(words: Sequence[Word], *, aspect: float = 1.0) -> list[Line]:
    """The lines of a page in the order of reading.

    `aspect` is the page's height over its width: gaps run across, letters are measured upright.
    """
    return [Line(words=tuple(part)) for row in rows_of(words) for part in _parts(row, aspect)]


def _parts(row: Sequence[Word], aspect: float) -> list[list[Word]]:
    parts = [[row[0]]]
    for before, word in pairwise(row):
        gap = word.box.left - before.box.right
        height = max(before.box.height, word.box.height) * aspect
        if gap > _WIDE_GAP * height:
            parts.append([word])
        else:
            parts[-1].append(word)
    return parts
