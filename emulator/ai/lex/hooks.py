"""The bot's function: the event that it gets, and what its answer must be.

Lex V2 developer guide, "Input event format" and "Response format" of AWS Lambda functions. The
resource policy of the function has to let `lexv2.amazonaws.com` invoke it for the bot's alias.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from emulator import apimodels
from emulator.ai.lex.dialog import HookAnswer, HookCall
from emulator.jsonapi import Json, RefusedRequestError

PRINCIPAL = "lexv2.amazonaws.com"
FAILED = "DependencyFailedException"
_ACTIONS = frozenset({"Close", "ConfirmIntent", "Delegate", "ElicitIntent", "ElicitSlot"})

Invoke = Callable[[str, Json, str], Any]
"""(function ARN, event, the alias's ARN) -> the function's answer; FunctionFailedError."""


class FunctionFailedError(Exception):
    """The function was not invoked, or failed; the sentence says which and why."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Talk:
    """Where a text was said: the bot, alias and locale, the session, the request's attributes."""

    bot: Mapping[str, str]
    """The member `bot` of events."""
    alias_arn: str
    session_id: str
    now: float
    request_attributes: Mapping[str, str]


def hook_of(function_arn: str, talk: Talk, invoke: Invoke) -> Callable[[HookCall], HookAnswer]:
    """Invokes the function for the talk; RefusedRequestError where Lex would answer with one."""

    def call(what: HookCall) -> HookAnswer:
        try:
            answer = invoke(function_arn, event_of(what, talk), talk.alias_arn)
        except FunctionFailedError as error:
            raise RefusedRequestError(FAILED, str(error)) from error
        return answer_of(answer)

    return call


def event_of(what: HookCall, talk: Talk) -> Json:
    """The event of the function."""
    state = what.session.to_json(talk.now)
    event: Json = {
        "messageVersion": "1.0",
        "invocationSource": what.source,
        "inputMode": "Text",
        "responseContentType": "text/plain; charset=utf-8",
        "sessionId": talk.session_id,
        "inputTranscript": what.text,
        "bot": dict(talk.bot),
        "interpretations": list(what.interpretations),
        "requestAttributes": dict(talk.request_attributes),
        "sessionState": {
            "sessionAttributes": state["sessionAttributes"],
            "activeContexts": state["activeContexts"],
            "intent": state["intent"],
        },
        "transcriptions": [_transcription(what)],
    }
    if what.proposed is not None:
        proposed = {"dialogAction": what.proposed, "intent": state["intent"]}
        event["proposedNextState"] = proposed
    return event


def _transcription(what: HookCall) -> Json:
    intent = what.session.intent or {"name": "", "slots": {}}
    filled = {name: slot for name, slot in intent["slots"].items() if slot is not None}
    return {
        "transcription": what.text,
        "transcriptionConfidence": 1.0,
        "resolvedContext": {"intent": intent["name"]},
        "resolvedSlots": filled,
    }


def answer_of(answer: Any) -> HookAnswer:
    """What the function answered; RefusedRequestError names all that is wrong with it."""
    wrong = _faults(answer)
    if wrong:
        raise RefusedRequestError(FAILED, f"Invalid Lambda Response: {'; '.join(wrong)}")
    return HookAnswer(state=answer["sessionState"], messages=answer.get("messages") or ())


def _faults(answer: Any) -> list[str]:
    if not isinstance(answer, dict) or not isinstance(answer.get("sessionState"), dict):
        return [f"an object with sessionState is expected, got {_shown(answer)}"]
    state = answer["sessionState"]
    action = state.get("dialogAction")
    if not isinstance(action, dict) or action.get("type") not in _ACTIONS:
        allowed = ", ".join(sorted(_ACTIONS))
        return [f"sessionState.dialogAction.type must be one of {allowed}, got {_shown(action)}"]
    shown = {"sessionState": state, "messages": answer.get("messages") or []}
    try:
        return [
            *_missing(action, answer),
            *apimodels.answer_failures("lexv2-runtime", "RecognizeText", shown),
        ]
    except apimodels.MalformedRequestError as error:
        return [str(error)]


def _missing(action: Json, answer: Json) -> list[str]:
    """What the action needs beside it."""
    kind, state = action["type"], answer["sessionState"]
    found = []
    if kind == "ElicitSlot" and not action.get("slotToElicit"):
        found.append("sessionState.dialogAction.slotToElicit is missing for ElicitSlot")
    if kind in {"ConfirmIntent", "ElicitSlot"} and not state.get("intent"):
        found.append(f"sessionState.intent is missing for {kind}")
    if kind == "ElicitIntent" and not answer.get("messages"):
        found.append("messages are missing for ElicitIntent")
    return found


def _shown(value: Any) -> str:
    return type(value).__name__ if not isinstance(value, dict) else f"members {sorted(value)}"
