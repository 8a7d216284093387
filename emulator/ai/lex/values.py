"""Values of slots: what in a text is a number, a date, or one of a bot's own values.

Numbers in words are read by text2num, dates by dateparser, telephone numbers by phonenumbers.
Forms of the interpreted values: Lex V2 developer guide, "Built-in slot types".
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from emulator.ai.lex.definition import SlotType

_SIMILAR = 85
"""Per cent of letters by which a word of five letters or more is taken for a value."""
_LEAST_LETTERS = 5


@dataclass(frozen=True, kw_only=True, slots=True)
class Value:
    """A value found in a text: as it was said, and what it means."""

    original: str
    interpreted: str
    resolved: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """A slot of the runtime API."""
        value = {
            "originalValue": self.original,
            "interpretedValue": self.interpreted,
            "resolvedValues": list(self.resolved or (self.interpreted,)),
        }
        return {"shape": "Scalar", "value": value}


@dataclass(frozen=True, kw_only=True, slots=True)
class Setting:
    """Where a text is said: its language (two letters), and when (Unix seconds).

    A lone word for a number up to `words_from` ("one", which is a pronoun too) is no number.
    """

    language: str
    now: float
    words_from: float = 0.0


Find = Callable[[str, Setting], Value | None]
"""The first value in a text."""


def find(kind: SlotType, text: str, setting: Setting) -> Value | None:
    """The value of that type that the text has somewhere in it."""
    if kind.built_in is None:
        return _own_value(kind, text)
    found = BUILT_IN[kind.built_in](text, setting)
    if found is None or (kind.pattern and not re.fullmatch(kind.pattern, found.original)):
        return None
    return found


def resolve(kind: SlotType, text: str, setting: Setting) -> Value | None:
    """The value that the text is, said in answer to a question for it."""
    said = text.strip().strip(".!?").strip()
    if not said:
        return None
    found = find(kind, said, setting)
    if found is None and kind.built_in is None and not kind.only_known:
        return Value(original=said, interpreted=said)
    return found


def spots(kind: SlotType) -> bool:
    """Whether values of the type give themselves away inside a text."""
    return kind.built_in not in _FREE


def _own_value(kind: SlotType, text: str) -> Value | None:
    """The longest value or synonym in the text; a word that is written almost like one counts."""
    from rapidfuzz import fuzz, process  # noqa: PLC0415 - loaded when a bot first listens

    lowered = text.lower()
    for known in sorted(kind.values, key=len, reverse=True):
        match = re.search(rf"(?<!\w){re.escape(known)}(?!\w)", lowered)
        if match is not None:
            return _known(kind, text[match.start() : match.end()], known)
    for said in re.findall(r"\w+", text):
        if len(said) >= _LEAST_LETTERS and kind.values:
            best = process.extractOne(said.lower(), list(kind.values), scorer=fuzz.ratio)
            if best is not None and best[1] >= _SIMILAR:
                return _known(kind, said, best[0])
    return None


def _known(kind: SlotType, said: str, known: str) -> Value:
    meant = kind.values[known]
    return Value(original=said, interpreted=meant if kind.only_known else said, resolved=(meant,))


def _number(text: str, setting: Setting) -> Value | None:
    match = re.search(r"(?<![\w-])[-+]?\d[\d,]*(?:\.\d+)?", _in_digits(text, setting))
    if match is None:
        return None
    plain = match[0].replace(",", "").removeprefix("+")
    return Value(original=_said(text, match[0], setting), interpreted=plain)


def _in_digits(text: str, setting: Setting) -> str:
    """Numbers in words as digits, in the languages that the library speaks."""
    from text_to_num import alpha2digit  # noqa: PLC0415 - loaded when a bot first listens

    try:
        return str(alpha2digit(text, setting.language, setting.words_from))
    except (KeyError, ValueError):
        return text


def _said(text: str, found: str, setting: Setting) -> str:
    """The words of the text that are `found` in digits: as few as they can be."""
    if found in text:
        return found
    words = list(re.finditer(r"\S+", text))
    spans = [
        text[words[first].start() : words[last].end()]
        for length in range(len(words))
        for first in range(len(words) - length)
        for last in [first + length]
    ]
    return next((span for span in spans if found in _in_digits(span, setting)), text)


def _percentage(text: str, setting: Setting) -> Value | None:
    said = _in_digits(text, setting)
    match = re.search(
        r"(\d+(?:\.\d+)?)\s*(?:%|per\s?cent|prozent|pour\s?cent|por\s?ciento)", said, re.IGNORECASE
    )
    return (
        None
        if match is None
        else Value(original=_said(text, match[0], setting), interpreted=f"{match[1]}%")
    )


def _date(text: str, setting: Setting) -> Value | None:
    from dateparser.search import search_dates  # noqa: PLC0415 - a quarter of a second

    settings: dict[str, Any] = {
        "RELATIVE_BASE": datetime.fromtimestamp(setting.now, UTC).replace(tzinfo=None),
        "PREFER_DATES_FROM": "future",
        "PARSERS": ["relative-time", "absolute-time"],
    }
    found = search_dates(text, languages=[setting.language], settings=settings) or []
    dated = [(said, moment) for said, moment in found if not _CLOCK.fullmatch(said.strip())]
    if not dated:
        return None
    said, moment = max(dated, key=lambda pair: len(pair[0]))
    return Value(original=said, interpreted=f"{moment:%Y-%m-%d}")


_CLOCK = re.compile(
    r"(?:at\s+)?(?P<hour>\d{1,2})(?::(?P<minute>\d{2}))?\s*(?P<half>[ap]\.?m\.?)?(?:\s*o'?clock|\s*uhr|\s*h)?",
    re.IGNORECASE,
)
_NAMED_TIMES = {"noon": "12:00", "midday": "12:00", "midnight": "00:00"}


def _time(text: str, _setting: Setting) -> Value | None:
    for name, meant in _NAMED_TIMES.items():
        if re.search(rf"\b{name}\b", text, re.IGNORECASE):
            return Value(original=name, interpreted=meant)
    for match in _CLOCK.finditer(text):
        hour, minute = int(match["hour"]), int(match["minute"] or 0)
        if hour > 23 or minute > 59:
            continue
        half = (match["half"] or "").lower()[:1]
        if half and hour <= 12:
            hour = hour % 12 + (12 if half == "p" else 0)
        certain = bool(half) or hour > 12 or hour == 0
        hours = (hour,) if certain else (hour, hour % 12 + 12 if hour < 12 else 0)
        meant_hours = tuple(f"{h:02d}:{minute:02d}" for h in hours)
        return Value(original=match[0].strip(), interpreted=meant_hours[0], resolved=meant_hours)
    return None


_UNITS = {
    "second": "T{}S", "minute": "T{}M", "hour": "T{}H",
    "day": "{}D", "night": "{}D", "week": "{}W", "month": "{}M", "year": "{}Y",
}  # fmt: skip


def _duration(text: str, setting: Setting) -> Value | None:
    said = _in_digits(text, setting)
    match = re.search(rf"(\d+)\s*({'|'.join(_UNITS)})s?\b", said, re.IGNORECASE)
    if match is None:
        return None
    form = _UNITS[match[2].lower()].format(match[1])
    return Value(original=_said(text, match[0], setting), interpreted=f"P{form}")


def _of_pattern(pattern: str, form: Callable[[str], str] = str) -> Find:
    compiled = re.compile(pattern, re.IGNORECASE)

    def found(text: str, _setting: Setting) -> Value | None:
        match = compiled.search(text)
        return None if match is None else Value(original=match[0], interpreted=form(match[0]))

    return found


def _phone(text: str, _setting: Setting) -> Value | None:
    import phonenumbers  # noqa: PLC0415 - loaded when a bot first listens for one

    for match in phonenumbers.PhoneNumberMatcher(text, "US"):
        digits = re.sub(r"[^\d+]", "", match.raw_string)
        return Value(original=match.raw_string, interpreted=digits)
    return None


YES = {
    "en": ("yes", "yep", "yeah", "sure", "ok", "okay", "correct", "right", "of course"),
    "de": ("ja", "gerne", "stimmt", "richtig", "klar"),
    "fr": ("oui", "d'accord", "exact"),
    "es": ("sí", "si", "claro", "correcto"),
    "it": ("sì", "si", "certo", "esatto"),
    "pt": ("sim", "claro", "certo"),
}  # fmt: skip
NO = {
    "en": ("no", "nope", "nah", "wrong", "incorrect", "no thanks", "no thank you", "don't"),
    "de": ("nein", "falsch", "nein danke"),
    "fr": ("non", "non merci"),
    "es": ("no", "no gracias"),
    "it": ("no", "no grazie"),
    "pt": ("não", "nao"),
}


def agreement(text: str, language: str) -> bool | None:
    """Whether the text says yes or no; None if neither, or both."""
    said = text.lower().strip(" .!?,")

    def has(words: Mapping[str, tuple[str, ...]]) -> bool:
        known = words.get(language, ()) or words["en"]
        return any(re.search(rf"(?<![\w']){re.escape(word)}(?![\w'])", said) for word in known)

    yes, no = has(YES), has(NO)
    return None if yes == no else yes


def _confirmation(text: str, setting: Setting) -> Value | None:
    agreed = agreement(text, setting.language)
    return None if agreed is None else Value(original=text, interpreted="Yes" if agreed else "No")


def _code(text: str, _setting: Setting) -> Value | None:
    """Letters and digits: the first word with a digit in it, or the only word that there is."""
    words = re.findall(r"[A-Z0-9][A-Z0-9-]*", text, re.IGNORECASE)
    codes = [word for word in words if re.search(r"\d", word)]
    said = codes[0] if codes else text.strip()
    right = re.fullmatch(r"[A-Z0-9][A-Z0-9-]*", said, re.IGNORECASE)
    return Value(original=said, interpreted=said) if right else None


_MOST_WORDS = 5


def _name(text: str, _setting: Setting) -> Value | None:
    """A few words without digits, as people, cities and countries are called."""
    said = re.sub(
        r"^(?:my name is|i am|i'm|it's|it is|this is|in|to)\s+", "", text, flags=re.IGNORECASE
    )
    right = re.fullmatch(r"[^\W\d_][^\d_]*", said.strip()) and len(said.split()) <= _MOST_WORDS
    return Value(original=said.strip(), interpreted=said.strip()) if right else None


def _anything(text: str, _setting: Setting) -> Value | None:
    return Value(original=text, interpreted=text)


BUILT_IN: Mapping[str, Find] = {
    "AMAZON.AlphaNumeric": _code,
    "AMAZON.City": _name,
    "AMAZON.Confirmation": _confirmation,
    "AMAZON.Country": _name,
    "AMAZON.Date": _date,
    "AMAZON.Duration": _duration,
    "AMAZON.EmailAddress": _of_pattern(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+", str.lower),
    "AMAZON.FirstName": _name,
    "AMAZON.FreeFormInput": _anything,
    "AMAZON.LastName": _name,
    "AMAZON.Number": _number,
    "AMAZON.Percentage": _percentage,
    "AMAZON.PhoneNumber": _phone,
    "AMAZON.State": _name,
    "AMAZON.StreetName": _anything,
    "AMAZON.Time": _time,
    "AMAZON.UKPostalCode": _of_pattern(
        r"\b[A-Z]{1,2}\d[A-Z\d]?\s*\d[A-Z]{2}\b", lambda code: code.upper()
    ),
}
"""The built-in types that are recognized here, each by what finds its first value."""

_FREE = frozenset(
    {
        "AMAZON.AlphaNumeric", "AMAZON.City", "AMAZON.Confirmation", "AMAZON.Country",
        "AMAZON.FirstName", "AMAZON.FreeFormInput", "AMAZON.LastName", "AMAZON.State",
        "AMAZON.StreetName",
    }
)  # fmt: skip
"""Types whose values could be any words: looked for only where they are expected."""
