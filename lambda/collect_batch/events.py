"""What the machine hands over after a round, and what it is told."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tidegate.batch.rounds import Round


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """The round that is over; `cause` is why its job did not complete, where it did not."""

    run: str
    number: int
    cause: str

    @classmethod
    def from_json(cls, event: Mapping[str, Any]) -> "Ended":
        """The machine's state."""
        return cls(run=event["run"], number=int(event["number"]), cause=event.get("cause", ""))


def outcome(following: Round) -> dict[str, Any]:
    """How many records have a result, failed, or wait for the next round."""
    return {
        "number": following.number,
        "out": following.out,
        "failed": following.failed,
        "units": len(following.units),
    }
