"""What a model's batch is: its data sets, how they are transformed, when, and by what limits."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from stacks.project.artifact_spec import Artifact
from stacks.project.spec import ContainerSpec
from tidegate.batch.plan import CompareTerms, JoinKind
from tidegate.batch.schema import Column, RecordFormat


class Start(StrEnum):
    """What starts a run beside a person, who always may."""

    ON_DEMAND = "on-demand"
    SCHEDULE = "schedule"
    ARRIVAL = "arrival"


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchSpec:
    """The batch of a model. `input` is an `s3://` URI; None: of the batch's own bucket."""

    format: RecordFormat
    columns: tuple[Column, ...]
    instance_type: str
    instances: int
    input: str | None = None
    after: str | None = None
    """The model whose results are the input."""
    start: Start = Start.ON_DEMAND
    schedule: str | None = None
    join: JoinKind = JoinKind.INPUT
    payload_mb: int = 6
    concurrency: int = 1
    failed_percent: float = 1.0
    sla_seconds: int | None = None
    keep_days: int = 30
    compare: CompareTerms = field(default_factory=CompareTerms)


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchModelSpec:
    """A model with a batch: its version, as of one that is hosted, and what runs it."""

    name: str
    label: str
    images: Mapping[str, str]
    artifact: Artifact
    environment: Mapping[str, str]
    batch: BatchSpec
    hosted: bool
    then: tuple[ContainerSpec, ...] = ()
