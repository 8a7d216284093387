"""Settings of a service that writes down what is said, and what AWS takes.

Languages: Transcribe developer guide, "Supported languages". Quotas: the same, "Quotas".
"""

from dataclasses import dataclass
from typing import Annotated

from tidegate.ai.limits import Between, Length, Matches, OneOf, TextFile

MOST_BYTES = 2_000_000_000
"""The largest file (2 GB)."""
SUFFIXES = (".mp3", ".mp4", ".wav", ".flac", ".ogg", ".amr", ".webm", ".m4a")
FORMATS = ("vtt", "srt")
_LANGUAGE = Matches(pattern=r"[a-z]{2,3}-[A-Z]{2}", words="a language code, such as en-US")
_VOCABULARY_BYTES = 50_000
_PHRASE_CHARACTERS = 256


def vocabulary_faults(text: str) -> tuple[str, ...]:
    """What is wrong with a file of a phrase a line, beginning with the line's number."""
    faults = [
        f"line {number}: a phrase has at most {_PHRASE_CHARACTERS} characters, got {len(line)}"
        for number, line in enumerate(text.splitlines(), start=1)
        if len(line.strip()) > _PHRASE_CHARACTERS
    ]
    if not phrases(text):
        faults.append("no phrase is in it")
    if len(text.encode()) > _VOCABULARY_BYTES:
        faults.append(f"a vocabulary has at most {_VOCABULARY_BYTES} bytes")
    return tuple(faults)


def phrases(text: str) -> tuple[str, ...]:
    """The phrases of a file, one a line; parts of a phrase are joined by hyphens, as AWS has it."""
    lines = (line.strip() for line in text.splitlines())
    return tuple(dict.fromkeys("-".join(line.split()) for line in lines if line))


@dataclass(frozen=True, slots=True, kw_only=True)
class TranscribeSettings:
    """Transcripts and subtitles of recordings."""

    languages: Annotated[
        tuple[Annotated[str, _LANGUAGE], ...],
        "What is spoken; of several, the one of a recording is found.",
        Length(least=1, most=30),
    ] = ("en-US",)
    most_speakers: Annotated[
        int | None,
        "Speakers that are told apart; null tells none apart.",
        Between(least=2, most=30),
    ] = 5
    subtitles: Annotated[
        tuple[Annotated[str, OneOf(FORMATS)], ...],
        "Formats of subtitles.",
        Length(most=len(FORMATS)),
    ] = FORMATS
    vocabulary: Annotated[
        str | None,
        "A file of words and names that Transcribe would not know, one a line.",
        TextFile(vocabulary_faults),
    ] = None
    hidden_words: Annotated[
        tuple[Annotated[str, Length(least=1, most=_PHRASE_CHARACTERS)], ...],
        "Words that are shown as ***.",
        Length(most=1_000),
    ] = ()


def faults(settings: TranscribeSettings) -> tuple[str, ...]:
    """Vocabularies and filters are of one language."""
    if len(settings.languages) == 1:
        return ()
    told = (("vocabulary", settings.vocabulary), ("hidden_words", settings.hidden_words))
    return tuple(
        f"{name} is for one language, languages has {len(settings.languages)}"
        for name, value in told
        if value
    )
