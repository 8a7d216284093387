"""What messages of the work queue say: a file came, look again, a job is over.

EventBridge hands its events to the queue as they are. SNS wraps its messages, unless the
subscription is raw; both are read. Source: S3 user guide, "EventBridge event message structure".
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tidegate.ai.kind import JobEvents

CHECK, TIMER = "check", "timer"


@dataclass(frozen=True, slots=True, kw_only=True)
class File:
    """A file came, or a moment; `work` follows from the key and from S3's sequencer, one a put."""

    key: str
    size: int
    work: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """The work waits for a job: time to look."""

    work: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Hint:
    """AWS says that the job of a work is over."""

    work: str


Subject = File | Check | Hint


def subject_of(body: Mapping[str, Any], jobs: JobEvents | None) -> Subject | None:
    """What a message is about; None where nobody here knows."""
    if body.get("tidegate") == CHECK:
        return Check(work=str(body["work"]))
    if body.get("tidegate") == TIMER:
        return _moment(str(body["name"]), str(body["at"]))
    if body.get("source") == "aws.s3" and body.get("detail-type") == "Object Created":
        return _file(body["detail"]["object"])
    if jobs is None:
        return None
    work = jobs.work(_unwrapped(body))
    return None if work is None else Hint(work=work)


def _file(described: Mapping[str, Any]) -> File:
    key, sequencer = str(described["key"]), str(described.get("sequencer", described.get("etag")))
    return File(key=key, size=int(described.get("size", 0)), work=work_id(key, sequencer))


def _moment(name: str, at: str) -> File:
    key = f"{TIMER}/{name}/{at}"
    return File(key=key, size=0, work=work_id(key, at))


def work_id(key: str, sequencer: str) -> str:
    """The work of one put of a key: 32 hexadecimal digits, the same for each copy of its event."""
    return hashlib.sha256(f"{key}\0{sequencer}".encode()).hexdigest()[:32]


def check_message(work: str) -> Mapping[str, Any]:
    """The message that asks to look at a waiting work."""
    return {"tidegate": CHECK, "work": work}


def _unwrapped(body: Mapping[str, Any]) -> Mapping[str, Any]:
    if body.get("Type") != "Notification" or not isinstance(body.get("Message"), str):
        return body
    try:
        inner = json.loads(body["Message"])
    except ValueError:
        return body
    return inner if isinstance(inner, Mapping) else body
