"""Textract's blocks as what a form says: pairs of label and value, tables, answers to questions.

Source: Textract developer guide, "Form Data (Key-Value Pairs)", "Tables", "Queries".
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

Block = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """A label and its value. `ticked` is whether its box is, None where there is none."""

    label: str
    value: str
    confidence: float
    page: int
    ticked: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """A table's rows of cells; `confidence` is that of its least sure cell."""

    page: int
    rows: tuple[tuple[str, ...], ...]
    confidence: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a question, by its alias, was answered."""

    alias: str
    text: str
    confidence: float
    page: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """All that was found in a document."""

    pages: int
    pairs: tuple[Pair, ...]
    tables: tuple[Table, ...]
    answers: tuple[Answer, ...]


@dataclass(slots=True, kw_only=True)
class Blocks:
    """Blocks as they come, page by page of results: of each only what a form is made of."""

    _kept: dict[str, dict[str, Any]] = field(default_factory=dict)

    def add(self, blocks: Iterable[Block]) -> None:
        """These as well; lines and places are not needed."""
        for block in blocks:
            if block["BlockType"] in _NEEDED:
                self._kept[block["Id"]] = {name: block[name] for name in _MEMBERS if name in block}

    def form(self, pages: int) -> Form:
        """What they say together."""
        blocks = list(self._kept.values())
        return Form(
            pages=pages,
            pairs=tuple(self._pair(block) for block in blocks if _is_key(block)),
            tables=tuple(self._table(b) for b in blocks if b["BlockType"] == "TABLE"),
            answers=tuple(answer for block in blocks for answer in self._answers(block)),
        )

    def _pair(self, block: Block) -> Pair:
        values = self._linked(block, "VALUE")
        inside = [child for value in values for child in self._linked(value, "CHILD")]
        boxes = [c for c in inside if c["BlockType"] == "SELECTION_ELEMENT"]
        sure = [block, *values, *self._linked(block, "CHILD"), *inside]
        return Pair(
            label=self._text(block).strip().rstrip(":").strip(),
            value=" ".join(child["Text"] for child in inside if "Text" in child),
            confidence=min(_confidence(one) for one in sure),
            page=int(block.get("Page", 1)),
            ticked=boxes[0]["SelectionStatus"] == "SELECTED" if boxes else None,
        )

    def _table(self, block: Block) -> Table:
        cells = [c for c in self._linked(block, "CHILD") if c["BlockType"] == "CELL"]
        width = max((int(cell["ColumnIndex"]) for cell in cells), default=0)
        height = max((int(cell["RowIndex"]) for cell in cells), default=0)
        rows = [["" for _ in range(width)] for _ in range(height)]
        for cell in cells:
            rows[cell["RowIndex"] - 1][cell["ColumnIndex"] - 1] = self._text(cell)
        inside = [child for cell in cells for child in self._linked(cell, "CHILD")]
        return Table(
            page=int(block.get("Page", 1)),
            rows=tuple(tuple(row) for row in rows),
            confidence=min(_confidence(one) for one in [block, *cells, *inside]),
        )

    def _answers(self, block: Block) -> list[Answer]:
        if block["BlockType"] != "QUERY":
            return []
        return [
            Answer(
                alias=str(block["Query"].get("Alias", block["Query"]["Text"])),
                text=str(found["Text"]),
                confidence=_confidence(found),
                page=int(found.get("Page", 1)),
            )
            for found in self._linked(block, "ANSWER")
        ]

    def _text(self, block: Block) -> str:
        """Its words; a box to tick is `[x]` or `[ ]`."""
        return " ".join(
            child["Text"] if "Text" in child else _BOXES[child["SelectionStatus"]]
            for child in self._linked(block, "CHILD")
        )

    def _linked(self, block: Block, kind: str) -> Sequence[Block]:
        return [
            self._kept[identity]
            for relation in block.get("Relationships", ())
            if relation["Type"] == kind
            for identity in relation["Ids"]
            if identity in self._kept
        ]


_NEEDED = frozenset(
    {"KEY_VALUE_SET", "WORD", "SELECTION_ELEMENT", "TABLE", "CELL", "QUERY", "QUERY_RESULT"}
)
_MEMBERS = (
    "BlockType",
    "Confidence",
    "Text",
    "EntityTypes",
    "SelectionStatus",
    "Relationships",
    "RowIndex",
    "ColumnIndex",
    "Page",
    "Query",
)
_BOXES = {"SELECTED": "[x]", "NOT_SELECTED": "[ ]"}


def _is_key(block: Block) -> bool:
    return block["BlockType"] == "KEY_VALUE_SET" and "KEY" in block.get("EntityTypes", ())


def _confidence(block: Block) -> float:
    """In percent; what has none (a query) is not in doubt."""
    return float(block.get("Confidence", 100.0))
