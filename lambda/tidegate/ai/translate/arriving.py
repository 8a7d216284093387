"""Files of texts and pages: put in every language that is offered, language after language."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any

from tidegate.ai.files import Wanted, outcome_of
from tidegate.ai.kind import Arrived, Done, Progress, Waiting
from tidegate.ai.limits import Length
from tidegate.ai.ports import ServicePorts
from tidegate.ai.problems import not_found
from tidegate.ai.texts import text_of
from tidegate.ai.translate.asking import COUNTRY, PREFERENCES, Reader, language_of
from tidegate.ai.translate.localising import Localiser, PausedError
from tidegate.ai.translate.settings import MOST_BYTES, TranslateSettings

LOCALISED = "localised/"
"""What keys of translated files begin with."""
PAGES = (".html", ".htm")
SUFFIXES = (*PAGES, ".txt", ".md")
PORTION = 40
"""Parts that one step translates: some forty seconds of calls, of the two minutes there are."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FileResult:
    """A file in each language, by key, and how many parts each has."""

    languages: Mapping[str, str]
    parts: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ReaderOfFile:
    """Which file, and who reads it."""

    key: Annotated[str, "Key of the file, as POST files told it.", Length(least=1, most=1024)]
    country: COUNTRY = None
    preferences: PREFERENCES = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FileLink:
    """Where the reader's version is, for 15 minutes."""

    language: str
    because: str
    link: str


def begin(arrived: Arrived, ports: ServicePorts) -> Progress:
    """The first portion is translated, if the file is text."""
    return look(arrived, {"language": 0, "parts": 0}, ports)


def look(arrived: Arrived, state: Mapping[str, Any], ports: ServicePorts) -> Progress:
    """The next portion is translated; the last one brings the result."""
    settings: TranslateSettings = ports.settings
    place = int(state["language"])
    language = settings.languages[place]
    text = text_of(arrived, ports, most_bytes=MOST_BYTES)
    localiser = Localiser(ports=ports, language=language, most_new=PORTION)
    is_page = arrived.name.lower().endswith(PAGES)
    try:
        made = localiser.page(text) if is_page else localiser.text(text)
    except PausedError:
        return Waiting(state=state, seconds=0)
    media_type = "text/html" if is_page else "text/plain"
    key = localised_key(arrived, language)
    if ports.files.write_once(key, made.text.encode(), content_type=f"{media_type}; charset=utf-8"):
        ports.metrics.put("Parts", made.parts)
    if place + 1 < len(settings.languages):
        return Waiting(state={"language": place + 1, "parts": made.parts}, seconds=0)
    keys = {code: localised_key(arrived, code) for code in settings.languages}
    keys[settings.source_language] = arrived.key
    return Done(result=FileResult(languages=keys, parts=made.parts))


def localised_key(arrived: Arrived, language: str) -> str:
    """Each upload of a file has translations of its own."""
    return f"{LOCALISED}{arrived.work}/{language}/{arrived.name}"


def link_for(asked: ReaderOfFile, ports: ServicePorts) -> FileLink:
    """A link to the version that the reader reads."""
    outcome = outcome_of(Wanted(key=asked.key), ports)
    if not isinstance(outcome.result, Mapping):
        raise not_found(f"there are no translations yet: the file's status is {outcome.status}")
    found = language_of(Reader(country=asked.country, preferences=asked.preferences), ports)
    keys: Mapping[str, str] = outcome.result["languages"]
    settings: TranslateSettings = ports.settings
    # Languages that were added later have no version of it: the original is.
    key = keys.get(found.language, keys[settings.source_language])
    return FileLink(
        language=found.language if found.language in keys else settings.source_language,
        because=found.because,
        link=ports.files.link(key, upload=False),
    )
