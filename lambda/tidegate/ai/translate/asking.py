"""The routes: a text or a page in the reader's language, and which language that is."""

from dataclasses import dataclass
from typing import Annotated

from tidegate.ai.limits import Bytes, Length, Matches
from tidegate.ai.ports import ServicePorts
from tidegate.ai.translate.localising import Localised, Localiser
from tidegate.ai.translate.settings import ROUTE_BYTES, TranslateSettings
from tidegate.ai.translate.viewers import Choice, chosen

_CODE = Matches(pattern=r"[A-Za-z]{2}", words="a country code of two letters, such as CH")
_WANTED = Annotated[
    str | None, "The language, if it is known; left out: it is found.", Length(most=12)
]
COUNTRY = Annotated[str | None, "Where the reader is (CloudFront-Viewer-Country, for one).", _CODE]
PREFERENCES = Annotated[str | None, "The reader's Accept-Language.", Length(most=500)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reader:
    """Somebody who reads."""

    country: COUNTRY = None
    preferences: PREFERENCES = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """A text for somebody."""

    text: Annotated[str, "The original.", Length(least=1), Bytes(most=ROUTE_BYTES)]
    language: _WANTED = None
    country: COUNTRY = None
    preferences: PREFERENCES = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """A page for somebody."""

    html: Annotated[str, "The original, in HTML.", Length(least=1), Bytes(most=ROUTE_BYTES)]
    language: _WANTED = None
    country: COUNTRY = None
    preferences: PREFERENCES = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Language:
    """A language, and why: asked, preference, country or original."""

    language: str
    because: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LocalisedText:
    """The text; of its `parts`, so many had been translated before and cost nothing."""

    language: str
    because: str
    text: str
    parts: int
    cached: int


@dataclass(frozen=True, slots=True, kw_only=True)
class LocalisedPage:
    """The page; of its `parts`, so many had been translated before and cost nothing."""

    language: str
    because: str
    html: str
    parts: int
    cached: int


def language_of(reader: Reader, ports: ServicePorts) -> Language:
    """The language in which the reader gets texts."""
    found = chosen(_settings(ports), country=reader.country, preferences=reader.preferences)
    return Language(language=found.language, because=found.because)


def localise_text(asked: Text, ports: ServicePorts) -> LocalisedText:
    """The text in the reader's language."""
    choice = _choice(asked, ports)
    made = _localised(asked.text, choice, ports, is_page=False)
    return LocalisedText(
        language=choice.language,
        because=choice.because,
        text=made.text,
        parts=made.parts,
        cached=made.cached,
    )


def localise_page(asked: Page, ports: ServicePorts) -> LocalisedPage:
    """The page in the reader's language, its tree of tags as it was."""
    choice = _choice(asked, ports)
    made = _localised(asked.html, choice, ports, is_page=True)
    return LocalisedPage(
        language=choice.language,
        because=choice.because,
        html=made.text,
        parts=made.parts,
        cached=made.cached,
    )


def _settings(ports: ServicePorts) -> TranslateSettings:
    settings: TranslateSettings = ports.settings
    return settings


def _choice(asked: Text | Page, ports: ServicePorts) -> Choice:
    return chosen(
        _settings(ports),
        language=asked.language,
        country=asked.country,
        preferences=asked.preferences,
    )


def _localised(text: str, choice: Choice, ports: ServicePorts, *, is_page: bool) -> Localised:
    if choice.language == _settings(ports).source_language:
        return Localised(text=text, parts=0, cached=0)
    localiser = Localiser(ports=ports, language=choice.language)
    made = localiser.page(text) if is_page else localiser.text(text)
    ports.metrics.put("Parts", made.parts)
    ports.metrics.put("CachedParts", made.cached)
    return made
