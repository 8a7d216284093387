"""Validation of a data set before money is spent: streamed, all faults at once, then a manifest.

Objects are looked at one after the other, and what is known of them is saved: a run that dies goes
on where it was.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from tidegate.batch import documents
from tidegate.batch.lines import NEWLINE, LongLineError, split, texts
from tidegate.batch.plan import BatchPlan
from tidegate.batch.ports import BatchPorts, Head, Listed
from tidegate.batch.rounds import first_round
from tidegate.batch.schema import RecordFormat, checker, is_header, quick_check
from tidegate.batch.units import Keys, Location, Unit
from tidegate.batch.work import Work

MOST_FAULTS = 1_000
"""Faults that are kept; all are counted."""

LARGEST_BYTES = 10 * 1024**3
"""Bytes of a data set: the results of a round are held against it within one invocation."""

MOST_OBJECTS = 20_000
_SAVED_EVERY = 200
_UNLIKE = {
    b"\x1f\x8b": "it is packed with gzip: unpack it, because a poisoned record could not be found",
    b"PAR1": "it is Parquet: write CSV or JSON Lines",
    b"PK\x03\x04": "it is a zip archive: put its content there",
}
_NEUTRAL = frozenset(
    {"", "application/octet-stream", "binary/octet-stream", "text/plain", "text/csv; charset=utf-8"}
)
_TAKEN = {
    RecordFormat.CSV: frozenset({"text/csv", "application/csv"}),
    RecordFormat.JSON_LINES: frozenset(
        {"application/jsonlines", "application/x-ndjson", "application/json-lines"}
    ),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """How far a validation is: the objects that are good, and the faults that were found."""

    objects: tuple[Unit, ...] = ()
    faults: tuple[Mapping[str, Any], ...] = ()
    fault_count: int = 0
    last: str = ""
    """The last key that was looked at."""
    skipped: int = 0

    def to_json(self) -> dict[str, Any]:
        """The progress in JSON types; `from_json` reads it back."""
        return {
            "objects": [unit.to_json() for unit in self.objects],
            "faults": list(self.faults),
            "fault_count": self.fault_count,
            "last": self.last,
            "skipped": self.skipped,
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "Checked":
        """The progress that `to_json` wrote."""
        units = tuple(Unit.from_json(unit) for unit in data["objects"])
        return cls(**{**data, "objects": units, "faults": tuple(data["faults"])})


@dataclass(slots=True)
class Faults:
    """Faults of one object, the first of them kept."""

    object: str
    room: int
    kept: list[dict[str, Any]] = field(default_factory=list)
    count: int = 0

    def add(self, message: str, *, line: int | None = None) -> None:
        """The fault counts, and is kept while there is room."""
        self.count += 1
        if len(self.kept) < self.room:
            self.kept.append({"object": self.object, "line": line, "fault": message})


def check(work: Work, *, out_of_time: Callable[[], bool]) -> Checked | None:
    """What was found once all objects were looked at; None while there are more.

    In the end there is a validated manifest and the first round, or the list of faults.
    """
    ports, keys = work.ports, work.keys
    before = documents.load(ports, keys.checking)
    so_far = Checked() if before is None else Checked.from_json(before)
    place = Location.of(work.record.input)
    for number, listed in enumerate(_left(ports, place, so_far.last), start=1):
        so_far = _looked_at(work, listed, so_far)
        if len(so_far.objects) > MOST_OBJECTS:
            break
        if out_of_time():
            documents.save(ports, keys.checking, so_far.to_json())
            return None
        if number % _SAVED_EVERY == 0:
            documents.save(ports, keys.checking, so_far.to_json())
    return _concluded(ports, keys, place, so_far)


def _left(ports: BatchPorts, place: Location, last: str) -> list[Listed]:
    return [listed for listed in ports.objects.list(place) if listed.key > last]


def _concluded(ports: BatchPorts, keys: Keys, place: Location, found: Checked) -> Checked:
    found = _as_a_whole(place, found)
    if found.fault_count:
        told = {"count": found.fault_count, "faults": list(found.faults)}
        documents.save(ports, keys.faults, told)
        return found
    manifest = {"input": place.uri, "objects": [unit.to_json() for unit in found.objects]}
    documents.save(ports, keys.input, manifest)
    if documents.load(ports, keys.round(0)) is None:
        documents.save(ports, keys.round(0), first_round(found.objects).to_json())
    return found


def _as_a_whole(place: Location, found: Checked) -> Checked:
    """Faults that no object has alone."""
    total = sum(unit.size for unit in found.objects)
    if len(found.objects) > MOST_OBJECTS:
        message = f"there are more than {MOST_OBJECTS:,} objects: put several into one"
    elif total > LARGEST_BYTES:
        message = (
            f"it has {total:,} bytes in all, a run may have {LARGEST_BYTES:,}: make several runs, "
            "each over objects of its own"
        )
    elif not found.objects and not found.fault_count:
        message = "there is no object: put the data set there, or name where it is"
    else:
        return found
    fault = {"object": place.uri, "line": None, "fault": message}
    return replace(found, faults=(*found.faults, fault), fault_count=found.fault_count + 1)


def _looked_at(work: Work, listed: Listed, so_far: Checked) -> Checked:
    place = Location.of(work.record.input)
    name = relative_name(place.prefix, listed.key)
    if not name or listed.key.endswith("/") or name.rpartition("/")[2].startswith(("_", ".")):
        # Marks of folders and of writers, such as _SUCCESS, hold no records.
        return replace(so_far, last=listed.key, skipped=so_far.skipped + 1)
    faults = Faults(f"s3://{place.bucket}/{listed.key}", MOST_FAULTS - len(so_far.faults))
    unit = Unit(
        name=name,
        bucket=place.bucket,
        key=listed.key,
        etag=listed.etag,
        records=_records(work, place.bucket, listed, faults),
        size=listed.size,
        source=name,
    )
    return replace(
        so_far,
        objects=so_far.objects if faults.count else (*so_far.objects, unit),
        faults=(*so_far.faults, *faults.kept),
        fault_count=so_far.fault_count + faults.count,
        last=listed.key,
    )


def relative_name(prefix: str, key: str) -> str:
    """The key below the last slash of the prefix: SageMaker names results so."""
    return key[prefix.rfind("/") + 1 :]


def _records(work: Work, bucket: str, listed: Listed, faults: Faults) -> int:
    """How many records an object has; what is wrong with it is among the faults."""
    head = work.ports.objects.head(bucket, listed.key)
    if head is None or head.etag != listed.etag:
        faults.add("it was replaced or removed while it was looked at: run again")
        return 0
    for message in _outside_faults(work.plan, head):
        faults.add(message)
    return 0 if faults.count else _read(work, bucket, listed, faults)


def _outside_faults(plan: BatchPlan, head: Head) -> list[str]:
    found = []
    if head.size == 0:
        found.append("it is empty")
    told = head.content_type.lower()
    if told not in _NEUTRAL and told.partition(";")[0].strip() not in _TAKEN[plan.format]:
        found.append(
            f"its content type is {head.content_type}, the project file says "
            f"{plan.format.content_type}: put it there with that"
        )
    return found


def _read(work: Work, bucket: str, listed: Listed, faults: Faults) -> int:
    plan = work.plan
    check_line = checker(plan.format, plan.columns)
    quick = quick_check(plan.format, plan.columns)
    count = 0
    with work.ports.objects.read(bucket, listed.key, etag=listed.etag) as parts:
        try:
            for text in texts(parts, longest=plan.longest):
                if count == 0 and _is_something_else(text, faults):
                    return 0
                skipped = 1 if count == 0 and _has_header(plan, text, faults) else 0
                rest = text.partition(NEWLINE)[2] if skipped else text
                if quick is None or not _is_text(rest) or quick(rest) is None:
                    _check_block(split(rest), check_line, before=count + skipped, faults=faults)
                count += text.count(NEWLINE) + (not text.endswith(NEWLINE))
        except LongLineError as error:
            faults.add(str(error), line=error.before + 1)
    return count


def _is_something_else(first: bytes, faults: Faults) -> bool:
    for magic, message in _UNLIKE.items():
        if first.startswith(magic):
            faults.add(message)
            return True
    return False


def _has_header(plan: BatchPlan, text: bytes, faults: Faults) -> bool:
    first = text.partition(NEWLINE)[0]
    if plan.format is not RecordFormat.CSV or not is_header(first, plan.columns):
        return False
    faults.add("it is a header, which SageMaker gives to the model as a record: drop it", line=1)
    return True


def _check_block(
    block: list[bytes], check_line: Callable[[bytes], str | None], *, before: int, faults: Faults
) -> None:
    checked = check_line if _is_text(b"\n".join(block)) else _text_first(check_line)
    for position, line in enumerate(block, start=before + 1):
        fault = checked(line)
        if fault is not None:
            faults.add(fault, line=position)


def _is_text(content: bytes) -> bool:
    try:
        content.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _text_first(check_line: Callable[[bytes], str | None]) -> Callable[[bytes], str | None]:
    """The same check, of lines that are text."""

    def check(line: bytes) -> str | None:
        return check_line(line) if _is_text(line) else "it is not UTF-8"

    return check
