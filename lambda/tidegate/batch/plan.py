"""What the project file says of a model's batch, as its functions are told it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from tidegate.batch.schema import Column, RecordFormat
from tidegate.slots import Slot
from tidegate.version import Version

MEGABYTE = 1024 * 1024


class JoinKind(StrEnum):
    """What a result has: the record and its answer, or the answer alone."""

    INPUT = "input"
    NONE = "none"


@dataclass(frozen=True, slots=True, kw_only=True)
class CompareTerms:
    """What a new version must hold to take over, from the same data set as the live one's.

    `score` is the answer's place: a column of the answer from 0, or a key of it; None: the first
    column, or the whole answer. Answers agree when their scores are at most `tolerance` apart.
    `agreement` is the least share that agrees, `shift` the largest distance of the distributions
    of scores, `slice` the column by whose values answers are counted too. Where `promote` is false
    a version that is within all limits waits for a person.
    """

    score: str | None = None
    tolerance: float = 0.0
    agreement: float = 0.95
    shift: float = 0.1
    slice: str | None = None
    promote: bool = True

    def to_json(self) -> dict[str, Any]:
        """The terms in JSON types; `from_json` reads them back."""
        return {
            "score": self.score,
            "tolerance": self.tolerance,
            "agreement": self.agreement,
            "shift": self.shift,
            "slice": self.slice,
            "promote": self.promote,
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "CompareTerms":
        """The terms that `to_json` wrote."""
        return cls(**data)


@dataclass(frozen=True, slots=True, kw_only=True)
class InSlot:
    """What a slot holds: a version, and SageMaker's name of its model."""

    version: Version
    sagemaker_model: str


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchPointer:
    """Which slot of a batch is live, and the version in it."""

    slot: Slot
    version: Version


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchPlan:
    """How data sets of a model are read, transformed and judged.

    `job_prefix` begins the names of its transform jobs; `usd_per_hour` is None where the price is
    not known.
    """

    project: str
    stage: str
    model: str
    format: RecordFormat
    columns: tuple[Column, ...]
    input: str
    join: JoinKind
    instance_type: str
    instances: int
    payload_mb: int
    failed_percent: float
    job_prefix: str
    usd_per_hour: float | None = None
    price_said: str = ""
    sla_seconds: int | None = None
    compare: CompareTerms = field(default_factory=CompareTerms)
    slots: Mapping[Slot, InSlot] = field(default_factory=dict)

    @property
    def longest(self) -> int:
        """Bytes of the longest record: what a payload may have."""
        return self.payload_mb * MEGABYTE

    @classmethod
    def from_json(cls, data: Mapping[str, Any], slots: Mapping[str, Any]) -> "BatchPlan":
        """The plan of `to_json`, with what the template put into the slots."""
        typed = {
            "format": RecordFormat(data["format"]),
            "columns": tuple(Column.from_json(column) for column in data["columns"]),
            "join": JoinKind(data["join"]),
            "compare": CompareTerms.from_json(data["compare"]),
            "slots": {
                Slot(slot): InSlot(
                    version=Version.from_json(held["version"]), sagemaker_model=held["model"]
                )
                for slot, held in slots.items()
            },
        }
        return cls(**{**data, **typed})

    def to_json(self) -> dict[str, Any]:
        """The plan without its slots, in JSON types."""
        return {
            "project": self.project,
            "stage": self.stage,
            "model": self.model,
            "format": self.format.value,
            "columns": [column.to_json() for column in self.columns],
            "input": self.input,
            "join": self.join.value,
            "instance_type": self.instance_type,
            "instances": self.instances,
            "payload_mb": self.payload_mb,
            "failed_percent": self.failed_percent,
            "job_prefix": self.job_prefix,
            "usd_per_hour": self.usd_per_hour,
            "price_said": self.price_said,
            "sla_seconds": self.sla_seconds,
            "compare": self.compare.to_json(),
        }
