"""Outcomes: what later became known of events, told one by one or in a bank's file of chargebacks.

An outcome is credited once, whoever tells it how often. One that is another than before is taken
too, since chargebacks are taken back: what counts is the last, and all are kept.
"""

import csv
import dataclasses
import io
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated

from tidegate.ai.fraud.events import EVENT, Judged, Label
from tidegate.ai.fraud.rules import APPROVE, BLOCK
from tidegate.ai.fraud.settings import FraudSettings
from tidegate.ai.fraud.store import judged_of, save
from tidegate.ai.kind import Arrived, Done, Progress
from tidegate.ai.limits import OneOf
from tidegate.ai.ports import ServicePorts
from tidegate.ai.problems import ProblemError, not_found, unusable
from tidegate.errors import ConflictError, NotFoundError

FRAUD, LEGIT = "fraud", "legit"
LABELS = (FRAUD, LEGIT)
SUFFIXES = (".csv",)
MOST_LINES = 2_000
"""Lines of a file: each is read and written in the function's two minutes."""
MOST_BYTES = 1_000_000
_COLUMNS = ("event", "label")
_FAULTS_TOLD = 100
_TRIES = 3
_DAY = 86_400


class Credited(StrEnum):
    """What came of an outcome."""

    CREDITED = "credited"
    REPEATED = "repeated"
    UNKNOWN = "unknown"
    LATE = "late"


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What became known of an event."""

    event: Annotated[str, "The event's id.", EVENT]
    label: Annotated[
        str, "fraud, such as a chargeback; legit, such as one taken back.", OneOf(LABELS)
    ]


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """The event has the label; `repeated` where it had it before."""

    event: str
    label: str
    repeated: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Chargebacks:
    """What came of a file: how many outcomes were credited, told before, unknown or too late."""

    credited: int
    repeated: int
    unknown: int
    late: int
    faults: Annotated[tuple[str, ...], "Lines that say no outcome, the first hundred."]


def record(request: Outcome, ports: ServicePorts) -> Known:
    """The event has the label, if it is known and not too old."""
    credited = credit(request.event, request.label, "route", ports)
    if credited is Credited.UNKNOWN:
        raise not_found("no such event: it was never judged, or has expired")
    if credited is Credited.LATE:
        settings: FraudSettings = ports.settings
        message = f"outcomes come within {settings.outcome_days} days of their event"
        raise ProblemError("too-late", message, status=409)
    repeated = credited is Credited.REPEATED
    return Known(event=request.event, label=request.label, repeated=repeated)


def credit(event: str, label: str, source: str, ports: ServicePorts) -> Credited:
    """The event has the label, once. The same source may tell it twice: it was killed between."""
    for _ in range(_TRIES):
        judged = judged_of(event, ports)
        if judged is None:
            return Credited.UNKNOWN
        now = ports.clock.now()
        settings: FraudSettings = ports.settings
        if now > judged.at + _DAY * settings.outcome_days:
            return Credited.LATE
        if judged.label == label:
            mine = source != "route" and judged.labels[-1].source == source
            return Credited.CREDITED if mine else Credited.REPEATED
        told = Label(label=label, at=now, source=source)
        changed = dataclasses.replace(
            judged, labels=(*judged.labels, told), revision=judged.revision + 1
        )
        try:
            save(changed, ports)
        except ConflictError:
            continue
        _count(changed, ports)
        return Credited.CREDITED
    message = "others change this event at the same time: try again"
    raise ProblemError("changed-meanwhile", message, status=409, retry_after=1)


def _count(judged: Judged, ports: ServicePorts) -> None:
    """For people: what the rules missed, and whom they blocked wrongly."""
    if judged.label == FRAUD:
        missed = judged.decision == APPROVE
        ports.metrics.put("MissedFraud" if missed else "CaughtFraud", 1)
    elif judged.decision == BLOCK:
        ports.metrics.put("WrongBlocks", 1)


def begin(arrived: Arrived, ports: ServicePorts) -> Progress:
    """Every line of the file is credited; a second run changes and counts nothing else."""
    counts: Counter[Credited] = Counter()
    faults: list[str] = []
    for number, line in enumerate(_lines(arrived, ports), start=2):
        fault = _fault(line)
        if fault is not None:
            faults.append(f"line {number}: {fault}")
            continue
        source = f"file {arrived.work} {number}"
        counts[credit(line["event"], line["label"], source, ports)] += 1
    return Done(
        result=Chargebacks(
            credited=counts[Credited.CREDITED],
            repeated=counts[Credited.REPEATED],
            unknown=counts[Credited.UNKNOWN],
            late=counts[Credited.LATE],
            faults=tuple(faults[:_FAULTS_TOLD]),
        )
    )


def _lines(arrived: Arrived, ports: ServicePorts) -> Iterator[Mapping[str, str]]:
    """The rows of the file; ProblemError where it is none."""
    if arrived.size > MOST_BYTES:
        raise unusable(f"the file has {arrived.size} bytes, at most {MOST_BYTES}: send parts")
    try:
        text = ports.files.read(arrived.key).decode("utf-8-sig")
    except NotFoundError as error:
        raise unusable("the file is gone: send it again") from error
    except UnicodeDecodeError as error:
        raise unusable("the file must be UTF-8") from error
    reader = csv.DictReader(io.StringIO(text))
    missing = [name for name in _COLUMNS if name not in (reader.fieldnames or ())]
    if missing:
        raise unusable(f"the file has no column {', '.join(missing)}: event and label are needed")
    rows = list(reader)
    if len(rows) > MOST_LINES:
        raise unusable(f"the file has {len(rows)} lines, at most {MOST_LINES}: send parts")
    yield from rows


def _fault(line: Mapping[str, str | None]) -> str | None:
    event, label = line.get("event") or "", line.get("label") or ""
    wrong = EVENT.fault(event)
    if wrong is not None:
        return f"event {wrong}"
    return None if label in LABELS else f"label is {label!r}, must be one of {', '.join(LABELS)}"
