"""The parts of a page by their looks: title, paragraphs, tables, fields, the number of the page."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from emulator.ai.textract.lines import Line
from emulator.ai.textract.page import Box, Page

CONFIDENCE = 80.0
"""By form alone: nothing says what a part is."""

_TITLE_SIZE = 1.3
"""In heights of the page's middling line: a line that is so much taller is a title."""
_PARAGRAPH_GAP = 0.9
"""In heights of a line: a wider gap ends a paragraph."""
_EDGE = 0.08
"""The share of the page at its upper and lower edge where a lone number is the page's."""
_PAGE_NUMBER = re.compile(r"(?:page\s+)?\d{1,4}(?:\s*(?:of|/)\s*\d{1,4})?", re.IGNORECASE)


@dataclass(frozen=True, kw_only=True, slots=True)
class Part:
    """A part of the page, by its kind in Textract's model, and its lines."""

    kind: str
    lines: Sequence[Line]
    box: Box


def parts_of(page: Page, lines: Sequence[Line]) -> list[Part]:
    """The parts of the page, from top to bottom."""
    tables = [
        Part(kind="LAYOUT_TABLE", box=grid.box, lines=[n for n in lines if grid.box.holds(n.box)])
        for grid in page.grids
    ]
    rest = [line for line in lines if not any(grid.box.holds(line.box) for grid in page.grids)]
    parts = [*tables, *_texts(rest)]
    return sorted(parts, key=lambda part: (part.box.top, part.box.left))


def _texts(lines: Sequence[Line]) -> Iterator[Part]:
    heights = sorted(line.box.height for line in lines)
    middling = heights[len(heights) // 2] if heights else 0.0
    paragraph: list[Line] = []
    for line in lines:
        kind = _lone_kind(line, middling)
        if paragraph and (kind is not None or not _continues(paragraph[-1], line)):
            yield _part("LAYOUT_TEXT", paragraph)
            paragraph = []
        if kind is None:
            paragraph.append(line)
        else:
            yield _part(kind, [line])
    if paragraph:
        yield _part("LAYOUT_TEXT", paragraph)


def _lone_kind(line: Line, middling: float) -> str | None:
    at_edge = line.box.bottom <= _EDGE or line.box.top >= 1 - _EDGE
    if at_edge and _PAGE_NUMBER.fullmatch(line.text):
        return "LAYOUT_PAGE_NUMBER"
    return "LAYOUT_TITLE" if line.box.height >= _TITLE_SIZE * middling else None


def _continues(before: Line, line: Line) -> bool:
    gap = line.box.top - before.box.bottom
    return -line.box.height < gap <= _PARAGRAPH_GAP * before.box.height


def _part(kind: str, lines: Sequence[Line]) -> Part:
    return Part(kind=kind, lines=list(lines), box=Box.around(line.box for line in lines))
