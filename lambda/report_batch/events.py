"""What the machine hands over at the end of a run, and what it is told."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tidegate.batch.run import RunRecord


@dataclass(frozen=True, slots=True, kw_only=True)
class Over:
    """The run, and why a task of it could not go on; empty where all could."""

    run: str
    broken: str

    @classmethod
    def from_json(cls, event: Mapping[str, Any]) -> "Over":
        """The machine's state; an error's cause is told as Step Functions has it."""
        error = event.get("error")
        broken = "" if error is None else f"{error['Error']}: {error['Cause']}"
        return cls(run=event["run"], broken=broken)


def outcome(record: RunRecord) -> dict[str, Any]:
    """How the run ended."""
    return {"run": record.run, "status": record.status.value, "why": record.why}
