"""Textract's blocks: what was found on a page, in the shape of the API, related by ids.

Ids follow from the document and the order of its blocks: the same document has the same ones.
"""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from emulator.ai.textract import layout, queries
from emulator.ai.textract.forms import Entry, entries_of
from emulator.ai.textract.lines import Line, lines_of
from emulator.ai.textract.page import Box, Cell, Grid, Mark, Page, Word
from emulator.jsonapi import Json

_NAMESPACE = uuid.UUID("6f3b4a1e-6d4f-4c57-9a35-1c0f7f5c2a10")
_SIGNATURE_WORDS = ("signature", "signed", "sign here")
_SIGNATURE_REACH = 4.0
"""In heights of the word: a drawing that is no further from "Signature" is one."""
SIGNATURE = 80.0
"""The confidence in a signature: a drawing beside a word for it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Query:
    """A question about some pages of a document; no `pages` means the first, as on AWS."""

    text: str
    alias: str | None
    pages: Sequence[str]

    def is_about(self, page: int, pages: int) -> bool:
        """Whether it asks about that page of so many; `1-3`, `4` and `*` are ranges."""
        ranges = self.pages or ("1",)
        return any(_covers(text, page, pages) for text in ranges)


def _covers(text: str, page: int, pages: int) -> bool:
    if text == "*":
        return True
    first, dash, last = text.partition("-")
    end = (pages if last == "*" else int(last)) if dash else int(first)
    return int(first) <= page <= end


@dataclass(kw_only=True, slots=True)
class PageBlocks:
    """The blocks of one page; `seed` names document and page."""

    page: Page
    number: int
    seed: str
    aspect: float = 1.4
    made: list[Json] = field(default_factory=list)
    _words: dict[Word, str] = field(default_factory=dict)
    _marks: dict[Mark, str] = field(default_factory=dict)
    _line_ids: dict[Line, str] = field(default_factory=dict)

    def text(self) -> list[Json]:
        """PAGE, its LINEs and their WORDs: what DetectDocumentText answers."""
        return [self._root(self._lines(lines_of(self.page.words, aspect=self.aspect))), *self.made]

    def analysis(
        self, features: frozenset[str], questions: Sequence[Query], pages: int
    ) -> list[Json]:
        """The text, and what the features add to it."""
        lines = lines_of(self.page.words, aspect=self.aspect)
        children = self._lines(lines)
        entries = entries_of(self.page, lines)
        if "TABLES" in features:
            children += [self._table(grid) for grid in self.page.grids]
        if "FORMS" in features:
            children += [block for entry in entries for block in self._field(entry)]
        if features & {"TABLES", "FORMS"}:
            children += [self._mark(mark) for mark in self.page.marks if mark not in self._marks]
        if "SIGNATURES" in features:
            children += self._signatures(lines)
        if "LAYOUT" in features:
            children += self._layout(lines)
        if "QUERIES" in features:
            asked = [query for query in questions if query.is_about(self.number, pages)]
            children += [block for query in asked for block in self._query(query, entries)]
        return [self._root(children), *self.made]

    def _root(self, children: Sequence[str]) -> Json:
        box = Box(left=0.0, top=0.0, right=1.0, bottom=1.0)
        block: Json = {
            "BlockType": "PAGE",
            "Geometry": _geometry(box),
            "Id": self._id("PAGE"),
            "Page": self.number,
        }
        if children:
            block["Relationships"] = [{"Type": "CHILD", "Ids": list(children)}]
        return block

    def _lines(self, lines: Sequence[Line]) -> list[str]:
        for line in lines:
            members = {"Confidence": line.confidence, "Text": line.text}
            words = [self._word(word) for word in line.words]
            self._line_ids[line] = self._add("LINE", line.box, members, CHILD=words)
        return list(self._line_ids.values())

    def _word(self, word: Word) -> str:
        known = self._words.get(word)
        if known is None:
            members = {"Confidence": word.confidence, "Text": word.text, "TextType": "PRINTED"}
            known = self._words[word] = self._add("WORD", word.box, members)
        return known

    def _mark(self, mark: Mark) -> str:
        known = self._marks.get(mark)
        if known is None:
            status = "SELECTED" if mark.is_selected else "NOT_SELECTED"
            members = {"Confidence": mark.confidence, "SelectionStatus": status}
            known = self._marks[mark] = self._add("SELECTION_ELEMENT", mark.box, members)
        return known

    def _field(self, entry: Entry) -> tuple[str, str]:
        sure = {"Confidence": entry.confidence}
        inside = [self._word(word) for word in entry.value]
        if entry.mark is not None:
            inside.append(self._mark(entry.mark))
        label = Box.around(word.box for word in entry.label)
        boxes = [word.box for word in entry.value]
        boxes += [] if entry.mark is None else [entry.mark.box]
        place = Box.around(boxes) if boxes else _nothing_after(label)
        value = self._add("KEY_VALUE_SET", place, {**sure, "EntityTypes": ["VALUE"]}, CHILD=inside)
        key = self._add(
            "KEY_VALUE_SET",
            label,
            {**sure, "EntityTypes": ["KEY"]},
            VALUE=[value],
            CHILD=[self._word(word) for word in entry.label],
        )
        return key, value

    def _table(self, grid: Grid) -> str:
        plain, merged = [], []
        for cell in grid.cells:
            ids = [self._cell(cell, grid, row, column) for row, column in _places(cell)]
            plain += ids
            if len(ids) > 1:
                merged.append(self._merged(cell, grid, ids))
        members = {"Confidence": grid.confidence, "EntityTypes": ["STRUCTURED_TABLE"]}
        return self._add("TABLE", grid.box, members, CHILD=plain, MERGED_CELL=merged)

    def _cell(self, cell: Cell, grid: Grid, row: int, column: int) -> str:
        """One place of the grid; the words of a merged cell are in its first."""
        is_first = (row, column) == (cell.row, cell.column)
        words = [word for word in self.page.words if is_first and cell.box.holds(word.box)]
        marks = [mark for mark in self.page.marks if is_first and cell.box.holds(mark.box)]
        members: Json = {
            "Confidence": min([grid.confidence, *(word.confidence for word in words)]),
            "RowIndex": row,
            "ColumnIndex": column,
            "RowSpan": 1,
            "ColumnSpan": 1,
        }
        if row == 1:
            members["EntityTypes"] = ["COLUMN_HEADER"]
        ordered = [word for line in lines_of(words, aspect=self.aspect) for word in line.words]
        inside = [self._word(word) for word in ordered]
        return self._add("CELL", cell.box, members, CHILD=[*inside, *map(self._mark, marks)])

    def _merged(self, cell: Cell, grid: Grid, ids: Sequence[str]) -> str:
        members = {
            "Confidence": grid.confidence,
            "RowIndex": cell.row,
            "ColumnIndex": cell.column,
            "RowSpan": cell.rows,
            "ColumnSpan": cell.columns,
        }
        return self._add("MERGED_CELL", cell.box, members, CHILD=ids)

    def _signatures(self, lines: Sequence[Line]) -> list[str]:
        labels = [
            line.box
            for line in lines
            if any(word in line.text.lower() for word in _SIGNATURE_WORDS)
        ]
        found = [box for box in self.page.drawings if any(_is_near(box, near) for near in labels)]
        return [self._add("SIGNATURE", box, {"Confidence": SIGNATURE}) for box in found]

    def _layout(self, lines: Sequence[Line]) -> list[str]:
        sure = {"Confidence": layout.CONFIDENCE}
        return [
            self._add(part.kind, part.box, sure, CHILD=[self._line_ids[n] for n in part.lines])
            for part in layout.parts_of(self.page, lines)
        ]

    def _query(self, query: Query, entries: Sequence[Entry]) -> list[str]:
        members: Json = {"Query": {"Text": query.text}}
        if query.alias is not None:
            members["Query"]["Alias"] = query.alias
        if query.pages:
            members["Query"]["Pages"] = list(query.pages)
        found = queries.answer(query.text, entries)
        if found is None:
            return [self._add("QUERY", None, members)]
        place = Box.around(word.box for word in found.entry.value)
        result = self._add(
            "QUERY_RESULT", place, {"Confidence": found.confidence, "Text": found.entry.text}
        )
        return [self._add("QUERY", None, members, ANSWER=[result]), result]

    def _add(
        self, kind: str, box: Box | None, members: Mapping[str, object], **related: Sequence[str]
    ) -> str:
        identity = self._id(f"{kind} {len(self.made)}")
        block: Json = {"BlockType": kind, **members, "Id": identity, "Page": self.number}
        if box is not None:
            block["Geometry"] = _geometry(box)
        links = [{"Type": name, "Ids": list(ids)} for name, ids in related.items() if ids]
        if links:
            block["Relationships"] = links
        self.made.append(block)
        return identity

    def _id(self, name: str) -> str:
        return str(uuid.uuid5(_NAMESPACE, f"{self.seed} {name}"))


def _places(cell: Cell) -> list[tuple[int, int]]:
    return [
        (row, column)
        for row in range(cell.row, cell.row + cell.rows)
        for column in range(cell.column, cell.column + cell.columns)
    ]


def _nothing_after(label: Box) -> Box:
    """Where the value of an empty field would be."""
    return Box(left=label.right, top=label.top, right=label.right, bottom=label.bottom)


def _is_near(drawing: Box, word: Box) -> bool:
    reach = _SIGNATURE_REACH * word.height
    across = max(0.0, drawing.left - word.right, word.left - drawing.right)
    down = max(0.0, drawing.top - word.bottom, word.top - drawing.bottom)
    return across <= reach and down <= reach


def _geometry(box: Box) -> Json:
    corners = [
        (box.left, box.top),
        (box.right, box.top),
        (box.right, box.bottom),
        (box.left, box.bottom),
    ]
    return {
        "BoundingBox": {
            "Width": box.width,
            "Height": box.height,
            "Left": box.left,
            "Top": box.top,
        },
        "Polygon": [{"X": x, "Y": y} for x, y in corners],
    }
