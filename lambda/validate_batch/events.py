"""What the machine hands over at the start of a run, and what it is told."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from tidegate.batch.run import RunRecord
from tidegate.batch.starting import Asked


@dataclass(frozen=True, slots=True, kw_only=True)
class Started:
    """What started the execution, its name and its moment."""

    asked: Asked
    execution: str
    moment: str

    @classmethod
    def from_json(cls, event: Mapping[str, Any]) -> "Started":
        """The machine's own input, and what Step Functions says of the execution."""
        return cls(
            asked=Asked.from_json(event["input"]),
            execution=event["execution"],
            moment=event["started"],
        )


def outcome(record: RunRecord, following: str, *, sla_seconds: int | None) -> dict[str, Any]:
    """The run's id, when it should be over, and where the machine goes: validate, plan, report."""
    seconds = 0 if sla_seconds is None else sla_seconds
    deadline = datetime.fromtimestamp(record.started_at + seconds, UTC)
    return {"run": record.run, "next": following, "deadline": f"{deadline:%Y-%m-%dT%H:%M:%SZ}"}
