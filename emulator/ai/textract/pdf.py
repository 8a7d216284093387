"""Digital PDFs, read by pdfplumber: the words that the file holds, its rules, boxes and fields."""

import io
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from emulator.ai.textract import marks as ticked
from emulator.ai.textract.fields import filled_in
from emulator.ai.textract.page import EXACT, Box, Cell, Grid, Page, Word

ENGINE = "pdfplumber"

_UNMAPPED = re.compile(r"\(cid:\d+\)")
"""How pdfminer writes a glyph that its font gives no character for."""
_SMALLEST_BOX, _LARGEST_BOX = 5.0, 20.0
"""Sides of a box to tick, in points; larger squares are cells or frames."""
_SAME_RULE = 3.0
"""Rules of a table that are nearer than this many points are one."""
_SCAN_SHARE = 0.5
"""A page without words of which a picture covers this share is a scan."""


class UnreadableError(Exception):
    """The bytes are no PDF that can be read; the message says why."""


def opened(content: bytes) -> Any:
    """The document, whose `pages` are read one by one; UnreadableError if it is none.

    A document that needs a password is unreadable.
    """
    import pdfplumber  # noqa: PLC0415 - takes a quarter of a second
    from pdfplumber.utils.exceptions import PdfminerException  # noqa: PLC0415

    try:
        return pdfplumber.open(io.BytesIO(content))
    except PdfminerException as error:
        raise UnreadableError(repr(error.args[0]) if error.args else repr(error)) from error


def read_page(page: Any) -> Page:
    """What is on a page of an opened document."""
    scale = _Scale(page)
    words = [_word(found, scale) for found in page.extract_words(use_text_flow=False)]
    typed, boxes = filled_in(page.annots, scale.box)
    words, written = ticked.written([*words, *typed])
    words, drawn = ticked.drawn(
        [scale.box(square) for square in _squares(page)],
        words,
        [scale.box(stroke) for stroke in (*page.lines, *page.curves, *_solid(page))],
        confidence=EXACT,
    )
    return Page(
        words=words,
        engine=ENGINE,
        marks=[*written, *drawn, *boxes],
        grids=list(_grids(page, scale)),
        drawings=[scale.box(drawing) for drawing in (*page.images, *_pen_strokes(page))],
    )


def is_scan(page: Any) -> bool:
    """Whether the page is a picture: there is no text in it, and an image covers it."""
    covered = sum(float(image["width"]) * float(image["height"]) for image in page.images)
    return not page.chars and covered >= _SCAN_SHARE * float(page.width) * float(page.height)


class _Scale:
    """Points of one page as shares of it."""

    def __init__(self, page: Any) -> None:
        self._left, self._top = float(page.bbox[0]), float(page.bbox[1])
        self._width, self._height = float(page.width), float(page.height)

    def box(self, found: Mapping[str, Any]) -> Box:
        return self.between(found["x0"], found["top"], found["x1"], found["bottom"])

    def between(self, left: float, top: float, right: float, bottom: float) -> Box:
        return Box(
            left=(left - self._left) / self._width,
            top=(top - self._top) / self._height,
            right=(right - self._left) / self._width,
            bottom=(bottom - self._top) / self._height,
        )


def _word(found: Mapping[str, Any], scale: _Scale) -> Word:
    """Glyphs without a character are shown as such, and make the word as doubtful as they are."""
    text, unmapped = _UNMAPPED.subn("\ufffd", found["text"])
    confidence = EXACT * (len(text) - unmapped) / len(text)
    return Word(text=text, box=scale.box(found), confidence=confidence)


def _squares(page: Any) -> Iterator[Mapping[str, Any]]:
    for rect in page.rects:
        short, long = sorted((float(rect["width"]), float(rect["height"])))
        is_square = long <= min(_LARGEST_BOX, 1.25 * short) and short >= _SMALLEST_BOX
        if is_square and not _is_dark(rect):
            yield rect


def _solid(page: Any) -> Iterator[Mapping[str, Any]]:
    """Small dark squares, by which some programs tick a box."""
    for rect in page.rects:
        if _is_dark(rect) and float(rect["width"]) <= _LARGEST_BOX:
            yield rect


def _is_dark(rect: Mapping[str, Any]) -> bool:
    color = rect.get("non_stroking_color")
    levels = [color] if isinstance(color, int | float) else list(color or ())
    if not rect.get("fill") or not levels:
        return False
    return all(level < 0.5 for level in levels) if len(levels) != 4 else levels[3] > 0.5


def _grids(page: Any, scale: _Scale) -> Iterator[Grid]:
    for table in page.find_tables():
        cells = [cell for cell in table.cells if cell is not None]
        columns = _edges([x for cell in cells for x in (cell[0], cell[2])])
        rows = _edges([y for cell in cells for y in (cell[1], cell[3])])
        if len(columns) < 3 or len(rows) < 2:
            continue
        found = [_cell(cell, scale, columns, rows) for cell in cells]
        found.sort(key=lambda cell: (cell.row, cell.column))
        yield Grid(box=scale.between(*table.bbox), cells=found, confidence=EXACT)


def _cell(
    found: Sequence[float], scale: _Scale, columns: Sequence[float], rows: Sequence[float]
) -> Cell:
    left, top, right, bottom = found
    row, column = _nearest(rows, top), _nearest(columns, left)
    return Cell(
        box=scale.between(left, top, right, bottom),
        row=row + 1,
        column=column + 1,
        rows=max(1, _nearest(rows, bottom) - row),
        columns=max(1, _nearest(columns, right) - column),
    )


def _edges(places: Sequence[float]) -> list[float]:
    edges: list[float] = []
    for place in sorted(places):
        if not edges or place - edges[-1] > _SAME_RULE:
            edges.append(place)
    return edges


def _nearest(edges: Sequence[float], place: float) -> int:
    return min(range(len(edges)), key=lambda index: abs(edges[index] - place))


def _pen_strokes(page: Any) -> Iterator[Mapping[str, Any]]:
    """Curves that turn often, as a pen's do; rounded frames have few points."""
    for curve in page.curves:
        if len(curve.get("pts", ())) > 8:
            yield curve
