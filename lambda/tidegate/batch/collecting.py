"""After a round: every result is held against its records, and what has none is cut for the next.

Nothing is believed that was not read: a result counts when it has an answer to each record, in
order, beside the record itself where both are joined.
"""

import json
import operator
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from tidegate.batch import documents
from tidegate.batch.lines import blocks, lines, paired
from tidegate.batch.plan import BatchPlan, JoinKind
from tidegate.batch.ports import BatchPorts, Job
from tidegate.batch.rounds import Blame, Fate, Next, Round, judged, next_of, piece_sizes
from tidegate.batch.schema import RecordFormat
from tidegate.batch.units import Keys, Part, Unit
from tidegate.batch.work import Work
from tidegate.errors import TidegateError

SAGEMAKER_OUTPUT = "SageMakerOutput"
"""The key that DataProcessing joins the answer under (developer guide, "Associate prediction
results with input records")."""

LONGEST_JOINED = 2
"""A joined line has the record and its answer, each as long as a payload."""


UNDER_WAY = frozenset({"InProgress", "Stopping"})
_UNHEALTHY = "failed to respond to ping"
"""What SageMaker says of a container that never came up: no record is to blame."""


class BrokenRunError(TidegateError):
    """The run cannot go on by itself; what it did stays done, and it can be resumed."""


@dataclass(slots=True, kw_only=True)
class _Gathered:
    parts: list[Part] = field(default_factory=list)
    units: list[Unit] = field(default_factory=list)
    failed: list[dict[str, Any]] = field(default_factory=list)


def collect(work: Work, *, number: int, cause: str = "") -> Round:
    """The state before the next round, saved; done again, it is the same.

    BrokenRunError when the round's job was not made, was stopped or never came up while the run
    waited for it (then `cause` says how that ended): resumed, the run makes another. What a stopped
    job left is kept.
    """
    ports, keys = work.ports, work.keys
    before = Round.from_json(documents.load(ports, keys.round(number)))
    known = documents.load(ports, keys.round(number + 1))
    if known is not None:
        return Round.from_json(known)
    name = job_name(work, before)
    job = ports.jobs.describe(name)
    if job is None:
        raise BrokenRunError(f"transform job {name} was not made: {cause}")
    if job.status in UNDER_WAY:
        raise BrokenRunError(f"transform job {name} is under way by another execution: resume")
    if _UNHEALTHY in job.reason:
        after = replace(before, attempt=before.attempt + 1)
    else:
        after = _after(work, before, job)
    documents.save(ports, keys.round(after.number), after.to_json())
    if cause and (job.status == "Stopped" or after.number == before.number):
        raise BrokenRunError(f"transform job {name} {job.status.lower()}: {job.reason}")
    return after


def job_name(work: Work, now: Round) -> str:
    """The name of a round's transform job: the same whenever it is asked for."""
    return f"{work.plan.job_prefix}-{work.record.run}-{now.number}-{now.attempt}"


def _after(work: Work, before: Round, job: Job) -> Round:
    reason = job.reason
    gathered = _Gathered()
    fates = [(unit, _fate(work, unit)) for unit in before.units]
    blame = _blame(job)
    steps = [(unit, next_of(unit, fate, blame=blame)) for unit, fate in fates]
    splitting = sum(1 for _, step in steps if step is Next.SPLIT)
    for unit, step in steps:
        if step is Next.KEEP:
            gathered.parts.append(_part(work.keys, unit))
        elif step is Next.APART:
            gathered.failed.append(_failed(work, unit, reason))
        else:
            again = step is Next.AGAIN
            pieces = [unit.records] if again else piece_sizes(unit, splitting=splitting)
            if blame is not Blame.NOBODY:
                unit = replace(unit, tries=unit.tries + 1)  # noqa: PLW2901 - the same, tried
            gathered.units.extend(_cut(work, unit, pieces, number=before.number + 1))
    _keep(work.ports, work.keys, before.number, gathered)
    out = sum(part.records for part in gathered.parts)
    following = Round(
        number=before.number + 1,
        units=tuple(gathered.units),
        out=before.out + out,
        failed=before.failed + len(gathered.failed),
        barren=_barren(before, gathered, blame),
        jobs=(*before.jobs, job.name),
    )
    records = following.out + following.failed + sum(unit.records for unit in following.units)
    percent = work.plan.failed_percent
    return judged(following, records=records, failed_percent=percent, reason=reason)


def _barren(before: Round, gathered: _Gathered, blame: Blame) -> int:
    """Rounds in a row without a result, of those that were not stopped."""
    if gathered.parts:
        return 0
    return before.barren if blame is Blame.NOBODY else before.barren + 1


def _blame(job: Job) -> Blame:
    if job.status == "Stopped":
        return Blame.NOBODY
    internal = job.reason.startswith("InternalServerError")
    return Blame.SERVICE if internal else Blame.RECORDS


def _keep(ports: BatchPorts, keys: Keys, number: int, gathered: _Gathered) -> None:
    documents.save(ports, keys.parts(number), [part.to_json() for part in gathered.parts])
    if gathered.failed:
        text = "".join(f"{json.dumps(one, sort_keys=True)}\n" for one in gathered.failed)
        ports.objects.write(ports.bucket, keys.failed(number), [text.encode()])


def _part(keys: Keys, unit: Unit) -> Part:
    return Part(key=keys.result(unit), source=unit.source, first=unit.first, records=unit.records)


def _fate(work: Work, unit: Unit) -> Fate:
    """What became of a unit; a bad result is not there any more."""
    ports, key = work.ports, work.keys.result(unit)
    head = ports.objects.head(ports.bucket, key)
    if head is None:
        return Fate.MISSING
    objects = ports.objects
    with (
        objects.read(unit.bucket, unit.key, etag=unit.etag) as records,
        objects.read(ports.bucket, key, etag=head.etag) as results,
    ):
        fault = result_fault(work.plan, records, results)
    if fault is None:
        return Fate.DONE
    objects.delete(ports.bucket, key)
    return Fate.BAD


def result_fault(plan: BatchPlan, records: Iterable[bytes], results: Iterable[bytes]) -> str | None:
    """Why the results are not those of the records; None where each record has its answer."""
    asked = blocks(records, longest=plan.longest)
    got = blocks(results, longest=LONGEST_JOINED * plan.longest)
    all_belong = _all_belong(plan)
    before = 0
    for some, theirs in paired(asked, got):
        if len(some) != len(theirs):
            missing = "record" if not some else "result"
            return f"there is no {missing} of number {before + 1}"
        if not all_belong(some, theirs):
            fits = [all_belong([one], [its]) for one, its in zip(some, theirs, strict=True)]
            return (
                f"the result of number {before + fits.index(False) + 1} is not that of its record"
            )
        before += len(some)
    return None


def _all_belong(plan: BatchPlan) -> Callable[[list[bytes], list[bytes]], bool]:
    """Whether each result is that of its record: of many at once, since a run has millions."""
    if plan.join is JoinKind.NONE:
        return lambda _, results: all(results)
    if plan.format is RecordFormat.CSV:
        return _all_beside
    return lambda records, results: all(map(_json_belongs, records, results))


def _all_beside(records: list[bytes], results: list[bytes]) -> bool:
    begins = [record + b"," for record in records]
    no_answer = any(map(operator.eq, results, begins))
    return all(map(bytes.startswith, results, begins)) and not no_answer


def _json_belongs(record: bytes, result: bytes) -> bool:
    try:
        given, joined = json.loads(record), json.loads(result)
    except ValueError:
        return False
    if not isinstance(joined, dict) or SAGEMAKER_OUTPUT not in joined:
        return False
    return bool({k: v for k, v in joined.items() if k != SAGEMAKER_OUTPUT} == given)


def _failed(work: Work, unit: Unit, reason: str) -> dict[str, Any]:
    with work.ports.objects.read(unit.bucket, unit.key, etag=unit.etag) as parts:
        (record,) = lines(parts, longest=work.plan.longest)
    return {
        "object": unit.source,
        "line": unit.first,
        "record": record.decode("utf-8", "replace"),
        "reason": reason,
    }


def _cut(work: Work, unit: Unit, sizes: list[int], *, number: int) -> Iterator[Unit]:
    """The unit in pieces of so many records, each an object below the round's pieces."""
    ports = work.ports
    whole = len(sizes) == 1
    first = unit.first
    with ports.objects.read(unit.bucket, unit.key, etag=unit.etag) as parts:
        for size, content in _pieces(parts, sizes, work.plan.longest):
            name = unit.name if whole else f"{unit.source}.{first:012d}-{first + size - 1:012d}"
            key = f"{work.keys.pieces(number)}{name}"
            etag = ports.objects.write(ports.bucket, key, [content])
            yield replace(
                unit,
                name=name,
                bucket=ports.bucket,
                key=key,
                etag=etag,
                records=size,
                size=len(content),
                first=first,
                tries=unit.tries if whole else 0,
            )
            first += size


def _pieces(parts: Iterable[bytes], sizes: list[int], longest: int) -> Iterator[tuple[int, bytes]]:
    """The content in pieces, one in memory at a time."""
    waiting: list[bytes] = []
    left = iter(sizes)
    size = next(left)
    for block in blocks(parts, longest=longest):
        waiting.extend(block)
        while len(waiting) >= size > 0:
            yield size, b"".join(line + b"\n" for line in waiting[:size])
            del waiting[:size]
            size = next(left, 0)
