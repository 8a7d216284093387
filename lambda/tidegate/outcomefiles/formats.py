"""Formats of outcome files: CSV with a header, or a JSON object a line; packed by gzip or not.

A line has one outcome: `prediction_id`, as the answer's header had it, and `wrong`, true or false.
Other columns and members are not read. A quoted CSV field ends on its line.
"""

import csv
import json
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from tidegate.outcomefiles.lines import LONGEST_BYTES, Line

RESULT_SUFFIX = ".result.json"
PREDICTION_ID, WRONG = "prediction_id", "wrong"
_WORDS: Mapping[str, bool] = {"true": True, "false": False}
_PACKED = ".gz"


class Kind(StrEnum):
    """How outcomes are written."""

    CSV = "csv"
    JSON_LINES = "json-lines"


_KINDS: Mapping[str, Kind] = {
    ".csv": Kind.CSV,
    ".jsonl": Kind.JSON_LINES,
    ".ndjson": Kind.JSON_LINES,
}
NAMES = ", ".join(f"{suffix}, {suffix}{_PACKED}" for suffix in _KINDS)
"""Endings of file names that are understood."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Format:
    """A format, told by a file's name."""

    kind: Kind
    packed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What a line says of a prediction."""

    prediction_id: str
    wrong: bool


def format_of(name: str) -> Format | None:
    """The format of a file by its name, None for one that is not understood."""
    lower = name.lower()
    plain = lower.removesuffix(_PACKED)
    for suffix, kind in _KINDS.items():
        if plain.endswith(suffix):
            return Format(kind=kind, packed=plain != lower)
    return None


def columns_of(header: Line) -> tuple[str, ...] | str:
    """The columns that a CSV header names, or what is wrong with it."""
    cells = _cells(header, bom=True)
    if isinstance(cells, str):
        return cells
    columns = tuple(cell.strip() for cell in cells)
    missing = [name for name in (PREDICTION_ID, WRONG) if columns.count(name) != 1]
    if missing:
        named = " and ".join(missing)
        return f"the header must name one column {named}, got {len(columns)} columns"
    return columns


def told(line: Line, columns: tuple[str, ...] | None) -> Told | str:
    """The outcome in a line, or every fault of it; values are never shown.

    `columns` are those of a CSV file, None for one of JSON lines.
    """
    fields = _object(line) if columns is None else _row(line, columns)
    if isinstance(fields, str):
        return fields
    prediction_id, wrong = fields.get(PREDICTION_ID), fields.get(WRONG)
    faults = []
    if not isinstance(prediction_id, str) or not prediction_id:
        faults.append(f"{PREDICTION_ID} must be text, as the prediction's header had it")
    if not isinstance(wrong, bool):
        faults.append(f"{WRONG} must be true or false")
    if faults or not isinstance(prediction_id, str) or not isinstance(wrong, bool):
        return "; ".join(faults)
    return Told(prediction_id=prediction_id, wrong=wrong)


def _row(line: Line, columns: tuple[str, ...]) -> dict[str, object] | str:
    cells = _cells(line)
    if isinstance(cells, str):
        return cells
    if len(cells) != len(columns):
        return f"{len(cells)} fields, the header has {len(columns)}"
    row: dict[str, object] = dict(zip(columns, (cell.strip() for cell in cells), strict=True))
    return {**row, WRONG: _WORDS.get(str(row[WRONG]).lower())}


def _cells(line: Line, *, bom: bool = False) -> list[str] | str:
    text = _text(line, encoding="utf-8-sig" if bom else "utf-8")
    if text is None:
        return _UNREADABLE
    try:
        return next(csv.reader([text], strict=True), [])
    except csv.Error:
        return "no CSV: a quoted field must end on its line"


def _object(line: Line) -> dict[str, object] | str:
    text = _text(line, encoding="utf-8-sig")
    if text is None:
        return _UNREADABLE
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return "no JSON object"
    return found if isinstance(found, dict) else "no JSON object"


_UNREADABLE = f"must be UTF-8, at most {LONGEST_BYTES} bytes"


def _text(line: Line, *, encoding: str) -> str | None:
    if not line.whole:
        return None
    try:
        return line.content.decode(encoding)
    except UnicodeDecodeError:
        return None
