"""What is known of interactions, items and users: files as they arrive, and as they are kept.

A file replaces the one of its name that was sent before. What is kept has the columns of the data
set's schema, in its order, and no header.
"""

import csv
import hashlib
import io
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial

from tidegate.ai.kind import Arrived, Done, Progress
from tidegate.ai.personalize.settings import NUMBER, PersonalizeSettings
from tidegate.ai.ports import ServicePorts
from tidegate.ai.problems import unusable
from tidegate.ai.tables import keep_rows, rows_of
from tidegate.ai.texts import text_of

INTERACTIONS, ITEMS, USERS = "interactions", "items", "users"
TABLES = (INTERACTIONS, ITEMS, USERS)
KNOWN = "known/"
"""What keys of kept rows begin with."""
MOST_BYTES, MOST_KEPT_BYTES = 20_000_000, 60_000_000
_LONGEST = 256

Read = Callable[[str], str | None]
"""A value as it is kept; None where it is wrong."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """A column of a table: its name, how it is read, what it must be, whether it may be empty."""

    name: str
    read: Read
    words: str
    optional: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownResult:
    """What a file told; `kept` is where its rows are."""

    rows: int
    kept: str


def _id(text: str) -> str | None:
    return text if 1 <= len(text) <= _LONGEST and text.isprintable() else None


def _moment(text: str) -> str | None:
    """Seconds since the epoch, given so or in ISO 8601."""
    if text.isascii() and text.isdigit() and len(text) <= 11:
        return text
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    aware = moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)
    return str(int(aware.timestamp())) if aware.year >= 1970 else None


def _number(text: str) -> str | None:
    try:
        return text if math.isfinite(float(text)) else None
    except ValueError:
        return None


_ID_WORDS = f"1 to {_LONGEST} printable characters"
_INTERACTIONS = (
    Column(name="USER_ID", read=_id, words=_ID_WORDS),
    Column(name="ITEM_ID", read=_id, words=_ID_WORDS),
    Column(name="TIMESTAMP", read=_moment, words="seconds since 1970, or a date and time"),
    Column(name="EVENT_TYPE", read=_id, words=_ID_WORDS),
    Column(name="EVENT_VALUE", read=_number, words="a number", optional=True),
)


def columns_of(table: str, settings: PersonalizeSettings) -> tuple[Column, ...]:
    """The columns of a table, in the order of its schema; none where the settings have no such."""
    if table == INTERACTIONS:
        return _INTERACTIONS
    fields = settings.item_fields if table == ITEMS else settings.user_fields
    if not fields:
        return ()
    first = Column(name=f"{table[:-1].upper()}_ID", read=_id, words=_ID_WORDS)
    return (first, *(_field(name, kind) for name, kind in fields.items()))


def _field(name: str, kind: str) -> Column:
    if kind == NUMBER:
        return Column(name=name, read=_number, words="a number", optional=True)
    return Column(name=name, read=_id, words=_ID_WORDS, optional=True)


def keep(table: str, arrived: Arrived, ports: ServicePorts) -> Progress:
    """The rows are kept, if every one of them is right."""
    columns = columns_of(table, ports.settings)
    if not columns:
        raise unusable(f"the settings have no {table[:-1]}_fields: there are no files of {table}")
    text = text_of(arrived, ports, most_bytes=MOST_BYTES, encoding="utf-8-sig")
    needed = [one.name for one in columns if not one.optional]
    rows = rows_of(text, needed=needed, read=partial(_values, columns=columns))
    key = f"{KNOWN}{table}/{arrived.name}"
    keep_rows(key, rows, ports)
    return Done(result=KnownResult(rows=len(rows), kept=key))


def _values(row: Mapping[str, str | None], *, columns: Sequence[Column]) -> Sequence[str] | str:
    """The values in the order of the columns, or what is wrong with them."""
    values, wrong = [], []
    for column in columns:
        given = row.get(column.name)
        text = "" if given is None else given.strip()
        found = "" if column.optional and not text else column.read(text)
        if found is None:
            wrong.append(f"{column.name} must be {column.words}")
        else:
            values.append(found)
    return "; ".join(wrong) if wrong else values


def known_rows(table: str, ports: ServicePorts) -> bytes:
    """All rows of a table that are kept, without a header."""
    rows = b"".join(ports.files.read(key) for key in ports.files.keys(f"{KNOWN}{table}/"))
    if len(rows) > MOST_KEPT_BYTES:
        raise unusable(f"the kept {table} have {len(rows)} bytes, at most {MOST_KEPT_BYTES}")
    return rows


def header_of(table: str, settings: PersonalizeSettings) -> bytes:
    """The line that begins a file for Personalize."""
    return f"{','.join(column.name for column in columns_of(table, settings))}\n".encode()


def digest_of(tables: Mapping[str, bytes]) -> str:
    """What tells one state of everything that is known from another."""
    sums = [f"{name}:{hashlib.sha256(tables[name]).hexdigest()}" for name in sorted(tables)]
    return hashlib.sha256("\n".join(sums).encode()).hexdigest()


def interactions_in(rows: bytes) -> Iterator[tuple[str, str, str]]:
    """User, item and type of event of each row."""
    for row in csv.reader(io.StringIO(rows.decode(), newline="")):
        yield row[0], row[1], row[3]
