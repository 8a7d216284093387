"""What a rule says of a place, and how a finding is told."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

Path = tuple[str | int, ...]


class Severity(StrEnum):
    """How bad it is: an error fails at deploy or harms, a note is only told."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"

    @property
    def rank(self) -> int:
        """The worst is 0."""
        return list(Severity).index(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where something is: a file, its stack, a resource of it and a path below; "" and () if none.

    `line` is 0 where it is not known.
    """

    file: str
    stack: str = ""
    resource: str = ""
    path: Path = ()
    line: int = 0

    def __str__(self) -> str:
        return "/".join(part for part in (self.stack or self.file, self.resource) if part)

    @property
    def written_path(self) -> str:
        """The path as a person writes it: Properties.Variants[0].Weight."""
        parts = (f"[{key}]" if isinstance(key, int) else f".{key}" for key in self.path)
        return "".join(parts).removeprefix(".")


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One fault at a place: what is wrong, what was found, what would be right, what to do."""

    place: Place
    wrong: str
    got: Any = None
    allowed: str = ""
    advice: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """A fault with the rule that found it, who keeps the rule, and why it may stay if it may."""

    tool: str
    rule: str
    severity: Severity
    fault: Fault
    source: str = ""
    reason: str | None = None
    """Why it stays, where somebody acknowledged it; None counts against the gate."""

    @property
    def place(self) -> Place:
        """Where it is."""
        return self.fault.place

    @property
    def open(self) -> bool:
        """Whether it counts: nobody acknowledged it and it is more than a note."""
        return self.reason is None and self.severity is not Severity.NOTE

    def to_json(self) -> Mapping[str, Any]:
        """The finding in JSON types."""
        place, fault = self.place, self.fault
        return {
            "tool": self.tool,
            "rule": self.rule,
            "severity": self.severity.value,
            "file": place.file,
            "line": place.line,
            "stack": place.stack,
            "resource": place.resource,
            "path": list(place.path),
            "wrong": fault.wrong,
            "got": fault.got,
            "allowed": fault.allowed,
            "advice": fault.advice,
            "source": self.source,
            "acknowledged": self.reason,
        }
