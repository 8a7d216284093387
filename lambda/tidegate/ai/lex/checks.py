"""Files of texts with what they should mean: a bot's own test, said to the one deployed last.

A line is a JSON object: `text`, `intent` (null: none of the bot's), and if wanted `slots`.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any

from tidegate.ai.kind import Arrived, Done, Progress
from tidegate.ai.lex.botfile import bot_of
from tidegate.ai.lex.settings import LexSettings
from tidegate.ai.lex.talking import FALLBACK
from tidegate.ai.lex.template import ALIAS, BOT
from tidegate.ai.limits import Length
from tidegate.ai.ports import ServicePorts
from tidegate.ai.problems import unusable
from tidegate.ai.typed import read
from tidegate.errors import InvalidValueError

MOST_TEXTS = 500
"""A text takes some tenths of a second; the function has 15 minutes."""
_MOST_SHOWN = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """A text and what it should mean."""

    text: Annotated[str, "What a user would say.", Length(least=1, most=1_024)]
    intent: Annotated[str | None, "The intent that is meant."]
    slots: Mapping[str, str] = field(default_factory=dict)
    locale: Annotated[str | None, "Its locale; left out: the bot's first."] = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Misunderstood:
    """A text that was taken for something else."""

    line: int
    text: str
    expected: str | None
    understood: str | None
    slots: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """How many texts the newest version understands; at most 50 others are shown."""

    texts: int
    understood: int
    percent: float
    misunderstood: tuple[Misunderstood, ...]


def begin(arrived: Arrived, ports: ServicePorts) -> Progress:
    """Each text is said in a conversation of its own, and forgotten."""
    expected = list(_lines(ports.files.read(arrived.key), ports.newest.settings))
    wrong = [
        found
        for number, wanted in enumerate(expected, start=1)
        if (found := _misunderstood(number, wanted, arrived.work, ports)) is not None
    ]
    right = len(expected) - len(wrong)
    percent = round(100 * right / len(expected), 1)
    ports.metrics.put("UnderstoodPercent", percent, unit="Percent")
    shown = tuple(wrong[:_MOST_SHOWN])
    return Done(
        result=Checked(texts=len(expected), understood=right, percent=percent, misunderstood=shown)
    )


def _lines(content: bytes, settings: LexSettings) -> Iterator[Expected]:
    try:
        lines = [line for line in content.decode().splitlines() if line.strip()]
    except UnicodeDecodeError as error:
        raise unusable("the file is not UTF-8") from error
    if not 1 <= len(lines) <= MOST_TEXTS:
        raise unusable(f"the file has {len(lines)} lines, must have 1 to {MOST_TEXTS}")
    known = bot_of(settings.bot).locales
    for number, line in enumerate(lines, start=1):
        try:
            found = read(Expected, json.loads(line), what="the line")
        except (ValueError, InvalidValueError) as error:
            raise unusable(f"line {number}: {error}") from error
        if found.locale is not None and found.locale not in known:
            raise unusable(f"line {number}: the bot speaks {', '.join(known)}")
        yield found


def _misunderstood(
    number: int, wanted: Expected, work: str, ports: ServicePorts
) -> Misunderstood | None:
    settings: LexSettings = ports.newest.settings
    where = {
        "botId": ports.newest.resources[BOT],
        "botAliasId": ports.newest.resources[ALIAS],
        "localeId": wanted.locale or next(iter(bot_of(settings.bot).locales)),
        "sessionId": f"check-{work}-{number}",
    }
    answer = ports.calls.call("lexv2-runtime", "RecognizeText", **where, text=wanted.text)
    ports.calls.call("lexv2-runtime", "DeleteSession", **where)
    best: Mapping[str, Any] = answer["interpretations"][0]["intent"]
    name = str(best["name"])
    understood = None if name == FALLBACK else name
    slots = {
        slot: str(found["value"]["interpretedValue"])
        for slot, found in (best.get("slots") or {}).items()
        if found is not None
    }
    if understood == wanted.intent and all(slots.get(n) == v for n, v in wanted.slots.items()):
        return None
    return Misunderstood(
        line=number,
        text=wanted.text,
        expected=wanted.intent,
        understood=understood,
        slots=slots,
    )
