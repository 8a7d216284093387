"""The turns of a conversation: what a bot asks, says and does next, as Lex V2 manages dialogs.

Slots are asked for in the order of their priorities, then the intent is confirmed, then fulfilled
(Lex V2 developer guide, "Adding intents"; "Using a Lambda function"). A question that was not
answered is asked again as often as its prompt says; then the fallback intent takes over.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from emulator.ai.lex.definition import Definition, Intent, Slot
from emulator.ai.lex.matching import Match, Matcher
from emulator.ai.lex.messages import said
from emulator.ai.lex.session import Context, Json, Session, values_of
from emulator.ai.lex.understanding import Heard, heard
from emulator.ai.lex.values import Setting, resolve

DIALOG, FULFILLMENT = "DialogCodeHook", "FulfillmentCodeHook"
MOST_INTERPRETATIONS = 5


@dataclass(frozen=True, kw_only=True, slots=True)
class HookCall:
    """Why and with what the bot's function is invoked; `proposed` is what would happen without."""

    source: str
    text: str
    session: Session
    interpretations: Sequence[Json]
    proposed: Json | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class HookAnswer:
    """What the function wants: a SessionState of the runtime API, and messages to say."""

    state: Mapping[str, Any]
    messages: Sequence[Json] = ()


Hook = Callable[[HookCall], HookAnswer]


@dataclass(frozen=True, kw_only=True, slots=True)
class Turn:
    """What came of a text: the session after it, and what is said."""

    session: Session
    messages: Sequence[Json] = ()
    interpretations: Sequence[Json] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Dialog:
    """Talks by one definition; `hook` invokes the function of the alias, None if it has none."""

    definition: Definition
    setting: Setting
    hook: Hook | None = None

    def hear(self, session: Session, text: str, matcher: Matcher) -> Turn:
        """The user says the text."""
        understood = heard(matcher, session.another_turn(self.setting.now), text, self.setting)
        if understood.missed:
            understood = self._asked_again(understood)
        turn = self._replied(understood, text)
        shown = _interpretations(turn.session, understood.matches, self.definition)
        return replace(turn, interpretations=shown)

    def go_on(self, session: Session) -> Turn:
        """What the bot does next when nobody has said anything (`Delegate` of PutSession)."""
        intent = self._intent_of(session)
        return Turn(session=session) if intent is None else self._next(session, intent, "")

    def _asked_again(self, understood: Heard) -> Heard:
        """Once more, or the fallback intent when the prompt's retries are used up."""
        session = understood.session
        attempts = session.attempts + 1
        if attempts <= self._retries(session):
            return replace(understood, session=replace(session, attempts=attempts))
        fallback = self.definition.fallback
        if fallback is None:
            failed = {**(session.intent or {}), "state": "Failed"}
            ended = replace(session, intent=failed, action={"type": "Close"}, attempts=0)
            return replace(understood, session=ended)
        intent = {"name": fallback.name, "slots": {}, "state": "InProgress"}
        begun = replace(
            session, intent={**intent, "confirmationState": "None"}, action=None, attempts=0
        )
        return replace(understood, session=begun, missed=False, begins=True)

    def _retries(self, session: Session) -> int:
        intent = self._intent_of(session)
        if intent is None:
            return 0
        slot = intent.slot(session.asks_for or "")
        prompt = _confirming(intent) if slot is None else slot.prompt
        return 0 if prompt is None else int(prompt["maxRetries"])

    def _replied(self, understood: Heard, text: str) -> Turn:
        session = understood.session
        intent = self._intent_of(session)
        if intent is None or (session.action or {}).get("type") == "Close":
            return Turn(session=session)
        opening: list[Json] = []
        if understood.begins:
            session = self._with_defaults(session, intent)
            opening = self._said(intent.initial, session)
        if intent.dialog_hook and self.hook is not None:
            turn = self._by_hook(session, intent, text, understood.matches)
        else:
            turn = self._next(session, intent, text)
        return replace(turn, messages=[*opening, *turn.messages])

    def _by_hook(
        self, session: Session, intent: Intent, text: str, matches: Sequence[Match]
    ) -> Turn:
        proposed = self._step(session, intent)
        answer = self._called(DIALOG, text, session, matches=matches, proposed=proposed)
        changed = session.changed_by(answer.state, self.setting.now)
        if changed.action is None or answer.state["dialogAction"]["type"] == "Delegate":
            following = self._intent_of(changed) or intent
            turn = self._next(changed, following, text)
            return replace(turn, messages=[*answer.messages, *turn.messages])
        return self._as_told(changed, answer)

    def _called(
        self,
        source: str,
        text: str,
        session: Session,
        *,
        matches: Sequence[Match] = (),
        proposed: Json | None = None,
    ) -> HookAnswer:
        if self.hook is None:
            raise ValueError("a hook is called only where there is one")
        call = HookCall(
            source=source,
            text=text,
            session=session,
            interpretations=_interpretations(session, matches, self.definition),
            proposed=proposed,
        )
        return self.hook(call)

    def _step(self, session: Session, intent: Intent) -> Json:
        """The dialog action that is due: a slot, a confirmation, the fulfillment, or the end."""
        current = session.intent or {}
        if current.get("confirmationState") == "Denied":
            return {"type": "Close"}
        values = values_of(session.intent)
        missing = next((s for s in intent.slots if s.required and s.name not in values), None)
        if missing is not None:
            return {"type": "ElicitSlot", "slotToElicit": missing.name}
        if intent.confirmation is not None and current.get("confirmationState") == "None":
            return {"type": "ConfirmIntent"}
        return {"type": "FulfillIntent" if self._fulfills(intent) else "Close"}

    def _fulfills(self, intent: Intent) -> bool:
        return intent.fulfillment_hook and self.hook is not None

    def _next(self, session: Session, intent: Intent, text: str) -> Turn:
        action = self._step(session, intent)
        if action["type"] in {"ElicitSlot", "ConfirmIntent"}:
            return self._asking(session, intent, action)
        if (session.intent or {}).get("confirmationState") == "Denied":
            declined = None if intent.confirmation is None else _declining(intent)
            return self._closed(session, intent, "Failed", speech=declined)
        if action["type"] == "Close":
            return self._closed(session, intent, "ReadyForFulfillment", speech=intent.closing)
        return self._fulfilled(session, intent, text)

    def _asking(self, session: Session, intent: Intent, action: Json) -> Turn:
        slot = intent.slot(action.get("slotToElicit", ""))
        prompt = _confirming(intent) if slot is None else slot.prompt
        asked_before = session.action == action
        asked = replace(session, action=action, attempts=session.attempts if asked_before else 0)
        return Turn(session=asked, messages=self._said(prompt, asked))

    def _fulfilled(self, session: Session, intent: Intent, text: str) -> Turn:
        ready = replace(
            session, intent={**(session.intent or {}), "state": "ReadyForFulfillment"}, action=None
        )
        answer = self._called(FULFILLMENT, text, ready)
        changed = ready.changed_by(answer.state, self.setting.now)
        action = answer.state["dialogAction"]["type"]
        if action not in {"Delegate", "Close"}:
            return self._as_told(changed, answer)
        state = (changed.intent or {}).get("state")
        ended = state if action == "Close" and state in {"Failed", "Fulfilled"} else "Fulfilled"
        speech = intent.failed if ended == "Failed" else intent.succeeded or intent.closing
        turn = self._closed(changed, intent, ended, speech=None if answer.messages else speech)
        return replace(turn, messages=[*answer.messages, *turn.messages])

    def _as_told(self, session: Session, answer: HookAnswer) -> Turn:
        """What the function said and asks for, with the bot's own prompt where it said nothing."""
        action = session.action or {"type": "Close"}
        intent = self._intent_of(session)
        if action["type"] == "Close":
            state = (session.intent or {}).get("state", "Fulfilled")
            if intent is None:
                return Turn(session=session, messages=answer.messages)
            turn = self._closed(
                session, intent, state, speech=None if answer.messages else intent.closing
            )
            return replace(turn, messages=[*answer.messages, *turn.messages])
        if action["type"] == "ElicitIntent":
            return Turn(session=replace(session, attempts=0), messages=answer.messages)
        if answer.messages or intent is None:
            return Turn(session=session, messages=answer.messages)
        return self._asking(session, intent, action)

    def _closed(self, session: Session, intent: Intent, state: str, *, speech: Json | None) -> Turn:
        contexts = session.contexts
        if state in {"Fulfilled", "ReadyForFulfillment"}:
            contexts = (*contexts, *self._given(intent, session))
        ended = replace(
            session,
            intent={**(session.intent or {}), "state": state},
            action={"type": "Close"},
            contexts=contexts,
            attempts=0,
        )
        return Turn(session=ended, messages=self._said(speech, ended))

    def _given(self, intent: Intent, session: Session) -> list[Context]:
        values = values_of(session.intent)
        return [
            Context(
                name=given["name"],
                until=self.setting.now + given["timeToLiveInSeconds"],
                turns=given["turnsToLive"],
                attributes=values,
            )
            for given in intent.gives_contexts
        ]

    def _with_defaults(self, session: Session, intent: Intent) -> Session:
        slots = dict((session.intent or {})["slots"])
        for slot in intent.slots:
            if slots.get(slot.name) is None and slot.defaults:
                value = self._default(slot, session)
                slots[slot.name] = value
        return replace(session, intent={**(session.intent or {}), "slots": slots})

    def _default(self, slot: Slot, session: Session) -> Json | None:
        """The first default that has a value: `#context.attribute`, `[attribute]`, or a text."""
        known = {f"[{name}]": value for name, value in session.attributes.items()}
        for context in session.contexts:
            for name, attribute in context.attributes.items():
                known[f"#{context.name}.{name}"] = attribute
        for given in slot.defaults:
            text = known.get(given, None if given[:1] in {"#", "["} else given)
            value = None if text is None else resolve(slot.type, text, self.setting)
            if value is not None:
                return value.to_json()
        return None

    def _said(self, speech: Json | None, session: Session) -> list[Json]:
        return said(speech, slots=values_of(session.intent), attributes=session.attributes)

    def _intent_of(self, session: Session) -> Intent | None:
        return None if session.intent is None else self.definition.intent(session.intent["name"])


def _confirming(intent: Intent) -> Json | None:
    setting = intent.confirmation
    return None if setting is None else setting["promptSpecification"]


def _declining(intent: Intent) -> Json | None:
    setting = intent.confirmation
    return None if setting is None else setting.get("declinationResponse")


def _interpretations(
    session: Session, matches: Sequence[Match], definition: Definition
) -> list[Json]:
    """The session's intent first, then what else the text may be for, the fallback intent last."""
    scores = {match.intent.name: match.score for match in matches}
    shown: list[Json] = []
    if session.intent is not None:
        shown.append(_interpretation(session.intent, scores.get(session.intent["name"])))
    current = None if session.intent is None else session.intent["name"]
    shown += [
        _interpretation(_untouched(match.intent, match), match.score)
        for match in matches
        if match.intent.name != current
    ]
    fallback = definition.fallback
    if fallback is not None and fallback.name != current:
        shown = [*shown[: MOST_INTERPRETATIONS - 1], _interpretation(_untouched(fallback), None)]
    return shown[:MOST_INTERPRETATIONS]


def _untouched(intent: Intent, match: Match | None = None) -> Json:
    slots: Json = {slot.name: None for slot in intent.slots}
    if match is not None:
        slots |= {name: value.to_json() for name, value in match.values.items()}
    return {
        "name": intent.name,
        "slots": slots,
        "state": "InProgress",
        "confirmationState": "None",
    }


def _interpretation(intent: Json, score: float | None) -> Json:
    shown: Json = {"intent": intent, "interpretationSource": "Lex"}
    return shown if score is None else {"nluConfidence": {"score": score}, **shown}
