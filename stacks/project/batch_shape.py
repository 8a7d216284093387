"""The shape of section `batch` of a model; its rules are in `batch_rules.py`."""

from typing import Annotated

from pydantic import Field, StringConstraints

from stacks.project.batches import Start
from stacks.project.durations import PATTERN
from stacks.project.part import SCHEDULE, ModelName, Part
from tidegate.arms.terms import Winner
from tidegate.batch.plan import JoinKind
from tidegate.batch.schema import ColumnType, RecordFormat

PLACE = r"^s3://[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]/[^?]*$"
COLUMN = r"^[^\s,\"][^,\"\r\n]{0,99}$"

_Duration = Annotated[str, StringConstraints(pattern=PATTERN)]


class ColumnFile(Part):
    """A column of CSV, in its place, or a key of JSON Lines."""

    name: Annotated[str, StringConstraints(pattern=COLUMN)]
    """Its name; CSV has no header, so there it is for people and for faults."""
    type: Annotated[ColumnType, Field(strict=False)] = ColumnType.NUMBER
    """number, integer, text or boolean."""
    required: bool = True
    """Whether it may not be empty, or left out."""
    min: float | None = None
    """The least number allowed."""
    max: float | None = None
    """The largest number allowed."""
    values: Annotated[list[str], Field(max_length=200)] = []
    """All texts that are allowed; left out: any."""


class ComparisonFile(Part):
    """What a new version must hold against the live one, on the same data set, to take over."""

    score: Annotated[str, StringConstraints(min_length=1, max_length=100)] | None = None
    """Where the score is in an answer: a column from "0", or a key of JSON; left out: the first
    column, or the whole answer."""
    tolerance: Annotated[float, Field(ge=0)] = 0.0
    """How far two scores may lie apart and still agree."""
    agreement: Annotated[float, Field(gt=0, lt=1)] = 0.95
    """Share of the answers that must agree."""
    shift: Annotated[float, Field(gt=0, le=1)] = 0.1
    """Largest distance of the two distributions of scores (Kolmogorov-Smirnov), 0 to 1."""
    slice: Annotated[str, StringConstraints(min_length=1, max_length=100)] | None = None
    """A column by whose values answers are counted too: no slice may agree too little."""
    winner: Annotated[Winner, Field(strict=False)] = Winner.PROMOTE
    """promote: a version within all limits takes over the schedule. ask: a person decides."""


class BatchFile(Part):
    """Offline inference: a data set in S3 is transformed as a whole, each record counted."""

    format: Annotated[RecordFormat, Field(strict=False)] = RecordFormat.CSV
    """csv (no header) or jsonl; a record a line."""
    columns: Annotated[list[ColumnFile], Field(min_length=1, max_length=2_000)]
    """What each record must look like; it is checked before anything is paid for."""
    input: Annotated[str, StringConstraints(pattern=PLACE, max_length=1_024)] | None = None
    """Where data sets are, s3://bucket/prefix; left out: input/ of the batch's own bucket."""
    after: ModelName | None = None
    """A model with a batch whose results are this one's input: it starts when they are there."""
    start: Annotated[Start, Field(strict=False)] = Start.ON_DEMAND
    """on-demand, schedule, or arrival: each object put into input/ is a data set."""
    schedule: Annotated[str, StringConstraints(pattern=SCHEDULE)] | None = None
    """Of start schedule: rate(1 day), or cron(0 3 * * ? *), in UTC."""
    instance_type: str
    """SageMaker instance type, such as ml.m5.large."""
    instances: Annotated[int, Field(ge=1, le=100)] = 1
    """Instances of a job; each works on objects of its own."""
    join: Annotated[JoinKind, Field(strict=False)] = JoinKind.INPUT
    """input: a result is the record and its answer. none: the answer alone."""
    max_payload_mb: Annotated[int, Field(ge=1, le=100)] = 6
    """Records are sent in requests of up to so many megabytes: 1 to 100."""
    max_concurrent: Annotated[int, Field(ge=1, le=100)] = 1
    """Requests to an instance at a time; times max_payload_mb at most 100."""
    failed_percent: Annotated[float, Field(ge=0, le=100)] = 1.0
    """Share of the records that may fail; beyond it the run has failed."""
    sla: _Duration | None = None
    """How long a run may take, 1m to 7d; left out: no alarm tells of late ones."""
    compare: ComparisonFile = ComparisonFile()
    """How a new version is held against the live one before it takes over."""
    keep: _Duration = "30d"
    """How long data sets, results and reports are kept, in whole days."""
