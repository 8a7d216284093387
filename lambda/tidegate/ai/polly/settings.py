"""Settings of a service that speaks, and what AWS takes.

Quotas: Polly developer guide, "Quotas in Amazon Polly". Prices an engine: AWS's price page.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated
from xml.parsers import expat

from tidegate.ai.limits import Length, Matches, OneOf, TextFile
from tidegate.ai.polly.ssml import TAGS, template_faults

REQUEST_CHARACTERS = 3_000
"""The most that is spoken while a caller waits."""
TASK_CHARACTERS = 100_000
"""The most that a task speaks."""
_LEXICON_CHARACTERS = 4_000

FORMATS: Mapping[str, tuple[str, str, tuple[int, ...]]] = {
    "mp3": ("mp3", "audio/mpeg", (8_000, 16_000, 22_050, 24_000)),
    "ogg_vorbis": ("ogg", "audio/ogg", (8_000, 16_000, 22_050, 24_000)),
    "pcm": ("pcm", "audio/pcm", (8_000, 16_000)),
    "mulaw": ("mulaw", "audio/mulaw", (8_000,)),
    "alaw": ("alaw", "audio/alaw", (8_000,)),
}
"""Suffix, media type and sample rates of each format (API reference, SynthesizeSpeech)."""
UNITS: Mapping[str, int] = {"standard": 2, "neural": 8, "generative": 15, "long-form": 50}
"""A character's price in $0.000002."""

_LANGUAGE = Matches(pattern=r"[a-z]{2,3}-[A-Z]{2}(-[A-Z]{3})?|arb", words="a code such as en-US")
_VOICE = Matches(pattern=r"[A-Z][a-z]+", words="the id of a voice, such as Joanna")


def lexicon_faults(text: str) -> tuple[str, ...]:
    """What is wrong with a pronunciation lexicon (W3C PLS)."""
    names: list[tuple[str, Mapping[str, str]]] = []
    parser = expat.ParserCreate("UTF-8")
    parser.StartElementHandler = lambda name, given: names.append((name, given))
    try:
        parser.Parse(text.encode(), True)
    except expat.ExpatError as error:
        return (f"it is no XML: {error}",)
    name, given = names[0]
    faults = []
    if name != "lexicon" or "xml:lang" not in given:
        faults.append("it begins with <lexicon ... xml:lang=...> (W3C PLS)")
    if len(text) > _LEXICON_CHARACTERS:
        faults.append(f"it has {len(text)} characters, must have at most {_LEXICON_CHARACTERS}")
    return tuple(faults)


@dataclass(frozen=True, slots=True, kw_only=True)
class PollySettings:
    """What callers hear."""

    voices: Annotated[
        Mapping[str, Annotated[str, _VOICE]],
        "A voice for each language that is spoken.",
    ] = field(default_factory=lambda: {"en-US": "Joanna"})
    language: Annotated[str, "Language of whoever names none; it has a voice."] = "en-US"
    engine: Annotated[str, "How voices are made; voices do not have all.", OneOf(tuple(TAGS))] = (
        "neural"
    )
    format: Annotated[
        str, "mulaw and alaw are for telephones, pcm for Amazon Connect.", OneOf(tuple(FORMATS))
    ] = "mp3"
    sample_rate: Annotated[int | None, "Samples a second; null: the format's own."] = None
    templates: Annotated[
        Mapping[str, Annotated[str, Length(least=1, most=3_000)]],
        "What is said, by name: text or SSML with fields, {name} or {code:characters}.",
    ] = field(default_factory=dict)
    lexicon: Annotated[
        str | None,
        "A file of pronunciations (W3C PLS), for voices of its language.",
        TextFile(lexicon_faults),
    ] = None


def faults(settings: PollySettings) -> tuple[str, ...]:
    """Voices are there, templates can be spoken, the rate is of the format."""
    found = []
    if settings.language not in settings.voices:
        known = ", ".join(sorted(settings.voices)) or "none"
        found.append(f"language is {settings.language}, must be one that has a voice: {known}")
    found += [
        f"voices.{code} is no language: {fault}"
        for code in settings.voices
        if (fault := _LANGUAGE.fault(code)) is not None
    ]
    rates = FORMATS[settings.format][2]
    if settings.sample_rate is not None and settings.sample_rate not in rates:
        listed = ", ".join(map(str, rates))
        found.append(
            f"sample_rate is {settings.sample_rate}, must be one of {listed} for {settings.format}"
        )
    for name, template in settings.templates.items():
        found += [
            f"templates.{name}: {fault}" for fault in template_faults(template, settings.engine)
        ]
    return tuple(found)
