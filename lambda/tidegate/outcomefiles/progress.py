"""Progress of an import: how far it is, and what became of the lines so far."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any

SHOWN_REFUSALS = 50
"""So many refused lines are told with their reason; all are counted."""

CREDITED = "credited"


class State(StrEnum):
    """Where an import stands."""

    IMPORTING = "importing"
    DONE = "done"
    REFUSED = "refused"
    BROKEN = "broken"

    @property
    def over(self) -> bool:
        """Whether nothing more will be read."""
        return self is not State.IMPORTING


@dataclass(frozen=True, slots=True, kw_only=True)
class RefusedLine:
    """A line that was not credited, and why; nothing of what it says."""

    line: int
    reason: str
    why: str

    def to_json(self) -> dict[str, Any]:
        """The line in JSON types."""
        return {"line": self.line, "reason": self.reason, "why": self.why}


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How far an import is: `position` in the unpacked file, at the beginning of a line."""

    import_id: str
    name: str
    started_at: float
    state: State = State.IMPORTING
    position: int = 0
    lines: int = 0
    """Lines read, the header of a CSV file among them."""
    columns: tuple[str, ...] | None = None
    counts: Mapping[str, int] = field(default_factory=dict)
    """How many outcomes were credited, or refused by which reason."""
    refused: tuple[RefusedLine, ...] = ()
    faults: tuple[str, ...] = ()
    """Why the file was refused as a whole, or could not be read to its end."""
    ended_at: float | None = None

    def further(
        self, *, position: int, lines: int, credited: int, refused: Sequence[RefusedLine]
    ) -> "Progress":
        """The progress after more lines."""
        counts = dict(self.counts)
        if credited:
            counts[CREDITED] = counts.get(CREDITED, 0) + credited
        for one in refused:
            counts[one.reason] = counts.get(one.reason, 0) + 1
        return replace(
            self,
            position=position,
            lines=self.lines + lines,
            counts=counts,
            refused=(*self.refused, *refused)[:SHOWN_REFUSALS],
        )

    def ended(self, state: State, *, at: float, faults: Sequence[str] = ()) -> "Progress":
        """The progress of an import that is over."""
        return replace(self, state=state, ended_at=at, faults=tuple(faults))

    def to_json(self) -> dict[str, Any]:
        """The progress in JSON types; `from_json` reads it back."""
        return {
            "import_id": self.import_id,
            "name": self.name,
            "started_at": self.started_at,
            "state": self.state.value,
            "position": self.position,
            "lines": self.lines,
            "columns": None if self.columns is None else list(self.columns),
            "counts": dict(sorted(self.counts.items())),
            "refused": [one.to_json() for one in self.refused],
            "faults": list(self.faults),
            "ended_at": self.ended_at,
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "Progress":
        """The progress that `to_json` wrote."""
        columns = data["columns"]
        changed = {
            "state": State(data["state"]),
            "columns": None if columns is None else tuple(columns),
            "refused": tuple(RefusedLine(**one) for one in data["refused"]),
            "faults": tuple(data["faults"]),
        }
        return cls(**{**data, **changed})
