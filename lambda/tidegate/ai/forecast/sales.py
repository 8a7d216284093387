"""Sales as they arrive in CSV files, and as they are kept: one row an item and moment.

A file replaces the one of its name that was sent before: corrections are sent like that.
"""

import hashlib
import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial

from tidegate.ai.forecast.settings import ForecastSettings
from tidegate.ai.kind import Arrived, Done, Progress
from tidegate.ai.ports import ServicePorts
from tidegate.ai.problems import unusable
from tidegate.ai.tables import keep_rows, rows_of
from tidegate.ai.texts import text_of

HISTORY = "history/"
"""What keys of kept sales begin with."""
ITEM, TIME, TARGET = "item_id", "timestamp", "target_value"
"""Columns of kept sales: those that Forecast wants of its domain CUSTOM, in that order."""
MOST_BYTES, MOST_HISTORY_BYTES = 20_000_000, 60_000_000
_LONGEST_ITEM = 256


@dataclass(frozen=True, slots=True, kw_only=True)
class SalesResult:
    """What a file of sales told; `history` is where they are kept."""

    rows: int
    items: int
    first: str
    last: str
    history: str


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """All kept sales in one file, with a header or without; `digest` tells one from another."""

    digest: str
    rows: bytes

    def document(self, *, header: bytes) -> bytes:
        """The file."""
        return header + self.rows


HEADER = f"{ITEM},{TIME},{TARGET}\n".encode()
Row = tuple[str, str, float]


def begin(arrived: Arrived, ports: ServicePorts) -> Progress:
    """The sales are kept, if every row of the file says who sold what and when."""
    settings: ForecastSettings = ports.settings
    text = text_of(arrived, ports, most_bytes=MOST_BYTES, encoding="utf-8-sig")
    needed = (settings.item, settings.time, settings.target)
    rows = rows_of(text, needed=needed, read=partial(_row, settings=settings))
    key = f"{HISTORY}{arrived.name}"
    keep_rows(key, rows, ports)
    moments = [moment for _, moment, _ in rows]
    return Done(
        result=SalesResult(
            rows=len(rows),
            items=len({item for item, _, _ in rows}),
            first=min(moments),
            last=max(moments),
            history=key,
        )
    )


def _row(row: Mapping[str, str | None], *, settings: ForecastSettings) -> Row | str:
    """The row, or what is wrong with it."""
    item, moment, target = (row[name] for name in (settings.item, settings.time, settings.target))
    wrong = []
    if item is None or not 1 <= len(item) <= _LONGEST_ITEM or not item.isprintable():
        wrong.append(f"{settings.item} must be 1 to {_LONGEST_ITEM} printable characters")
    time = _moment(moment)
    if time is None:
        wrong.append(f"{settings.time} must be a date, or a date and time, such as 2026-01-31")
    sold = _number(target)
    if sold is None:
        wrong.append(f"{settings.target} must be a number")
    if wrong or item is None or time is None or sold is None:
        return "; ".join(wrong)
    return item, time, sold


def _moment(text: str | None) -> str | None:
    """The moment as both engines read it, in UTC if it has a zone."""
    try:
        moment = datetime.fromisoformat("" if text is None else text.strip())
    except ValueError:
        return None
    if moment.tzinfo is not None:
        moment = moment.astimezone(UTC)
    return f"{moment:%Y-%m-%d %H:%M:%S}" if moment.year >= 1_000 else None


def _number(text: str | None) -> float | None:
    try:
        number = float("" if text is None else text)
    except ValueError:
        return None
    return number if math.isfinite(number) else None


def history_of(ports: ServicePorts) -> History | None:
    """All sales that are kept, None where none are."""
    parts = [ports.files.read(key) for key in ports.files.keys(HISTORY)]
    rows = b"".join(parts)
    if len(rows) > MOST_HISTORY_BYTES:
        size = f"the kept sales have {len(rows)} bytes, at most {MOST_HISTORY_BYTES}"
        raise unusable(f"{size}: sum them by longer periods, or begin later")
    return History(digest=hashlib.sha256(rows).hexdigest(), rows=rows) if rows else None
