"""What the machine hands over to a task of a run."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class OfRun:
    """The run that the task is for."""

    run: str

    @classmethod
    def from_json(cls, event: Mapping[str, Any]) -> "OfRun":
        """The machine's state."""
        return cls(run=event["run"])
