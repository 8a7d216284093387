"""Files of long texts: spoken by tasks of Polly, one sound a file."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tidegate.ai.files import Wanted, outcome_of
from tidegate.ai.kind import Arrived, Done, Progress, Waiting
from tidegate.ai.polly.settings import FORMATS, TASK_CHARACTERS, PollySettings
from tidegate.ai.polly.speaking import spoken_request, voice_of
from tidegate.ai.polly.ssml import as_ssml, billed_characters, ssml_faults
from tidegate.ai.ports import ServicePorts
from tidegate.ai.problems import CallFailedError, invalid, not_found
from tidegate.ai.texts import text_of

SPOKEN = "spoken/"
"""What keys of spoken files begin with."""
SUFFIXES = (".txt", ".ssml")
LOOK_SECONDS = 20
ATTEMPTS = 3
"""Tasks that are tried for one file when AWS itself fails."""
_MOST_BYTES = 800_000
_MOST_PAGES = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class SpokenResult:
    """A file as sound: its key, who speaks, and how many characters are billed."""

    key: str
    media_type: str
    voice: str
    language: str
    characters: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SpokenLink:
    """Where a file's sound is, for 15 minutes."""

    link: str
    media_type: str


def begin(arrived: Arrived, ports: ServicePorts) -> Progress:
    """A task is under way for the file."""
    document = _document(arrived, ports)
    return _start(arrived, document, ports, attempt=1)


def look(arrived: Arrived, state: Mapping[str, Any], ports: ServicePorts) -> Progress:
    """What became of the task: sound, another try, or more patience."""
    answer = ports.calls.call("polly", "GetSpeechSynthesisTask", TaskId=state["task"])
    task = answer["SynthesisTask"]
    status = str(task["TaskStatus"])
    if status == "completed":
        return Done(result=_result(arrived, task, ports))
    if status == "failed":
        attempt = int(state["attempt"])
        if attempt < ATTEMPTS:
            return _start(arrived, _document(arrived, ports), ports, attempt=attempt + 1)
        reason = str(task.get("TaskStatusReason", ""))
        operation = "polly:StartSpeechSynthesisTask"
        raise CallFailedError(operation=operation, code="TaskFailed", message=reason)
    return Waiting(state=state, seconds=LOOK_SECONDS)


def _document(arrived: Arrived, ports: ServicePorts) -> str:
    settings: PollySettings = ports.settings
    text = text_of(arrived, ports, most_bytes=_MOST_BYTES, advice=None)
    is_ssml = arrived.name.lower().endswith(".ssml")
    document = text if is_ssml else as_ssml(text)
    faults = list(ssml_faults(document, settings.engine))
    characters = billed_characters(document)
    if characters > TASK_CHARACTERS:
        faults.append(f"{characters} characters are more than a task speaks, {TASK_CHARACTERS}")
    if not document.strip() or not text.strip():
        faults.append("there is nothing to say in it")
    if faults:
        raise invalid(faults)
    return document


def _start(arrived: Arrived, document: str, ports: ServicePorts, *, attempt: int) -> Progress:
    """Tasks have no token: one that was started before a kill is found by where it writes."""
    prefix = f"{SPOKEN}{arrived.work}/{attempt}/speech"
    task_id = _started(prefix, ports)
    if task_id is None:
        _, voice = voice_of(_language(arrived.name, ports.settings), ports.settings)
        answer = ports.calls.call(
            "polly",
            "StartSpeechSynthesisTask",
            OutputS3BucketName=ports.files.uri("").removeprefix("s3://").rstrip("/"),
            OutputS3KeyPrefix=prefix,
            **spoken_request(document, voice, ports),
        )
        task_id = str(answer["SynthesisTask"]["TaskId"])
    return Waiting(state={"task": task_id, "attempt": attempt}, seconds=LOOK_SECONDS)


def _started(prefix: str, ports: ServicePorts) -> str | None:
    """The task that writes there, among the newest 2,000."""
    more: dict[str, str] = {}
    for _ in range(_MOST_PAGES):
        answer = ports.calls.call("polly", "ListSpeechSynthesisTasks", MaxResults=100, **more)
        for task in answer["SynthesisTasks"]:
            if f"/{prefix}." in str(task["OutputUri"]):
                return str(task["TaskId"])
        if "NextToken" not in answer:
            return None
        more = {"NextToken": answer["NextToken"]}
    return None


def _language(name: str, settings: PollySettings) -> str | None:
    """`news.de-DE.txt` is spoken in German; a name without a language, in that of the settings."""
    parts = name.split(".")
    return parts[-2] if len(parts) > 2 and parts[-2] in settings.voices else None


def _result(arrived: Arrived, task: Mapping[str, Any], ports: ServicePorts) -> SpokenResult:
    settings: PollySettings = ports.settings
    language, voice = voice_of(_language(arrived.name, settings), settings)
    uri = str(task["OutputUri"])
    return SpokenResult(
        key=uri[uri.index(f"/{SPOKEN}{arrived.work}/") + 1 :],
        media_type=FORMATS[settings.format][1],
        voice=voice,
        language=language,
        characters=int(task["RequestCharacters"]),
    )


def link_of(wanted: Wanted, ports: ServicePorts) -> SpokenLink:
    """A link to a file's sound, once it is spoken."""
    outcome = outcome_of(wanted, ports)
    result = outcome.result
    if not isinstance(result, Mapping):
        raise not_found(f"nothing is spoken yet: the file's status is {outcome.status}")
    return SpokenLink(
        link=ports.files.link(result["key"], upload=False), media_type=str(result["media_type"])
    )
