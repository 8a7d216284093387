"""The readable file that a bot is made of: TOML, a table a locale.

    [en_US]
    fallback = "I did not understand that."

    [en_US.types.Size]
    large = ["big", "XL"]

    [en_US.intents.BuyShirt]
    says = ["I want a shirt", "a {Size} shirt please"]
    function = true

    [en_US.intents.BuyShirt.slots.Size]
    type = "Size"
    ask = "Which size?"

Slots are asked for in the order of the file. Limits: Lex V2 developer guide, "Guidelines and
quotas", and the models' API.
"""

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Annotated

from tidegate.ai.limits import Between, Length, Matches
from tidegate.ai.typed import read
from tidegate.errors import InvalidValueError

_PLACE = re.compile(r"\{(\w+)\}")
_NAME = re.compile(r"(?:[0-9a-zA-Z][_-]?){1,100}")
_LOCALE = re.compile(r"[a-z]{2}_[A-Z]{2}|es_419")
_BUILT_IN = "AMAZON."
Spoken = Annotated[str, Length(least=1, most=1_000)]


@dataclass(frozen=True, slots=True, kw_only=True)
class SlotFile:
    """A fact that an intent asks for."""

    type: Annotated[
        str,
        "A type of the locale, or one of Lex's own, such as AMAZON.Number.",
        Matches(pattern=r"AMAZON\.[A-Za-z]+|[0-9a-zA-Z_-]+", words="a name, or AMAZON.NAME"),
    ]
    ask: Annotated[str, "What the bot asks.", Length(least=1, most=1_000)]
    again: Annotated[int, "How often it asks again.", Between(least=0, most=5)] = 2
    optional: Annotated[bool, "Whether the bot does not ask for it."] = False


@dataclass(frozen=True, slots=True, kw_only=True)
class IntentFile:
    """Something that users want."""

    says: Annotated[
        tuple[Annotated[str, Length(least=1, most=500)], ...],
        "What users say; {Slot} stands for a slot's value.",
        Length(least=1, most=1_500),
    ]
    slots: Mapping[str, SlotFile] = field(default_factory=dict)
    confirm: Annotated[Spoken | None, "What the bot asks before it is done."] = None
    declined: Annotated[Spoken | None, "What it says when the user says no."] = None
    done: Annotated[Spoken | None, "What it says in the end; the function may say more."] = None
    function: Annotated[bool, "Whether the function fulfills it."] = False
    checked: Annotated[bool, "Whether the function sees every turn, to check values."] = False
    person: Annotated[bool, "Whether a person takes over."] = False


@dataclass(frozen=True, slots=True, kw_only=True)
class LocaleFile:
    """A language of the bot."""

    intents: Annotated[Mapping[str, IntentFile], "Intents by name.", Length(least=1, most=990)]
    types: Annotated[
        Mapping[str, Mapping[str, tuple[Annotated[str, Length(least=1, most=140)], ...]]],
        "Types of slots: each value with its synonyms.",
    ] = field(default_factory=dict)
    confidence: Annotated[
        float, "The least confidence with which an intent is taken.", Between(least=0, most=1)
    ] = 0.4
    fallback: Spoken = "Sorry, I did not understand that. Could you say it in other words?"
    handover: Spoken = "I will get a person to help you."


@dataclass(frozen=True, slots=True, kw_only=True)
class BotFile:
    """What a bot understands and says, by locale."""

    locales: Mapping[str, LocaleFile]

    def person_intents(self, locale: str) -> frozenset[str]:
        """The intents by which users ask for a person."""
        intents = self.locales[locale].intents
        return frozenset(name for name, intent in intents.items() if intent.person)

    @property
    def needs_function(self) -> bool:
        """Whether an intent is fulfilled or checked by a function."""
        return any(
            intent.function or intent.checked
            for locale in self.locales.values()
            for intent in locale.intents.values()
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Locales:
    locales: Annotated[Mapping[str, LocaleFile], Length(least=1, most=20)]


@lru_cache(maxsize=4)
def bot_of(text: str) -> BotFile:
    """The bot of a file that was checked; InvalidValueError with every fault of another."""
    bot = _read(text)
    faults = list(_faults(bot))
    if faults:
        raise InvalidValueError(faults)
    return bot


def bot_faults(text: str) -> tuple[str, ...]:
    """All that is wrong with the file, each beginning with where it is."""
    try:
        bot_of(text)
    except InvalidValueError as error:
        return tuple(error.faults)
    return ()


def _read(text: str) -> BotFile:
    try:
        tables = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise InvalidValueError([f"it is no TOML: {error}"]) from error
    try:
        locales = read(_Locales, {"locales": tables}, what="the bot").locales
    except InvalidValueError as error:
        raise InvalidValueError([f.removeprefix("locales.") for f in error.faults]) from error
    return BotFile(locales=locales)


def _faults(bot: BotFile) -> Iterator[str]:
    for locale_id, locale in bot.locales.items():
        if _LOCALE.fullmatch(locale_id) is None:
            yield f"{locale_id} is no locale of Lex, such as en_US"
        for name in (*locale.types, *locale.intents):
            if _NAME.fullmatch(name) is None:
                yield f"{locale_id}: {name!r} must be letters and digits, single - or _ between"
        said: dict[str, str] = {}
        for name, intent in locale.intents.items():
            at = f"{locale_id}.intents.{name}"
            yield from _intent_faults(at, intent, locale)
            for text in intent.says:
                other = said.setdefault(text.lower(), name)
                if other != name:
                    yield f"{at}.says has {text!r}, which {other} has as well"


def _intent_faults(at: str, intent: IntentFile, locale: LocaleFile) -> Iterator[str]:
    for text in intent.says:
        for place in _PLACE.findall(text):
            if place not in intent.slots:
                yield f"{at}.says has {{{place}}}, which is no slot of it"
    yield from _slot_faults(at, intent, locale)
    if intent.declined is not None and intent.confirm is None:
        yield f"{at}.declined says what nobody hears: confirm asks nothing"
    if intent.person and (intent.function or intent.slots):
        yield f"{at}.person takes over at once: no function and no slots go with it"


def _slot_faults(at: str, intent: IntentFile, locale: LocaleFile) -> Iterator[str]:
    for name, slot in intent.slots.items():
        if _NAME.fullmatch(name) is None:
            yield f"{at}.slots: {name!r} must be letters and digits, single - or _ between"
        if not slot.type.startswith(_BUILT_IN) and slot.type not in locale.types:
            known = ", ".join(locale.types) or "none"
            yield f"{at}.slots.{name}.type is {slot.type!r}: types of the locale are {known}"
