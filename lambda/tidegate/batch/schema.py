"""What a record must look like, and every fault of one that does not.

Good records are recognised by one regular expression, a text of them at once, which is how a
million take half a second; only where it does not match are records parsed, to say what is wrong
with which column.
"""

import csv
import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any


class RecordFormat(StrEnum):
    """How records are written: a line each."""

    CSV = "csv"
    JSON_LINES = "jsonl"

    @property
    def content_type(self) -> str:
        """What SageMaker and the model are told."""
        return "text/csv" if self is RecordFormat.CSV else "application/jsonlines"


class ColumnType(StrEnum):
    """What a column holds."""

    NUMBER = "number"
    INTEGER = "integer"
    TEXT = "text"
    BOOLEAN = "boolean"


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """A column of CSV, by its place, or a key of a JSON object.

    `least` and `most` bound numbers, both included; `values` are all that there may be.
    """

    name: str
    type: ColumnType = ColumnType.NUMBER
    required: bool = True
    least: float | None = None
    most: float | None = None
    values: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """The column in JSON types; `from_json` reads it back."""
        return {
            "name": self.name,
            "type": self.type.value,
            "required": self.required,
            "least": self.least,
            "most": self.most,
            "values": list(self.values),
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "Column":
        """The column that `to_json` wrote."""
        return cls(
            name=data["name"],
            type=ColumnType(data["type"]),
            required=bool(data["required"]),
            least=data["least"],
            most=data["most"],
            values=tuple(data["values"]),
        )


Check = Callable[[bytes], str | None]
"""What is wrong with a record, a line without its end; None where nothing is."""

_NUMBER = re.compile(r"[-+]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][-+]?\d+)?")
_INTEGER = re.compile(r"[-+]?\d+")
_BOOLEAN = re.compile(r"true|false")
_PATTERNS = {
    ColumnType.NUMBER: _NUMBER,
    ColumnType.INTEGER: _INTEGER,
    ColumnType.BOOLEAN: _BOOLEAN,
}
_QUICK = {
    ColumnType.NUMBER: r"[-+]?+\d++\.?+\d*+",
    ColumnType.INTEGER: r"[-+]?+\d++",
    ColumnType.BOOLEAN: r"true|false",
    ColumnType.TEXT: r'[^",\r\n]++|"[^"\r\n]++"',
}
_KINDS = {
    ColumnType.NUMBER: "a number",
    ColumnType.INTEGER: "a whole number",
    ColumnType.TEXT: "text",
    ColumnType.BOOLEAN: "true or false",
}
_SHOWN = 40


def checker(record_format: RecordFormat, columns: Sequence[Column]) -> Check:
    """The check of records with these columns."""
    if record_format is RecordFormat.CSV:
        return _csv_check(tuple(columns))
    return _json_check(tuple(columns))


def is_header(line: bytes, columns: Sequence[Column]) -> bool:
    """Whether a line of CSV is the names of its columns, which a model would take for a record."""
    found = [cell.strip().strip('"') for cell in line.decode("utf-8", "replace").split(",")]
    return found == [column.name for column in columns]


def quick_check(
    record_format: RecordFormat, columns: Sequence[Column]
) -> Callable[[bytes], object] | None:
    """What is None of every text with a faulty record; None itself where records must be parsed.

    A text is whole records with their ends; the last one may lack its end. It is None of some good
    ones, too, which are rare: a number with an exponent, a text with quotes in it.
    """
    bounded = any(column.least is not None or column.most is not None for column in columns)
    if bounded or record_format is not RecordFormat.CSV:
        return None
    row = ",".join(_quick_pattern(column) for column in columns)
    return re.compile(f"(?:{row}\n)*(?:{row})?".encode()).fullmatch


def _row(columns: Sequence[Column]) -> Callable[[bytes], object]:
    return re.compile(",".join(_cell_pattern(column) for column in columns).encode()).fullmatch


def _csv_check(columns: tuple[Column, ...]) -> Check:
    good = _row(columns)
    bounded = any(column.least is not None or column.most is not None for column in columns)

    def check(line: bytes) -> str | None:
        if good(line) is not None and not bounded:
            return None
        faults = list(_csv_faults(line, columns))
        return "; ".join(faults) if faults else None

    return check


def _cell_pattern(column: Column) -> str:
    if column.values:
        inner = "|".join(re.escape(value) for value in column.values)
    elif column.type is ColumnType.TEXT:
        inner = r'[^",\r]++|"(?:[^"\r]|"")++"'
    else:
        inner = _PATTERNS[column.type].pattern
    return f"(?:{inner})" if column.required else f"(?:{inner})?"


def _quick_pattern(column: Column) -> str:
    """Of a cell as most are written: each character decides, so that nothing is tried twice."""
    if column.values:
        inner = "|".join(re.escape(value) for value in column.values)
    else:
        inner = _QUICK[column.type]
    return f"(?:{inner})" if column.required else f"(?:{inner})?"


def _csv_faults(line: bytes, columns: tuple[Column, ...]) -> Iterator[str]:
    if line.endswith(b"\r"):
        yield "the line ends with a carriage return: write lines that end with a newline only"
        return
    try:
        rows = list(csv.reader([line.decode("utf-8")], strict=True))
    except UnicodeDecodeError as error:
        yield f"it is not UTF-8, from byte {error.start + 1} on"
        return
    except csv.Error as error:
        yield f"it is not CSV: {error}"
        return
    cells = rows[0] if rows else []
    if not line.strip():
        yield "the line is empty"
    elif len(cells) != len(columns):
        yield f"it has {len(cells)} columns, {len(columns)} are wanted"
    else:
        for column, cell in zip(columns, cells, strict=True):
            fault = _text_fault(column, cell)
            if fault is not None:
                yield fault


def _text_fault(column: Column, cell: str) -> str | None:
    if cell == "":
        return f"{column.name} is empty" if column.required else None
    if column.values:
        return _value_fault(column, cell)
    pattern = _PATTERNS.get(column.type)
    if pattern is not None and pattern.fullmatch(cell) is None:
        return f"{column.name} is {_short(cell)}, must be {_KINDS[column.type]}"
    return _range_fault(column, float(cell)) if column.type in _NUMERIC else None


_NUMERIC = frozenset({ColumnType.NUMBER, ColumnType.INTEGER})


def _value_fault(column: Column, value: str) -> str | None:
    if value in column.values:
        return None
    return f"{column.name} is {_short(value)}, must be one of {', '.join(column.values)}"


def _range_fault(column: Column, value: float) -> str | None:
    if column.least is not None and value < column.least:
        return f"{column.name} is {value:g}, must be at least {column.least:g}"
    if column.most is not None and value > column.most:
        return f"{column.name} is {value:g}, must be at most {column.most:g}"
    return None


def _json_check(columns: tuple[Column, ...]) -> Check:
    names = frozenset(column.name for column in columns)

    def check(line: bytes) -> str | None:
        try:
            record = json.loads(line)
        except ValueError as error:
            return f"it is not JSON: {error}" if line.strip() else "the line is empty"
        if not isinstance(record, dict):
            return f"it is {_short(json.dumps(record))}, must be a JSON object"
        faults = [fault for column in columns for fault in _key_faults(column, record)]
        faults += [f"unknown key {_short(name)}" for name in sorted(record.keys() - names)]
        return "; ".join(faults) if faults else None

    return check


def _key_faults(column: Column, record: Mapping[str, Any]) -> Iterator[str]:
    value = record.get(column.name)
    if value is None:
        if column.required:
            yield f"{column.name} is missing"
        return
    if not _is(column.type, value):
        shown = _short(json.dumps(value))
        yield f"{column.name} is {shown}, must be {_KINDS[column.type]}"
        return
    fault = _value_fault(column, str(value)) if column.values else None
    if column.type in _NUMERIC:
        fault = _range_fault(column, value) if fault is None else fault
    if fault is not None:
        yield fault


def _is(kind: ColumnType, value: Any) -> bool:
    if kind is ColumnType.BOOLEAN or isinstance(value, bool):
        return isinstance(value, bool) and kind is ColumnType.BOOLEAN
    if kind is ColumnType.TEXT:
        return isinstance(value, str)
    if kind is ColumnType.INTEGER:
        return isinstance(value, int)
    return isinstance(value, int | float)


def _short(text: str) -> str:
    return repr(text if len(text) <= _SHOWN else f"{text[: _SHOWN - 3]}...")
