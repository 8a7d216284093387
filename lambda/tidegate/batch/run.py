"""A run: what it is asked to do, what it did, and what is told when it is over."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from enum import StrEnum
from hashlib import sha256
from typing import Any

EVENT_SOURCE = "tidegate"
RUN_ENDED = "Tidegate Batch Run Ended"
"""Source and detail type of the event that a run is over."""


class Purpose(StrEnum):
    """Why a data set is transformed: for its results, or to compare a new version with the live."""

    SERVE = "serve"
    COMPARE = "compare"


class Status(StrEnum):
    """How a run stands. Refused, failed and broken ones can be resumed."""

    RUNNING = "running"
    DONE = "done"
    REFUSED = "refused"
    """The input has faults; nothing was paid for."""
    FAILED = "failed"
    """Too many records failed, or the model answers nothing."""
    BROKEN = "broken"
    """A task of the run died; what was done stays done."""

    @property
    def over(self) -> bool:
        """Whether nothing goes on."""
        return self is not Status.RUNNING


@dataclass(frozen=True, slots=True, kw_only=True)
class RunRecord:
    """What is remembered of a run.

    `records` are those of the input, `out` those with a result, `failed` those kept apart; what is
    in none of the two is `open`. `lineage` says which run of which model made the input.
    """

    run: str
    purpose: Purpose
    status: Status
    slot: str
    version: str
    label: str
    sagemaker_model: str
    input: str
    started_at: float
    because: str
    ended_at: float | None = None
    objects: int = 0
    records: int = 0
    out: int = 0
    failed: int = 0
    usd: float | None = None
    why: str = ""
    execution: str = ""
    """The execution that works, or worked last, on the run."""
    verdict: str | None = None
    """Of a comparison: take-over, hold or refuse."""
    against: str | None = None
    lineage: Mapping[str, Any] = field(default_factory=dict)

    @property
    def open(self) -> int:
        """Records that have neither a result nor a place among the failed."""
        return self.records - self.out - self.failed

    def ended(self, status: Status, *, at: float, why: str) -> "RunRecord":
        """The record at its end."""
        return replace(self, status=status, ended_at=at, why=why)

    def to_json(self) -> dict[str, Any]:
        """The record in JSON types; `from_json` reads it back."""
        return {**asdict(self), "purpose": self.purpose.value, "status": self.status.value}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "RunRecord":
        """The record that `to_json` wrote."""
        typed = {"purpose": Purpose(data["purpose"]), "status": Status(data["status"])}
        return cls(**{**data, **typed})


@dataclass(frozen=True, slots=True, kw_only=True)
class Finished:
    """What is told of a run that is over."""

    project: str
    stage: str
    model: str
    record: RunRecord
    bucket: str
    results: str
    manifest: str

    def detail(self) -> dict[str, Any]:
        """What stands in the event."""
        record = self.record
        return {
            "project": self.project,
            "stage": self.stage,
            "model": self.model,
            "run": record.run,
            "purpose": record.purpose.value,
            "status": record.status.value,
            "version": {"digest": record.version, "label": record.label},
            "records": record.records,
            "out": record.out,
            "failed": record.failed,
            "results": f"s3://{self.bucket}/{self.results}",
            "manifest": f"s3://{self.bucket}/{self.manifest}",
            "lineage": dict(record.lineage),
        }


def run_id(*, moment: str, cause: str) -> str:
    """The id of a run that something started: its moment (ISO 8601, UTC), and a mark of its cause.

    The same start gives the same id, so a start that is told twice is one run.
    """
    digits = "".join(c for c in moment.partition(".")[0] if c.isdigit())[:14]
    mark = sha256(cause.encode()).hexdigest()[:6]
    return f"{digits[:8]}t{digits[8:]}-{mark}"
