"""Transcription jobs as the API shows them."""

from collections.abc import Mapping
from typing import Any

from emulator.ai.jobs import Job, State
from emulator.ai.transcribe import requests
from emulator.jsonapi import Json

STATUS = {
    State.QUEUED: "QUEUED",
    State.IN_PROGRESS: "IN_PROGRESS",
    State.COMPLETED: "COMPLETED",
    State.FAILED: "FAILED",
}
_KEPT_MEMBERS = (
    "LanguageCode",
    "MediaSampleRateHertz",
    "MediaFormat",
    "Media",
    "Settings",
    "JobExecutionSettings",
    "IdentifyLanguage",
    "LanguageOptions",
    "Tags",
)
_FOUND_MEMBERS = ("LanguageCode", "MediaFormat", "MediaSampleRateHertz", "IdentifiedLanguageScore")


def _url(job: Job, key: str) -> str:
    bucket, region = job.request["OutputBucketName"], job.tenant[1]
    return f"https://s3.{region}.amazonaws.com/{bucket}/{key}"


def described(job: Job) -> Json:
    """The job as the API has it."""
    kept = {name: job.request[name] for name in _KEPT_MEMBERS if name in job.request}
    found = {name: job.output[name] for name in _FOUND_MEMBERS if name in job.output}
    times = {"StartTime": job.started, "CompletionTime": job.ended}
    made: Json = {
        "TranscriptionJobName": job.id,
        "TranscriptionJobStatus": STATUS[job.state],
        "CreationTime": job.submitted,
        **{name: time for name, time in times.items() if time is not None},
        **kept,
        **found,
        **({} if job.failure is None else {"FailureReason": job.failure}),
    }
    if "Subtitles" in job.request:
        made["Subtitles"] = _subtitles(job)
    if job.state is State.COMPLETED:
        made["Transcript"] = {"TranscriptFileUri": _url(job, requests.output_key(job.request))}
    return made


def _subtitles(job: Job) -> Json:
    wanted: Mapping[str, Any] = job.request["Subtitles"]
    formats = list(wanted.get("Formats", []))
    made: Json = {"Formats": formats, "OutputStartIndex": wanted.get("OutputStartIndex", 0)}
    if job.state is State.COMPLETED:
        keys = [requests.subtitle_key(job.request, name) for name in formats]
        made["SubtitleFileUris"] = [_url(job, key) for key in keys]
    return made


def summary(job: Job) -> Json:
    """The job as a list has it."""
    whole = described(job)
    names = (
        "TranscriptionJobName",
        "CreationTime",
        "StartTime",
        "CompletionTime",
        "LanguageCode",
        "TranscriptionJobStatus",
        "FailureReason",
        "IdentifyLanguage",
        "IdentifiedLanguageScore",
    )
    shown = {name: whole[name] for name in names if name in whole}
    return {**shown, "OutputLocationType": "CUSTOMER_BUCKET"}
