"""Texts as Comprehend can judge them: in a language that it knows, translated where it does not."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tidegate.ai.comprehend.batches import batched
from tidegate.ai.comprehend.settings import ENGLISH, ComprehendSettings
from tidegate.ai.ports import ServicePorts
from tidegate.ai.problems import CallRefusedError, ProblemError, unusable

SURE = 0.5
"""How sure Comprehend must be of a language that nobody named; it is not of very short texts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Readable:
    """A text and its language, and the original's if it was translated."""

    text: str
    language: str
    original: str

    @property
    def translated(self) -> bool:
        """Whether this is a translation."""
        return self.original != self.language


def readable(
    texts: Sequence[tuple[str, str | None]], ports: ServicePorts, *, languages: Collection[str]
) -> tuple[Readable, ...]:
    """Each text, in one of these languages; those without a language have theirs detected."""
    unnamed = [text for text, language in texts if language is None]
    known = iter(detected(unnamed, ports))
    return tuple(
        _of_detected(text, next(known), ports, languages)
        if language is None
        else _of_named(text, language, ports, languages)
        for text, language in texts
    )


def detected(texts: Sequence[str], ports: ServicePorts) -> tuple[str, ...]:
    """The language of each text; the service's default where Comprehend is not sure."""
    settings: ComprehendSettings = ports.settings
    answers = batched("BatchDetectDominantLanguage", texts, ports)
    return tuple(
        _dominant(answer["Languages"], otherwise=settings.default_language) for answer in answers
    )


def _dominant(found: Sequence[Mapping[str, Any]], *, otherwise: str) -> str:
    best = max(found, key=lambda language: float(language["Score"]), default=None)
    if best is None or float(best["Score"]) < SURE:
        return otherwise
    return str(best["LanguageCode"])


def _of_detected(
    text: str, language: str, ports: ServicePorts, languages: Collection[str]
) -> Readable:
    """A language that cannot even be translated was hardly the text's: the default is taken."""
    try:
        return _of_named(text, language, ports, languages)
    except ProblemError:
        settings: ComprehendSettings = ports.settings
        return _of_named(text, settings.default_language, ports, languages)


def _of_named(
    text: str, language: str, ports: ServicePorts, languages: Collection[str]
) -> Readable:
    if language in languages:
        return Readable(text=text, language=language, original=language)
    return Readable(text=_in_english(text, language, ports), language=ENGLISH, original=language)


def _in_english(text: str, language: str, ports: ServicePorts) -> str:
    """The translation, cut where it has grown beyond what is judged."""
    try:
        answer = ports.calls.call(
            "translate",
            "TranslateText",
            Text=text,
            SourceLanguageCode=language,
            TargetLanguageCode=ENGLISH,
        )
    except CallRefusedError as error:
        if error.code == "UnsupportedLanguagePairException":
            raise unusable(f"language {language} can be neither judged nor translated") from error
        raise
    return cut(str(answer["TranslatedText"]))


def cut(text: str, most_bytes: int = 5_000) -> str:
    """The text's beginning of at most so many bytes, no character in halves."""
    return text.encode()[:most_bytes].decode(errors="ignore")
