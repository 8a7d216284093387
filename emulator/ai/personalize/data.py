"""The data of a data set group: interactions, items, users; read from files by their schema."""

import csv
import io
import json
import re
import threading
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from emulator.jsonapi import RefusedRequestError

INTERACTIONS, ITEMS, USERS = "INTERACTIONS", "ITEMS", "USERS"
REQUIRED: Mapping[str, tuple[str, ...]] = {
    INTERACTIONS: ("USER_ID", "ITEM_ID", "TIMESTAMP"),
    ITEMS: ("ITEM_ID",),
    USERS: ("USER_ID",),
}
"""The fields that a schema of each type has to have (developer guide, "Data set requirements")."""
_NUMBERS = frozenset({"int", "long", "float", "double"})

Row = Mapping[str, Any]


@dataclass(kw_only=True, slots=True)
class GroupData:
    """What is known of interactions, items and users; rows have the schema's fields."""

    imported: list[Row] = field(default_factory=list)
    events: list[Row] = field(default_factory=list)
    items: dict[str, Row] = field(default_factory=dict)
    users: dict[str, Row] = field(default_factory=dict)
    lock: threading.RLock = field(default_factory=threading.RLock)

    def interactions(self) -> list[Row]:
        """All of them: imported ones, then events, each in the order in which they came."""
        with self.lock:
            return [*self.imported, *self.events]

    def by_user(self, user: str) -> dict[str, list[Row]]:
        """What a user did, by item."""
        found: dict[str, list[Row]] = defaultdict(list)
        for row in self.interactions():
            if row["USER_ID"] == user:
                found[row["ITEM_ID"]].append(row)
        return found

    def take(self, kind: str, rows: Sequence[Row], *, mode: str) -> None:
        """The rows of a file are known; `FULL` forgets what other files told before."""
        with self.lock:
            if kind == INTERACTIONS:
                self.imported = [*([] if mode == "FULL" else self.imported), *rows]
                return
            kept = self.items if kind == ITEMS else self.users
            if mode == "FULL":
                kept.clear()
            kept |= {row[REQUIRED[kind][0]]: row for row in rows}


def schema_fields(text: str) -> dict[str, bool]:
    """The fields of an Avro schema, each with whether it is a number; InvalidInputException."""
    try:
        told = json.loads(text)
        fields = {each["name"]: each["type"] for each in told["fields"]}
    except (ValueError, TypeError, KeyError) as error:
        raise RefusedRequestError(
            "InvalidInputException", f"The schema must be Avro in JSON, with fields: {error!r}"
        ) from error
    return {name: bool(_NUMBERS & set(_listed(kind))) for name, kind in fields.items()}


def require_fields(kind: str, fields: Mapping[str, bool]) -> None:
    """The schema has what data sets of the type need, or InvalidInputException says what not."""
    if kind not in REQUIRED:
        raise RefusedRequestError(
            "InvalidInputException", f"Types of data sets are {', '.join(REQUIRED)}, got {kind}"
        )
    missing = [name for name in REQUIRED[kind] if name not in fields]
    if missing:
        raise RefusedRequestError(
            "InvalidInputException", f"A schema of {kind} has {', '.join(missing)}"
        )


def rows_of(content: bytes, kind: str, fields: Mapping[str, bool]) -> Iterator[Row]:
    """The rows of a CSV file; ValueError at the first that the schema does not allow."""
    reader = csv.DictReader(io.StringIO(content.decode("utf-8-sig")))
    missing = [name for name in fields if name not in (reader.fieldnames or ())]
    if missing:
        raise ValueError(f"the file has no column {', '.join(missing)}")
    for line, row in enumerate(reader, start=2):
        empty = [name for name in REQUIRED[kind] if not row[name]]
        if empty:
            raise ValueError(f"line {line} has no {', '.join(empty)}")
        yield {
            name: _value(row[name], line=line, name=name, is_number=is_number)
            for name, is_number in fields.items()
            if row[name]
        }


def properties_of(text: str | None) -> dict[str, Any]:
    """The properties of an item, user or event: JSON in camel case, as the schema spells them."""
    if text is None:
        return {}
    try:
        told = json.loads(text)
    except ValueError as error:
        raise RefusedRequestError(
            "InvalidInputException", f"properties must be JSON: {error}"
        ) from error
    if not isinstance(told, dict):
        raise RefusedRequestError("InvalidInputException", "properties must be a JSON object")
    return {re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).upper(): told[name] for name in told}


def _listed(kind: Any) -> list[str]:
    return [str(each) for each in kind] if isinstance(kind, list) else [str(kind)]


def _value(text: str, *, line: int, name: str, is_number: bool) -> Any:
    if not is_number:
        return text
    try:
        return float(text)
    except ValueError as error:
        raise ValueError(f"line {line}: {name} must be a number, got {text!r}") from error
