"""Transcription jobs: how they are asked for, named, and told of by EventBridge."""

import re
from collections.abc import Mapping
from typing import Any

from tidegate.ai.kind import Arrived, JobEvents, Place, Resources
from tidegate.ai.ports import ServicePorts
from tidegate.ai.transcribe.settings import TranscribeSettings, phrases

TRANSCRIPTS = "transcripts/"
"""What keys of transcripts and subtitles begin with."""
JOBS = "jobs"
"""What functions are told: the beginning of jobs' names."""
VOCABULARY, FILTER = "Vocabulary", "HiddenWords"
"""Logical ids, and what functions are told of their names."""
NOBODYS = "0" * 32
"""A work that there is not: news of it are dropped."""
_NAME = re.compile(r".*-([0-9a-f]{32})-\d+")


def resources(settings: TranscribeSettings, place: Place) -> Resources:
    """A vocabulary and a filter, if the settings have words for them."""
    language = settings.languages[0]
    templates: dict[str, Mapping[str, Any]] = {}
    if settings.vocabulary is not None:
        templates[VOCABULARY] = {
            "Type": "AWS::Transcribe::Vocabulary",
            "Properties": {
                "VocabularyName": place.prefix,
                "LanguageCode": language,
                "Phrases": list(phrases(settings.vocabulary)),
            },
        }
    if settings.hidden_words:
        templates[FILTER] = {
            "Type": "AWS::Transcribe::VocabularyFilter",
            "Properties": {
                "VocabularyFilterName": place.prefix,
                "LanguageCode": language,
                "Words": list(settings.hidden_words),
            },
        }
    return Resources(templates=templates, told={JOBS: place.prefix})


def job_name(ports: ServicePorts, work: str, attempt: int) -> str:
    """The same for the same work and attempt, whoever starts it."""
    return f"{ports.resources[JOBS]}-{work}-{attempt}"


def work_of(event: Mapping[str, Any]) -> str | None:
    """Which work an event tells of; of a job of somebody else in the account, a work of nobody's.

    None if it is no such event.
    """
    if event.get("source") != "aws.transcribe":
        return None
    found = _NAME.fullmatch(str(event["detail"]["TranscriptionJobName"]))
    return NOBODYS if found is None else found[1]


EVENTS = JobEvents(
    work=work_of,
    pattern={"source": ["aws.transcribe"], "detail-type": ["Transcribe Job State Change"]},
)


def request_of(arrived: Arrived, ports: ServicePorts, attempt: int) -> dict[str, Any]:
    """The job that writes down one recording, beside which its subtitles will lie."""
    settings: TranscribeSettings = ports.settings
    bucket = ports.files.uri("").removeprefix("s3://").rstrip("/")
    request: dict[str, Any] = {
        "TranscriptionJobName": job_name(ports, arrived.work, attempt),
        "Media": {"MediaFileUri": ports.files.uri(arrived.key)},
        "OutputBucketName": bucket,
        "OutputKey": transcript_key(arrived.work),
        "Settings": _job_settings(settings, ports),
        **_languages(settings),
    }
    if settings.subtitles:
        # Players count subtitles from 1; Transcribe's own default is 0.
        request["Subtitles"] = {"Formats": list(settings.subtitles), "OutputStartIndex": 1}
    return request


def _languages(settings: TranscribeSettings) -> dict[str, Any]:
    if len(settings.languages) == 1:
        return {"LanguageCode": settings.languages[0]}
    return {"IdentifyLanguage": True, "LanguageOptions": list(settings.languages)}


def _job_settings(settings: TranscribeSettings, ports: ServicePorts) -> dict[str, Any]:
    made: dict[str, Any] = {}
    if settings.most_speakers is not None:
        made |= {"ShowSpeakerLabels": True, "MaxSpeakerLabels": settings.most_speakers}
    if settings.vocabulary is not None:
        made["VocabularyName"] = ports.resources[JOBS]
    if settings.hidden_words:
        made |= {
            "VocabularyFilterName": ports.resources[JOBS],
            "VocabularyFilterMethod": "mask",
        }
    return made


def transcript_key(work: str) -> str:
    """Where Transcribe writes."""
    return f"{TRANSCRIPTS}{work}/talk.json"


def text_key(work: str) -> str:
    """Where the readable text is."""
    return f"{TRANSCRIPTS}{work}/talk.txt"


def subtitle_key(work: str, suffix: str) -> str:
    """Where Transcribe writes subtitles."""
    return f"{TRANSCRIPTS}{work}/talk.{suffix}"
