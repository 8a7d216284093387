"""What a user's text does to a conversation: it fills a slot, says yes or no, or wants something.

Pure: it decides by the definition, the session and the moment.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from emulator.ai.lex.definition import Intent, Slot
from emulator.ai.lex.matching import Match, Matcher, captured
from emulator.ai.lex.session import Json, Session
from emulator.ai.lex.values import Setting, Value, agreement, resolve, spots

SURE = 0.8
"""From this confidence on a text changes the subject, where a slot would take any words."""
_CLOSED = "Close"


@dataclass(frozen=True, kw_only=True, slots=True)
class Heard:
    """The session after the text; `missed` says that the last question was not answered."""

    session: Session
    matches: Sequence[Match] = field(default_factory=tuple)
    missed: bool = False
    begins: bool = False
    """Whether the text began the session's intent."""


def heard(matcher: Matcher, session: Session, text: str, setting: Setting) -> Heard:
    """What the text means where the conversation stands."""
    matches = matcher.matches(text, setting, [context.name for context in session.contexts])
    sure = [match for match in matches if match.score >= matcher.definition.threshold]
    answered = _answer(matcher, session, text, setting, sure)
    if answered is not None:
        return replace(answered, matches=sure)
    if sure:
        return Heard(session=_begun(session, sure[0]), matches=sure, begins=True)
    if _asked(matcher, session) is not None:
        return Heard(session=session, missed=True)
    fallback = matcher.definition.fallback
    if fallback is None:
        return Heard(session=replace(session, intent=None, action=None, attempts=0))
    return Heard(session=_begun(session, Match(intent=fallback, score=0.0)), begins=True)


def _asked(matcher: Matcher, session: Session) -> Intent | None:
    """The intent about which the last question was."""
    if session.intent is None or not (session.asks_to_confirm or session.asks_for):
        return None
    return matcher.definition.intent(session.intent["name"])


def _answer(  # noqa: PLR0917 - one decision over all that is known
    matcher: Matcher, session: Session, text: str, setting: Setting, sure: Sequence[Match]
) -> Heard | None:
    """The session with the answer to its last question; None if the text is none."""
    intent = _asked(matcher, session)
    if intent is None:
        return None
    if session.asks_to_confirm:
        agreed = agreement(text, setting.language)
        if agreed is None:
            return None
        state = "Confirmed" if agreed else "Denied"
        return Heard(session=_with_intent(session, confirmationState=state))
    slot = intent.slot(session.asks_for or "")
    if slot is None:
        return None
    value = _slot_value(intent, slot, text, setting)
    if value is None or _changes_subject(slot, value, intent, sure):
        return _restated(session, intent, sure)
    return Heard(session=_with_values(session, {slot.name: value}))


def _slot_value(intent: Intent, slot: Slot, text: str, setting: Setting) -> Value | None:
    for utterance in slot.utterances:
        values = captured(intent, utterance, text, setting)
        if values is not None and slot.name in values:
            return values[slot.name]
    return resolve(slot.type, text, setting)


def _changes_subject(slot: Slot, value: Value, intent: Intent, sure: Sequence[Match]) -> bool:
    """Whether the text is rather for another intent, of a slot that would take any words."""
    takes_anything = not spots(slot.type) or (
        slot.type.built_in is None and value.original.lower() not in slot.type.values
    )
    other = next((match for match in sure if match.intent.name != intent.name), None)
    return takes_anything and other is not None and other.score >= SURE


def _restated(session: Session, intent: Intent, sure: Sequence[Match]) -> Heard | None:
    """The same intent said again fills what it says; None if the text is for another, or none."""
    if not sure or sure[0].intent.name != intent.name:
        return None
    if not sure[0].values:
        return Heard(session=session, missed=True)
    return Heard(session=_with_values(session, sure[0].values))


def _begun(session: Session, match: Match) -> Session:
    slots: Json = {slot.name: None for slot in match.intent.slots}
    slots |= {name: value.to_json() for name, value in match.values.items()}
    intent = {
        "name": match.intent.name,
        "slots": slots,
        "state": "InProgress",
        "confirmationState": "None",
    }
    return replace(session, intent=intent, action=None, attempts=0)


def _with_intent(session: Session, **changes: object) -> Session:
    intent = {**(session.intent or {}), **changes}
    return replace(session, intent=intent, attempts=0)


def _with_values(session: Session, values: Mapping[str, Value]) -> Session:
    slots = {} if session.intent is None else session.intent["slots"]
    filled = {**slots, **{name: value.to_json() for name, value in values.items()}}
    return _with_intent(session, slots=filled)
