"""Which language somebody reads: what they prefer, else what is spoken where they are."""

from collections.abc import Mapping
from dataclasses import dataclass

from tidegate.ai.translate.settings import TranslateSettings

_COUNTRIES_BY_LANGUAGE: Mapping[str, str] = {
    "ar": "AE BH DZ EG IQ JO KW LB LY MA OM QA SA SD SY TN YE",
    "cs": "CZ",
    "da": "DK",
    "de": "AT CH DE LI LU",
    "el": "CY GR",
    "en": "AU CA GB GH IE IN JM KE MT NG NZ PH SG US ZA",
    "es": "AR BO CL CO CR CU DO EC ES GT HN MX NI PA PE PR PY SV UY VE",
    "fi": "FI",
    "fr": "BE BF BJ CD CI CM FR GA MC ML NE SN TG",
    "he": "IL",
    "hi": "",
    "hu": "HU",
    "id": "ID",
    "it": "IT SM VA",
    "ja": "JP",
    "ko": "KR",
    "nl": "NL SR",
    "no": "NO",
    "pl": "PL",
    "pt": "AO BR MZ PT",
    "ro": "MD RO",
    "ru": "BY KZ RU",
    "sk": "SK",
    "sv": "SE",
    "th": "TH",
    "tr": "TR",
    "uk": "UA",
    "vi": "VN",
    "zh": "CN",
    "zh-TW": "HK TW",
}
COUNTRIES: Mapping[str, str] = {
    country: language
    for language, countries in _COUNTRIES_BY_LANGUAGE.items()
    for country in countries.split()
}
"""The language that most people read in a country; settings know better where they differ."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """A language, and why: `asked`, `preference`, `country` or `original`."""

    language: str
    because: str


def chosen(
    settings: TranslateSettings,
    *,
    language: str | None = None,
    country: str | None = None,
    preferences: str | None = None,
) -> Choice:
    """The language to show: what is asked for, preferred or usual there, if it is offered."""
    offered = (settings.source_language, *settings.languages)
    if language is not None and language in offered:
        return Choice(language=language, because="asked")
    for wanted in preferred(preferences):
        found = _nearest(wanted, offered)
        if found is not None:
            return Choice(language=found, because="preference")
    usual = None if country is None else _usual(settings, country.upper())
    if usual is not None and _nearest(usual, offered) is not None:
        return Choice(language=str(_nearest(usual, offered)), because="country")
    return Choice(language=settings.source_language, because="original")


def _usual(settings: TranslateSettings, country: str) -> str | None:
    return settings.countries.get(country, COUNTRIES.get(country))


def _nearest(wanted: str, offered: tuple[str, ...]) -> str | None:
    """The language itself, else the one without the country, else one with another country."""
    exact = [code for code in offered if code.lower() == wanted.lower()]
    base = wanted.lower().partition("-")[0]
    same = [code for code in offered if code.lower() == base]
    near = [code for code in offered if code.lower().partition("-")[0] == base]
    return next(iter([*exact, *same, *near]), None)


def preferred(header: str | None) -> list[str]:
    """Languages of an `Accept-Language`, the dearest first (RFC 9110, 12.5.4); none if it's odd."""
    wanted: list[tuple[float, int, str]] = []
    for place, entry in enumerate((header or "").split(",")):
        code, _, rest = entry.strip().partition(";")
        weight = _weight(rest)
        if code and code != "*" and weight > 0:
            wanted.append((-weight, place, code.strip()))
    return [code for _, _, code in sorted(wanted)]


def _weight(rest: str) -> float:
    name, _, value = rest.strip().partition("=")
    if not rest.strip():
        return 1.0
    try:
        return float(value) if name.strip() == "q" else 0.0
    except ValueError:
        return 0.0
