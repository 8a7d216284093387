"""What an engine reads on a page: words, boxes to tick, ruled tables. The same for every format.

Places and lengths are shares of the page's width and height, from its upper left corner.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

EXACT = 100.0
"""The confidence in text that the file itself holds: it was read, not recognised."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Box:
    """A rectangle on a page."""

    left: float
    top: float
    right: float
    bottom: float

    @property
    def width(self) -> float:
        """From left to right."""
        return self.right - self.left

    @property
    def height(self) -> float:
        """From top to bottom."""
        return self.bottom - self.top

    @property
    def middle(self) -> float:
        """Half way down."""
        return (self.top + self.bottom) / 2

    def holds(self, other: "Box") -> bool:
        """Whether the middle of the other is in it."""
        across = (other.left + other.right) / 2
        return self.left <= across <= self.right and self.top <= other.middle <= self.bottom

    def beside(self, other: "Box") -> bool:
        """Whether both stand in one row: they share half of the lower one's height."""
        shared = min(self.bottom, other.bottom) - max(self.top, other.top)
        return shared >= 0.5 * min(self.height, other.height)

    @classmethod
    def around(cls, boxes: Iterable["Box"]) -> "Box":
        """The smallest that all of them fit in; there must be one at least."""
        given = list(boxes)
        return cls(
            left=min(box.left for box in given),
            top=min(box.top for box in given),
            right=max(box.right for box in given),
            bottom=max(box.bottom for box in given),
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class Word:
    """A word, and from 0 to 100 how sure the engine is of it."""

    text: str
    box: Box
    confidence: float


@dataclass(frozen=True, kw_only=True, slots=True)
class Mark:
    """A box to tick, or its like in text (`[x]`)."""

    box: Box
    is_selected: bool
    confidence: float


@dataclass(frozen=True, kw_only=True, slots=True)
class Cell:
    """A cell of a table; rows and columns count from 1."""

    box: Box
    row: int
    column: int
    rows: int = 1
    columns: int = 1


@dataclass(frozen=True, kw_only=True, slots=True)
class Grid:
    """A table whose cells are ruled."""

    box: Box
    cells: Sequence[Cell]
    confidence: float


@dataclass(frozen=True, kw_only=True, slots=True)
class Page:
    """All that was found on one page, and the engine that found it.

    `drawings` are places of pictures and of strokes that are neither letters nor rules.
    """

    words: Sequence[Word]
    engine: str
    marks: Sequence[Mark] = ()
    grids: Sequence[Grid] = ()
    drawings: Sequence[Box] = ()
