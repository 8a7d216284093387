"""What the machine hands over at the end of a comparison's rounds, and what it is told."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class OfRun:
    """The comparison's run."""

    run: str

    @classmethod
    def from_json(cls, event: Mapping[str, Any]) -> "OfRun":
        """The machine's state."""
        return cls(run=event["run"])


def outcome(comparison: Mapping[str, Any]) -> dict[str, Any]:
    """The verdict, and why."""
    return {"verdict": comparison["verdict"], "reason": comparison["reason"]}
