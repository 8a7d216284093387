"""The route that speaks: a template with the caller's words, spoken once and kept by content."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any

from tidegate.ai.limits import Length
from tidegate.ai.polly.settings import FORMATS, REQUEST_CHARACTERS, PollySettings
from tidegate.ai.polly.ssml import (
    as_ssml,
    billed_characters,
    fields_of,
    spoken,
    value_faults,
)
from tidegate.ai.ports import ServicePorts
from tidegate.ai.problems import CallRefusedError, invalid, unusable
from tidegate.errors import NotFoundError

SPEECH = "speech/"
"""What keys of spoken requests begin with."""
LEXICON = "lexicon"
"""What functions are told: the lexicon's name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """What to say: a template with its values, or a text."""

    template: Annotated[str | None, "Name of a template.", Length(least=1, most=64)] = None
    values: Annotated[
        Mapping[str, Annotated[str, Length(most=200)]], "Words for the template's fields."
    ] = field(default_factory=dict)
    text: Annotated[
        str | None, "A plain text instead.", Length(least=1, most=REQUEST_CHARACTERS)
    ] = None
    language: Annotated[
        str | None, "Language of the voice; left out: the one of the settings.", Length(most=12)
    ] = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Speech:
    """Where the sound is, for 15 minutes; `cached` says that it had been spoken before.

    `sample_rate` is left out if it is the format's own.
    """

    link: str
    key: str
    media_type: str
    voice: str
    language: str
    characters: int
    cached: bool
    sample_rate: int | None = None


def speak(words: Words, ports: ServicePorts) -> Speech:
    """The sound of the words, made now or before."""
    settings: PollySettings = ports.settings
    language, voice = voice_of(words.language, settings)
    document = _document(words, settings)
    characters = billed_characters(document)
    if characters > REQUEST_CHARACTERS:
        raise unusable(
            f"{characters} characters are too many to wait for, {REQUEST_CHARACTERS} are not: "
            "send them as a file"
        )
    suffix, media_type, _ = FORMATS[settings.format]
    request = spoken_request(document, voice, ports)
    key = f"{SPEECH}{_digest(request, settings)}.{suffix}"
    cached = _is_there(key, ports)
    if not cached:
        sound = _sound(request, ports)
        ports.files.write(key, sound, content_type=media_type)
    ports.metrics.put("CachedSpeech", 1 if cached else 0)
    return Speech(
        link=ports.files.link(key, upload=False),
        key=key,
        media_type=media_type,
        sample_rate=settings.sample_rate,
        voice=voice,
        language=language,
        characters=characters,
        cached=cached,
    )


def voice_of(language: str | None, settings: PollySettings) -> tuple[str, str]:
    """Language and voice; the nearest language that there is, else a problem."""
    voices = settings.voices
    if language is None:
        return settings.language, voices[settings.language]
    base = language.partition("-")[0]
    near = [code for code in voices if code == language] or [
        code for code in voices if code.partition("-")[0] == base
    ]
    if not near:
        raise unusable(f"no voice speaks {language}: {', '.join(sorted(voices))} are spoken")
    return near[0], voices[near[0]]


def spoken_request(document: str, voice: str, ports: ServicePorts) -> dict[str, Any]:
    """What Polly is asked, for a request and for a task."""
    settings: PollySettings = ports.settings
    request: dict[str, Any] = {
        "Engine": settings.engine,
        "OutputFormat": settings.format,
        "Text": document,
        "TextType": "ssml",
        "VoiceId": voice,
    }
    if settings.sample_rate is not None:
        request["SampleRate"] = str(settings.sample_rate)
    if settings.lexicon is not None:
        request["LexiconNames"] = [ports.resources[LEXICON]]
    return request


def _document(words: Words, settings: PollySettings) -> str:
    if (words.template is None) == (words.text is None):
        raise invalid(["give either a template or a text"])
    if words.text is not None:
        if words.values:
            raise invalid(["values are for templates"])
        return as_ssml(words.text)
    template = settings.templates.get(words.template or "")
    if template is None:
        known = ", ".join(settings.templates) or "none"
        raise invalid([f"template {words.template} is not there: {known}"])
    faults = value_faults(fields_of(template), words.values)
    if faults:
        raise invalid(faults)
    return spoken(template, words.values)


def _digest(request: Mapping[str, Any], settings: PollySettings) -> str:
    """Of all that makes the sound: another lexicon is another sound."""
    named = {**request, "LexiconNames": settings.lexicon}
    return hashlib.sha256(json.dumps(named, sort_keys=True).encode()).hexdigest()


def _is_there(key: str, ports: ServicePorts) -> bool:
    try:
        ports.files.read(key)
    except NotFoundError:
        return False
    return True


def _sound(request: Mapping[str, Any], ports: ServicePorts) -> bytes:
    try:
        answer = ports.calls.call("polly", "SynthesizeSpeech", **request)
    except CallRefusedError as error:
        if error.code in {"InvalidSsmlException", "TextLengthExceededException"}:
            raise unusable(f"Polly cannot speak it: {error.code}") from error
        raise
    sound: bytes = answer["AudioStream"].read()
    return sound
