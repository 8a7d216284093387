"""Recorded observations from a file: JSON lines, every fault of them at once with its line.

The records of one key are increments that add up, as everywhere; a file is of one release.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeGuard

from tidegate import latency
from tidegate.errors import InvalidValueError
from tidegate.observation import DELAY_EDGES, PAIRED, VERSION, Observation, Unit

FAULTS_TOLD = 50
"""Faults beyond these are only counted: somebody has to read them."""

_COUNTS = ("interval", "split_version", "requests", "errors", "clients_with_errors")
_NOT_COUNTED = ("clients_with_errors", None)
"""The one count that a record may have left open."""
_TEXTS = ("release_id", "slot")


@dataclass(frozen=True, slots=True, kw_only=True)
class Recording:
    """The observations of one release."""

    release_id: str
    observations: tuple[Observation, ...]

    @property
    def slots(self) -> tuple[str, ...]:
        """The slots in it, those first that were seen first and then those with more requests."""
        first: dict[str, tuple[int, int]] = {}
        for item in self.observations:
            at, requests = first.get(item.key.slot, (item.key.interval, 0))
            if item.key.interval < at:
                at, requests = item.key.interval, 0
            if item.key.interval == at:
                requests += item.requests
            first[item.key.slot] = (at, requests)
        return tuple(sorted(first, key=lambda slot: (first[slot][0], -first[slot][1], slot)))


def read_recording(path: Path) -> Recording:
    """The recording in a file; InvalidValueError with all that is wrong with it."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidValueError([f"{path} cannot be read: {error}"]) from error
    return parse_recording(lines)


def parse_recording(lines: Iterable[str]) -> Recording:
    """The recording in these lines, empty ones left out; InvalidValueError with every fault."""
    faults: list[str] = []
    observations: list[Observation] = []
    release_id: str | None = None
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        found, wrong = _parsed(line)
        if found is not None:
            release_id = found.key.release_id if release_id is None else release_id
            wrong.extend(_of_another(found, release_id))
            observations.append(found)
        faults.extend(f"line {number}: {fault}" for fault in wrong)
    if release_id is None and not faults:
        faults.append(
            "there is no observation in it: 'tidegate release report RELEASE --observations FILE' "
            "writes those of a release"
        )
    if release_id is None or faults:
        beyond = len(faults) - FAULTS_TOLD
        more = [f"and {beyond} more"] if beyond > 0 else []
        raise InvalidValueError([*faults[:FAULTS_TOLD], *more])
    return Recording(release_id=release_id, observations=tuple(observations))


def _of_another(found: Observation, release_id: str) -> Iterator[str]:
    if found.key.release_id != release_id:
        yield (
            f"release_id is {found.key.release_id!r}, the lines before are of {release_id!r}: "
            "give each release a file of its own"
        )


def _parsed(line: str) -> tuple[Observation | None, list[str]]:
    """The observation of a line, or what is wrong with it."""
    try:
        record = json.loads(line)
    except ValueError as error:
        return None, [f"is not JSON: {error}"]
    if not isinstance(record, dict):
        return None, [f"must be a JSON object, got {_shown(record)}"]
    if record.get("v") != VERSION:
        return None, [f"v must be {VERSION}, got {_shown(record.get('v'))}"]
    faults = list(_faults(record))
    if faults:
        return None, faults
    try:
        return Observation.from_json(record), []
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        return None, [f"is no observation record ({type(error).__name__}: {error})"]


def _faults(record: Mapping[str, Any]) -> Iterator[str]:
    for name in _TEXTS:
        if not isinstance(record.get(name), str):
            yield f"{name} must be a text, got {_shown(record.get(name))}"
    for name in _COUNTS:
        if (name, record.get(name, "")) != _NOT_COUNTED:
            yield from _count_faults(name, record.get(name))
    if record.get("unit") not in list(Unit):
        yield f"unit must be one of {', '.join(Unit)}, got {_shown(record.get('unit'))}"
    if not isinstance(record.get("evidence"), bool):
        yield f"evidence must be true or false, got {_shown(record.get('evidence'))}"
    yield from _bucket_faults("latency", record.get("latency"), latency.BUCKET_COUNT)
    yield from _bucket_faults("outcomes", record.get("outcomes"), len(DELAY_EDGES))
    yield from _pair_faults(record.get("pairs", {}))
    requests, errors = record.get("requests"), record.get("errors")
    if _is_count(requests) and _is_count(errors) and errors > requests:
        yield f"errors must be at most requests ({requests}), got {errors}"


def _bucket_faults(name: str, buckets: Any, count: int) -> Iterator[str]:
    if not isinstance(buckets, dict):
        yield f"{name} must be an object of counts by bucket, got {_shown(buckets)}"
        return
    for bucket, value in buckets.items():
        if not bucket.isdecimal() or int(bucket) >= count:
            yield f"a bucket of {name} must be 0 to {count - 1}, got {bucket!r}"
        if name == "latency":
            yield from _count_faults(f"latency.{bucket}", value)
        else:
            yield from _outcome_faults(f"outcomes.{bucket}", value)


def _pair_faults(pairs: Any) -> Iterator[str]:
    if not isinstance(pairs, dict):
        yield f"pairs must be an object of counts, got {_shown(pairs)}"
        return
    for name in PAIRED if pairs else ():
        yield from _count_faults(f"pairs.{name}", pairs.get(name))


def _outcome_faults(name: str, counts: Any) -> Iterator[str]:
    if not isinstance(counts, dict):
        yield f"{name} must be an object with known and wrong, got {_shown(counts)}"
        return
    known, wrong = counts.get("known"), counts.get("wrong")
    yield from _count_faults(f"{name}.known", known)
    yield from _count_faults(f"{name}.wrong", wrong)
    if _is_count(known) and _is_count(wrong) and wrong > known:
        yield f"{name}.wrong must be at most known ({known}), got {wrong}"


def _count_faults(name: str, value: Any) -> Iterator[str]:
    if not _is_count(value):
        yield f"{name} must be a whole number of 0 or more, got {_shown(value)}"


def _is_count(value: Any) -> TypeGuard[int]:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def _shown(value: Any) -> str:
    text = "nothing" if value is None else json.dumps(value)
    return text if len(text) <= 60 else f"{text[:57]}..."
