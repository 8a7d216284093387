"""Which services of AWS a new account gets: a dated table, with what to take instead.

No check can ask AWS. `services.json` says what its documentation said on the day it names; a date
that is remembered and was not read again says so.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Any

_TABLE = Path(__file__).parent / "services.json"


class Standing(StrEnum):
    """Whether a service may be used."""

    OPEN = "open"
    CLOSED = "closed"
    ENDED = "ended"


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """A service, what a course on machine learning would use it for, and how it stands.

    `types` are CloudFormation's, or their beginning (`AWS::Kendra::`); `clients` are boto3's.
    """

    name: str
    job: str
    standing: Standing
    source: str
    since: str | None = None
    since_as_remembered: bool = False
    note: str | None = None
    instead: str | None = None
    types: tuple[str, ...] = ()
    clients: tuple[str, ...] = ()

    @property
    def usable(self) -> bool:
        """Whether a new account gets it."""
        return self.standing is Standing.OPEN

    @property
    def told(self) -> str:
        """How it stands, in words."""
        words = {
            Standing.OPEN: "open",
            Standing.CLOSED: "closed to new customers",
            Standing.ENDED: "ended",
        }[self.standing]
        if self.since is None:
            return words
        remembered = " (as remembered)" if self.since_as_remembered else ""
        on = "on" if self.standing is Standing.ENDED else "since"
        return f"{words} {on} {self.since}{remembered}"

    def has(self, kind: str) -> bool:
        """Whether a type of CloudFormation is one of its."""
        return any(
            kind == one or (one.endswith("::") and kind.startswith(one)) for one in self.types
        )

    def to_json(self) -> dict[str, Any]:
        """The row in JSON types."""
        return {
            "name": self.name,
            "job": self.job,
            "standing": self.standing.value,
            "since": self.since,
            "since_as_remembered": self.since_as_remembered,
            "note": self.note,
            "instead": self.instead,
            "types": list(self.types),
            "clients": list(self.clients),
            "source": self.source,
        }


@cache
def services() -> tuple[Service, ...]:
    """Every service of the table, in its order."""
    return tuple(_service(row) for row in _read()["services"])


def as_of() -> str:
    """The day of the documentation that the table follows."""
    return str(_read()["as_of"])


def closed_type(kind: str) -> Service | None:
    """The service that a new account does not get, of which a type of CloudFormation is."""
    return next((one for one in services() if not one.usable and one.has(kind)), None)


def closed_client(client: str) -> Service | None:
    """The same of a client of boto3."""
    return next((one for one in services() if not one.usable and client in one.clients), None)


@cache
def _read() -> Mapping[str, Any]:
    found: Mapping[str, Any] = json.loads(_TABLE.read_text(encoding="utf-8"))
    return found


def _service(row: Mapping[str, Any]) -> Service:
    known = {
        **row,
        "standing": Standing(row["standing"]),
        "types": tuple(row.get("types", ())),
        "clients": tuple(row.get("clients", ())),
    }
    return Service(**known)
