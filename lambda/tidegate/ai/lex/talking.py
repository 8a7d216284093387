"""Conversations: a user's text in, the bot's answer out; a person takes over where it fails."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Annotated, Any

from tidegate.ai.lex.botfile import bot_of
from tidegate.ai.lex.people import Waiting, ask_for_person
from tidegate.ai.lex.settings import LexSettings
from tidegate.ai.lex.template import ALIAS, BOT
from tidegate.ai.limits import Length, Matches
from tidegate.ai.ports import ServicePorts
from tidegate.ai.problems import CallRefusedError, ProblemError, unusable

FALLBACK = "FallbackIntent"
MISSED = "tidegate-missed"
"""The session attribute of how many texts in a row were not understood."""
_SESSION = Matches(pattern=r"[0-9a-zA-Z._:-]{2,100}", words="2 to 100 letters, digits, . _ : -")
_BUSY = frozenset({"ConflictException"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What a user says."""

    session: Annotated[str, "The conversation; a new one begins with a new name.", _SESSION]
    text: Annotated[str, "What the user says.", Length(least=1, most=1_024)]
    locale: Annotated[str | None, "Its locale, such as en_US; left out: the bot's first."] = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What the bot says. `state` is open, done, failed, or person, who takes over as `handover`.

    `asks` is the slot that it asks for; `slots` are the values that it knows.
    """

    session: str
    messages: tuple[str, ...]
    state: str
    intent: str | None = None
    asks: str | None = None
    slots: Mapping[str, str] = field(default_factory=dict)
    handover: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """A conversation to forget."""

    session: Annotated[str, "The conversation.", _SESSION]
    locale: Annotated[str | None, "Its locale."] = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Forgotten:
    """Nothing is known of the conversation any more."""

    session: str


def say(request: Said, ports: ServicePorts) -> Reply:
    """The bot's answer; the conversation is counted when it ends."""
    settings: LexSettings = ports.settings
    locale = _locale(request.locale, settings)
    where = _where(request.session, locale, ports)
    state, messages = _recognized(request.text, where, ports)
    reply = _reply(request.session, state, messages)
    missed = _missed(state)
    now_missed = missed + 1 if reply.intent is None else 0
    wants = reply.intent in bot_of(settings.bot).person_intents(locale)
    if wants or now_missed >= settings.misunderstandings:
        reply = _given_over(reply, request.text, locale, ports)
        now_missed = 0
    if now_missed != missed:
        _remember(where, state, now_missed, ports)
    _count(reply, ports)
    return reply


def _recognized(
    text: str, where: Mapping[str, str], ports: ServicePorts
) -> tuple[Mapping[str, Any], tuple[str, ...]]:
    """Where the conversation stands, and what is said."""
    try:
        answer = ports.calls.call("lexv2-runtime", "RecognizeText", **where, text=text)
    except CallRefusedError as error:
        if error.code in _BUSY:
            message = "another text of this conversation is being answered: send one at a time"
            raise ProblemError("under-way", message, status=409, retry_after=1) from error
        raise
    said = tuple(str(m["content"]) for m in answer.get("messages", ()) if "content" in m)
    state: Mapping[str, Any] = answer["sessionState"]
    return state, said


def _reply(session: str, state: Mapping[str, Any], messages: tuple[str, ...]) -> Reply:
    intent = state.get("intent") or {}
    name = str(intent.get("name", FALLBACK))
    action = state.get("dialogAction") or {}
    slots = {
        slot: str(found["value"]["interpretedValue"])
        for slot, found in (intent.get("slots") or {}).items()
        if found is not None and found.get("value") is not None
    }
    return Reply(
        session=session,
        messages=messages,
        state=_state(str(action.get("type", "Close")), str(intent.get("state", "")), name),
        intent=None if name == FALLBACK else name,
        asks=action.get("slotToElicit"),
        slots=slots,
    )


def _state(action: str, state: str, intent: str) -> str:
    if action != "Close" or intent == FALLBACK:
        return "open"
    return "failed" if state == "Failed" else "done"


def _missed(state: Mapping[str, Any]) -> int:
    text = (state.get("sessionAttributes") or {}).get(MISSED, "0")
    return int(text) if text.isdecimal() else 0


def _remember(
    where: Mapping[str, str], state: Mapping[str, Any], missed: int, ports: ServicePorts
) -> None:
    """The conversation stands where it stands, and knows how often it was not understood."""
    attributes = {**(state.get("sessionAttributes") or {}), MISSED: str(missed)}
    kept: dict[str, Any] = {"sessionAttributes": attributes}
    if state.get("dialogAction"):
        kept["dialogAction"] = state["dialogAction"]
    if state.get("intent"):
        intent = state["intent"]
        known = {n: slot for n, slot in (intent.get("slots") or {}).items() if slot is not None}
        kept["intent"] = {**intent, "slots": known}
    ports.calls.call("lexv2-runtime", "PutSession", **where, sessionState=kept)


def _given_over(reply: Reply, text: str, locale: str, ports: ServicePorts) -> Reply:
    """A person takes over; the bot says so if it has not."""
    settings: LexSettings = ports.settings
    handover = ask_for_person(
        Waiting(
            session=reply.session,
            locale=locale,
            intent=reply.intent,
            slots=reply.slots,
            said=text,
        ),
        ports,
    )
    told = bot_of(settings.bot).locales[locale].handover
    messages = reply.messages if told in reply.messages else (told,)
    return replace(reply, state="person", handover=handover, messages=messages)


def _count(reply: Reply, ports: ServicePorts) -> None:
    """Conversations that ended, and those of them in which the bot did not help."""
    if reply.state == "open":
        return
    ports.metrics.put("Ended", 1)
    if reply.state != "done":
        ports.metrics.put("Unhelped", 1)


def helped(answer: Mapping[str, Any]) -> bool | None:
    """Whether a conversation ended well: not if it failed, or a person takes over; None: open."""
    return None if answer["state"] == "open" else answer["state"] == "done"


def end(request: Ended, ports: ServicePorts) -> Forgotten:
    """The conversation is forgotten."""
    settings: LexSettings = ports.settings
    where = _where(request.session, _locale(request.locale, settings), ports)
    ports.calls.call("lexv2-runtime", "DeleteSession", **where)
    return Forgotten(session=request.session)


def _where(session: str, locale: str, ports: ServicePorts) -> dict[str, str]:
    return {
        "botId": ports.resources[BOT],
        "botAliasId": ports.resources[ALIAS],
        "localeId": locale,
        "sessionId": session,
    }


def _locale(given: str | None, settings: LexSettings) -> str:
    known = list(bot_of(settings.bot).locales)
    if given is None:
        return known[0]
    if given not in known:
        raise unusable(f"the bot speaks {', '.join(known)}, got {given!r}")
    return given
