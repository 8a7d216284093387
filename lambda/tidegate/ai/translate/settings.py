"""Settings of a service that localises texts and pages, and what AWS takes.

Languages: Translate developer guide, "Supported languages and language codes".
"""

import csv
import io
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated

from tidegate.ai.limits import Length, Matches, OneOf, TextFile

MOST_BYTES = 2_000_000
"""The largest file: some 220 calls a language."""
ROUTE_BYTES = 60_000
"""The longest text or page of a request: some seven calls, of the thirty seconds there are."""
TERMINOLOGIES = ("terminology", "other_terminology")
"""Settings that have terms."""
_CODE = r"[a-z]{2,3}(-[A-Z]{2})?"
_LANGUAGE = Matches(pattern=_CODE, words="a language code of Translate, such as de or fr-CA")
_TERMS_BYTES = 100_000


def rows_of(text: str) -> list[list[str]]:
    """Rows of a terminology: a header of languages, then terms."""
    rows = csv.reader(io.StringIO(text.lstrip("\ufeff")))
    return [[cell.strip() for cell in row] for row in rows if row]


def terminology_faults(text: str) -> tuple[str, ...]:
    """What is wrong with a file of terms in CSV."""
    rows = rows_of(text)
    if len(rows) < 2 or len(rows[0]) < 2:
        return ("it needs a header of at least two languages and a row of terms",)
    faults = [
        f"row {number} has {len(row)} columns, the header has {len(rows[0])}"
        for number, row in enumerate(rows, start=1)
        if len(row) != len(rows[0])
    ]
    if len(set(rows[0])) < len(rows[0]):
        faults.append(f"the header names a language twice: {', '.join(rows[0])}")
    if len(text.encode()) > _TERMS_BYTES:
        faults.append(f"it has {len(text.encode())} bytes, must have at most {_TERMS_BYTES}")
    return tuple(faults)


@dataclass(frozen=True, slots=True, kw_only=True)
class TranslateSettings:
    """Texts and web pages in the languages of those who read them."""

    source_language: Annotated[str, "Language of the originals.", _LANGUAGE] = "en"
    languages: Annotated[
        tuple[Annotated[str, _LANGUAGE], ...],
        "Languages that are offered beside the originals'.",
        Length(least=1, most=20),
    ] = ("de", "es", "fr")
    countries: Annotated[
        Mapping[str, Annotated[str, _LANGUAGE]],
        "Languages of countries (ISO 3166, such as CH) where they are not the usual ones.",
    ] = field(default_factory=dict)
    terminology: Annotated[
        str | None,
        "A CSV file of terms that are always translated so: languages in its first line, the "
        "originals' first.",
        TextFile(terminology_faults),
    ] = None
    other_terminology: Annotated[
        str | None,
        "Another such file, to be tested against the first: arms say which one applies.",
        TextFile(terminology_faults),
    ] = None
    applies: Annotated[str, "Which of the two is applied.", OneOf(TERMINOLOGIES)] = TERMINOLOGIES[0]

    @property
    def terms(self) -> str | None:
        """The terminology that is applied."""
        return self.terminology if self.applies == TERMINOLOGIES[0] else self.other_terminology


def faults(settings: TranslateSettings) -> tuple[str, ...]:
    """The originals' language is offered anyway; countries have languages that are offered."""
    offered = {settings.source_language, *settings.languages}
    found = [
        f"countries.{country} is {language}, must be one of {', '.join(sorted(offered))}"
        for country, language in settings.countries.items()
        if language not in offered
    ]
    if settings.source_language in settings.languages:
        found.append(f"languages name {settings.source_language}, the language of the originals")
    if settings.applies != TERMINOLOGIES[0] and settings.terms is None:
        found.append(f"applies is {settings.applies}, which is not given")
    for name in TERMINOLOGIES:
        text: str | None = getattr(settings, name)
        first = settings.source_language if text is None else rows_of(text)[0][0]
        if first != settings.source_language:
            found.append(f"{name} begins with {first}, must begin with {settings.source_language}")
    return tuple(found)
