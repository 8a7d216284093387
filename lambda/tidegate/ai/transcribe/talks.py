"""A recording arrives, a job of AWS writes it down, its transcript becomes a text."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tidegate.ai.kind import Arrived, Done, Progress, Waiting
from tidegate.ai.ports import ServicePorts
from tidegate.ai.problems import CallFailedError, CallRefusedError, unusable
from tidegate.ai.transcribe.jobs import (
    job_name,
    request_of,
    subtitle_key,
    text_key,
    transcript_key,
)
from tidegate.ai.transcribe.reading import readable, transcript_of
from tidegate.ai.transcribe.settings import MOST_BYTES, TranscribeSettings

LOOK_SECONDS = 60
"""Between looks at a job; an event makes the last look prompt."""
ATTEMPTS = 3
"""Jobs that are tried for one recording when AWS itself fails."""
_OF_THE_FILE = (
    "media format",
    "sample rate",
    "file size",
    "number of channels",
    "The speech is in",
)
"""Parts of failure reasons that are about the recording (API reference, FailureReason)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TalkResult:
    """A recording in words, and the keys of its files; `speakers` is 0 if none are told apart."""

    language: str
    seconds: float
    words: int
    speakers: int
    confidence: float | None
    text: str
    transcript: str
    subtitles: Mapping[str, str]


def begin(arrived: Arrived, ports: ServicePorts) -> Progress:
    """A job is under way for the recording."""
    if arrived.size > MOST_BYTES:
        raise unusable(f"the recording has {arrived.size} bytes, at most {MOST_BYTES}")
    return _start(arrived, ports, attempt=1)


def look(arrived: Arrived, state: Mapping[str, Any], ports: ServicePorts) -> Progress:
    """What became of the job: its text, another try, or more patience."""
    attempt = int(state["attempt"])
    name = job_name(ports, arrived.work, attempt)
    answer = ports.calls.call("transcribe", "GetTranscriptionJob", TranscriptionJobName=name)
    job = answer["TranscriptionJob"]
    status = str(job["TranscriptionJobStatus"])
    if status == "COMPLETED":
        return Done(result=_result(arrived, ports))
    if status == "FAILED":
        return _failed(arrived, str(job.get("FailureReason", "")), ports, attempt=attempt)
    return Waiting(state=state, seconds=LOOK_SECONDS)


def _start(arrived: Arrived, ports: ServicePorts, *, attempt: int) -> Progress:
    try:
        ports.calls.call(
            "transcribe", "StartTranscriptionJob", **request_of(arrived, ports, attempt)
        )
    except CallRefusedError as error:
        # A job of this name is this one, started before the function was killed.
        if error.code != "ConflictException":
            raise
    return Waiting(state={"attempt": attempt}, seconds=LOOK_SECONDS)


def _failed(arrived: Arrived, reason: str, ports: ServicePorts, *, attempt: int) -> Progress:
    if any(part.lower() in reason.lower() for part in _OF_THE_FILE):
        raise unusable(f"Transcribe cannot use the recording: {reason}")
    if attempt < ATTEMPTS:
        return _start(arrived, ports, attempt=attempt + 1)
    operation = "transcribe:StartTranscriptionJob"
    raise CallFailedError(operation=operation, code="JobFailed", message=reason)


def _result(arrived: Arrived, ports: ServicePorts) -> TalkResult:
    settings: TranscribeSettings = ports.settings
    key = transcript_key(arrived.work)
    found = transcript_of(json.loads(ports.files.read(key)))
    text = readable(found).encode()
    written = ports.files.write_once(
        text_key(arrived.work), text, content_type="text/plain; charset=utf-8"
    )
    if written:
        ports.metrics.put("AudioSeconds", found.seconds, unit="Seconds")
    return TalkResult(
        language=found.language,
        seconds=found.seconds,
        words=found.words,
        speakers=found.speakers,
        confidence=found.confidence,
        text=text_key(arrived.work),
        transcript=key,
        subtitles={name: subtitle_key(arrived.work, name) for name in settings.subtitles},
    )
