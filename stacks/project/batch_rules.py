"""Rules of section `batch`, and the specification that it becomes."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from pydantic import ValidationError

from stacks.project.batch_shape import BatchFile, ColumnFile
from stacks.project.batches import BatchSpec, Start
from stacks.project.durations import DAY, seconds_of
from stacks.project.faults import Fault, did_you_mean
from stacks.project.tables import instance_types
from tidegate.arms.terms import Winner
from tidegate.batch.plan import CompareTerms, JoinKind
from tidegate.batch.schema import Column, ColumnType, RecordFormat

FaultAt = Callable[..., Fault]
"""Makes a fault of a message and the keys below the model that it is about."""

MOST_PAYLOAD_MB = 100
"""MaxConcurrentTransforms times MaxPayloadInMB (CreateTransformJob, API reference)."""

_SHORTEST_SLA, _LONGEST_SLA = 60, 7 * DAY
_ONLINE = ("data_capture", "alarms", "release")
_NUMBERS = frozenset({ColumnType.NUMBER, ColumnType.INTEGER})


def batch_faults(
    name: str, raw: Mapping[str, Any], models: Mapping[str, Mapping[str, Any]], fault: FaultAt
) -> Iterator[Fault]:
    """What is wrong with a model's batch, and with a model that has no hosting."""
    if raw.get("hosting") is None:
        yield from _without_hosting(raw, fault)
    try:
        batch = BatchFile.model_validate(raw.get("batch"))
    except ValidationError:
        return
    yield from _start_faults(batch, fault)
    yield from _after_faults(name, batch, models, fault)
    yield from _limit_faults(batch, fault)
    yield from _compare_faults(batch, fault)
    for position, column in enumerate(batch.columns):
        yield from _column_faults(batch, position, column, fault)


def _without_hosting(raw: Mapping[str, Any], fault: FaultAt) -> Iterator[Fault]:
    if raw.get("batch") is None:
        yield fault(
            "a model needs hosting, batch or both: hosting says what serves it online, batch how "
            "data sets are transformed"
        )
    for key in _ONLINE:
        if key in raw:
            yield fault(f"{key} is of a model that is hosted, and this one has no hosting", key)


def _start_faults(batch: BatchFile, fault: FaultAt) -> Iterator[Fault]:
    if batch.start is Start.SCHEDULE and batch.schedule is None:
        yield fault(
            "start is schedule and there is none: add schedule, such as rate(1 day)",
            "batch",
            "start",
        )
    if batch.schedule is not None and batch.start is not Start.SCHEDULE:
        yield fault(
            f"schedule belongs to start schedule, and start is {batch.start}", "batch", "schedule"
        )
    if batch.start is Start.ARRIVAL and batch.input is not None:
        yield fault(
            "start is arrival and input names another bucket, which tells nobody of its objects: "
            "drop input and put data sets into the batch's own bucket",
            "batch",
            "start",
        )


def _after_faults(
    name: str, batch: BatchFile, models: Mapping[str, Mapping[str, Any]], fault: FaultAt
) -> Iterator[Fault]:
    if batch.after is None:
        return
    others = {other for other, raw in models.items() if raw.get("batch") and other != name}
    if batch.after not in others:
        meant = did_you_mean(batch.after, others) if others else "no other model has a batch"
        yield fault(f"after is {batch.after!r}: {meant}", "batch", "after")
    elif _leads_to(batch.after, name, models):
        yield fault(
            f"after is {batch.after!r}, which comes after {name} itself: break the circle",
            "batch",
            "after",
        )
    if batch.input is not None or batch.start is not Start.ON_DEMAND:
        yield fault(
            f"after {batch.after} says what the input is and when it is there: drop input, start "
            "and schedule",
            "batch",
            "after",
        )


def _leads_to(start: str, wanted: str, models: Mapping[str, Mapping[str, Any]]) -> bool:
    """Whether following `after` from a model comes to another one."""
    at: Any = start
    for _ in models:
        section = models.get(at, {}).get("batch")
        at = section.get("after") if isinstance(section, Mapping) else None
        if at == wanted:
            return True
    return False


def _limit_faults(batch: BatchFile, fault: FaultAt) -> Iterator[Fault]:
    if batch.instance_type not in instance_types():
        meant = did_you_mean(batch.instance_type, instance_types())
        yield fault(
            f"instance_type is {batch.instance_type!r}, not one of SageMaker's: {meant}",
            "batch",
            "instance_type",
        )
    together = batch.max_payload_mb * batch.max_concurrent
    if together > MOST_PAYLOAD_MB:
        yield fault(
            f"max_payload_mb {batch.max_payload_mb} times max_concurrent {batch.max_concurrent} is "
            f"{together}, must be at most {MOST_PAYLOAD_MB}",
            "batch",
            "max_concurrent",
        )
    keep = seconds_of(batch.keep)
    if keep % DAY or not 1 <= keep // DAY <= 3_650:
        yield fault(f"keep is {batch.keep!r}, must be whole days from 1d to 3650d", "batch", "keep")
    if batch.sla is not None and not _SHORTEST_SLA <= seconds_of(batch.sla) <= _LONGEST_SLA:
        yield fault(f"sla is {batch.sla!r}, must be 1m to 7d", "batch", "sla")


def _compare_faults(batch: BatchFile, fault: FaultAt) -> Iterator[Fault]:
    at, terms = ("batch", "compare"), batch.compare
    score_is_place = terms.score is None or terms.score.isdecimal()
    if batch.format is RecordFormat.CSV and not score_is_place:
        yield fault(
            f'score is {terms.score!r}, must be a column of the answer, from "0"', *at, "score"
        )
    names = [column.name for column in batch.columns]
    if terms.slice is not None and terms.slice not in names:
        meant = did_you_mean(terms.slice, names)
        yield fault(f"slice is {terms.slice!r}, not one of columns: {meant}", *at, "slice")
    if terms.slice is not None and batch.join is JoinKind.NONE:
        yield fault("slice needs the record beside its answer: set join to input", *at, "slice")


def _column_faults(
    batch: BatchFile, position: int, column: ColumnFile, fault: FaultAt
) -> Iterator[Fault]:
    at = ("batch", "columns", position)
    if column.name in [other.name for other in batch.columns[:position]]:
        yield fault(f"two columns are called {column.name!r}: rename one", *at, "name")
    bounds = [bound for bound in (column.min, column.max) if bound is not None]
    if bounds and column.type not in _NUMBERS:
        yield fault(f"min and max are of numbers, {column.name} is {column.type}", *at)
    if column.min is not None and column.max is not None and column.min > column.max:
        yield fault(f"min {column.min:g} is above max {column.max:g}", *at, "min")
    if column.values and column.type is not ColumnType.TEXT:
        yield fault(f"values are of text, {column.name} is {column.type}", *at, "values")
    if batch.format is RecordFormat.CSV and any("," in v or '"' in v for v in column.values):
        yield fault("values of CSV have neither commas nor quotes", *at, "values")


def batch_of(file: BatchFile) -> BatchSpec:
    """The specification of a batch."""
    return BatchSpec(
        format=file.format,
        columns=tuple(map(_column, file.columns)),
        instance_type=file.instance_type,
        instances=file.instances,
        input=file.input,
        after=file.after,
        start=file.start,
        schedule=file.schedule,
        join=file.join,
        payload_mb=file.max_payload_mb,
        concurrency=file.max_concurrent,
        failed_percent=file.failed_percent,
        sla_seconds=None if file.sla is None else seconds_of(file.sla),
        keep_days=seconds_of(file.keep) // DAY,
        compare=CompareTerms(
            score=file.compare.score,
            tolerance=file.compare.tolerance,
            agreement=file.compare.agreement,
            shift=file.compare.shift,
            slice=file.compare.slice,
            promote=file.compare.winner is Winner.PROMOTE,
        ),
    )


def _column(file: ColumnFile) -> Column:
    return Column(
        name=file.name,
        type=file.type,
        required=file.required,
        least=file.min,
        most=file.max,
        values=tuple(file.values),
    )
