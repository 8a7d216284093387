"""Pairs of answers from the results of two runs over the same data set, read as streams."""

import csv
import json
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from typing import Any

from tidegate.batch import documents
from tidegate.batch.collecting import LONGEST_JOINED, SAGEMAKER_OUTPUT
from tidegate.batch.comparing import Counted, Pair
from tidegate.batch.lines import lines
from tidegate.batch.plan import BatchPlan, CompareTerms, JoinKind
from tidegate.batch.ports import BatchPorts
from tidegate.batch.schema import RecordFormat
from tidegate.batch.units import Keys, Part
from tidegate.batch.work import Work
from tidegate.errors import InvalidValueError

Answer = tuple[int, str]
"""The number of a record in its object, and its line of a result."""


def counted_pairs(work: Work, terms: CompareTerms) -> Counted:
    """Every record that either version answered, counted; InvalidValueError if data sets differ."""
    against = work.record.against
    if against is None:
        raise InvalidValueError([f"run {work.record.run} is compared with none"])
    live = Keys(run=against)
    _refuse_other_data(work.ports, live, work.keys)
    ours, theirs = _parts(work.ports, live), _parts(work.ports, work.keys)
    counted = Counted()
    for source in sorted({*ours, *theirs}):
        with (
            _answers(work, ours.get(source, [])) as left,
            _answers(work, theirs.get(source, [])) as right,
        ):
            for number, first, second in _aligned(left, right):
                pair = _pair(work.plan, terms, f"{source}:{number}", (first, second))
                counted.add(pair, terms.tolerance)
    return counted


def _refuse_other_data(ports: BatchPorts, live: Keys, candidate: Keys) -> None:
    tags = [
        {one["key"]: one["etag"] for one in documents.load(ports, keys.input)["objects"]}
        for keys in (live, candidate)
    ]
    if tags[0] != tags[1]:
        raise InvalidValueError(
            ["the data set has changed since the live version was run on it: run it again first"]
        )


def _parts(ports: BatchPorts, keys: Keys) -> Mapping[str, list[Part]]:
    found: dict[str, list[Part]] = {}
    number = 0
    while (document := documents.load(ports, keys.parts(number))) is not None:
        for part in map(Part.from_json, document):
            found.setdefault(part.source, []).append(part)
        number += 1
    return {source: sorted(parts, key=lambda part: part.first) for source, parts in found.items()}


def _answers(work: Work, parts: list[Part]) -> AbstractContextManager[Iterator[Answer]]:
    @contextmanager
    def opened() -> Iterator[Iterator[Answer]]:
        answers = _read(work, parts)
        try:
            yield answers
        finally:
            answers.close()

    return opened()


def _read(work: Work, parts: list[Part]) -> Any:
    objects, bucket = work.ports.objects, work.ports.bucket
    longest = LONGEST_JOINED * work.plan.longest
    for part in parts:
        head = objects.head(bucket, part.key)
        if head is None:
            raise InvalidValueError(
                [f"s3://{bucket}/{part.key} is gone: results are kept for some days only"]
            )
        with objects.read(bucket, part.key, etag=head.etag) as content:
            for number, line in enumerate(lines(content, longest=longest), start=part.first):
                yield number, line.decode("utf-8")


def _aligned(
    left: Iterator[Answer], right: Iterator[Answer]
) -> Iterator[tuple[int, str | None, str | None]]:
    """Both answers of each record, by its number; None where one version has none."""
    ours, theirs = next(left, None), next(right, None)
    while ours is not None or theirs is not None:
        number = min(answer[0] for answer in (ours, theirs) if answer is not None)
        first = second = None
        if ours is not None and ours[0] == number:
            first, ours = ours[1], next(left, None)
        if theirs is not None and theirs[0] == number:
            second, theirs = theirs[1], next(right, None)
        yield number, first, second


def _pair(
    plan: BatchPlan, terms: CompareTerms, key: str, results: tuple[str | None, str | None]
) -> Pair:
    read = [None if one is None else _split(plan, one) for one in results]
    known = next(one for one in read if one is not None)
    live, candidate = (None if one is None else _score(one[1], terms.score) for one in read)
    return Pair(key=key, live=live, candidate=candidate, slice=_slice(plan, known[0], terms.slice))


def _split(plan: BatchPlan, result: str) -> tuple[Any, Any]:
    """The record, if it is joined, and the answer: cells of CSV, values of JSON."""
    joined = plan.join is JoinKind.INPUT
    if plan.format is RecordFormat.CSV:
        (cells,) = csv.reader([result], strict=True)
        width = len(plan.columns) if joined else 0
        return cells[:width], cells[width:]
    value = json.loads(result)
    if not joined:
        return None, value
    return value, value[SAGEMAKER_OUTPUT]


def _score(answer: Any, place: str | None) -> float | str:
    """The score, a number if it is one."""
    if isinstance(answer, list) and all(isinstance(cell, str) for cell in answer):
        at = 0 if place is None else int(place)
        found: Any = answer[at] if at < len(answer) else ""
    elif place is not None and isinstance(answer, dict):
        found = answer.get(place)
    else:
        found = answer
    try:
        return float(found)
    except (TypeError, ValueError):
        return json.dumps(found, sort_keys=True)


def _slice(plan: BatchPlan, record: Any, name: str | None) -> str:
    if name is None or record is None:
        return ""
    if plan.format is RecordFormat.CSV:
        names = [column.name for column in plan.columns]
        return str(record[names.index(name)])
    return str(record.get(name))
