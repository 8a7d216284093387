"""CSV files as they arrive with a header, and as their rows are kept without one."""

import csv
import io
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from tidegate.ai.ports import ServicePorts
from tidegate.ai.problems import invalid
from tidegate.ai.texts import refuse

_CSV = "text/csv; charset=utf-8"
ReadRow = Callable[[Mapping[str, str | None]], Sequence[Any] | str]
"""The values of a row as they are kept, or what is wrong with it."""


def rows_of(text: str, *, needed: Sequence[str], read: ReadRow) -> list[Sequence[Any]]:
    """All rows, at least one; ProblemError says what is wrong with the columns, or line by line."""
    reader = csv.DictReader(io.StringIO(text, newline=""))
    faults: list[str] = []
    try:
        there = () if reader.fieldnames is None else tuple(reader.fieldnames)
        missing = [name for name in needed if name not in there]
        if missing:
            raise invalid([f"the file has no column {', '.join(missing)}"])
        rows = list(_read(reader, read, faults))
    except csv.Error as error:
        raise invalid([f"line {reader.line_num}: the file is no CSV"]) from error
    refuse(faults)
    if not rows:
        raise invalid(["the file has no rows"])
    return rows


def _read(
    reader: "csv.DictReader[str]", read: ReadRow, faults: list[str]
) -> Iterator[Sequence[Any]]:
    for row in reader:
        found = read(row)
        if isinstance(found, str):
            faults.append(f"line {reader.line_num}: {found}")
        else:
            yield found


def keep_rows(key: str, rows: Sequence[Sequence[Any]], ports: ServicePorts) -> None:
    """The file of that key is these rows. It replaces the one before: whoever comes last counts."""
    sink = io.StringIO()
    csv.writer(sink, lineterminator="\n").writerows(rows)
    ports.files.write(key, sink.getvalue().encode(), content_type=_CSV)
