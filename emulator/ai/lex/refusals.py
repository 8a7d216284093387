"""What of a bot's parts the engine cannot do, though AWS may: refused by name, never dropped."""

from collections.abc import Iterator, Mapping
from typing import Any

from emulator.ai.lex.catalogue import INTENTS, LANGUAGES, LOCALES, SLOT_TYPES
from emulator.ai.lex.shapes import WRONG
from emulator.jsonapi import NOT_EMULATED, RefusedRequestError, not_emulated

_UNKNOWN = {
    "qnAIntentConfiguration": "intents that answer questions by a model",
    "qInConnectIntentConfiguration": "intents of Amazon Q in Connect",
    "kendraConfiguration": "intents that search Amazon Kendra",
    "generativeAISettings": "generative settings of a locale",
    "compositeSlotTypeSetting": "composite slot types",
    "externalSourceSetting": "slot types by grammar",
    "subSlotSetting": "slots of composite types",
    "codeHook": "code hooks of single steps",
    "elicitationCodeHook": "code hooks of single steps",
    "slotCaptureSetting": "paths of a conversation after a slot",
    "waitAndContinueSpecification": "prompts that wait",
    "botMembers": "networks of bots",
}

_OF_CONFIRMATION = frozenset({"confirmationResponse", "failureResponse"})


def refuse(request: Mapping[str, Any]) -> None:
    """RefusedRequestError if the request has a part that is legal on AWS and unknown here."""
    found = sorted(set(_unknown(request)))
    if found:
        raise RefusedRequestError(NOT_EMULATED, not_emulated(", ".join(found)))


def _unknown(part: Any) -> Iterator[str]:
    if isinstance(part, list):
        for member in part:
            yield from _unknown(member)
    if isinstance(part, Mapping):
        for name, value in part.items():
            found = _refused(name, value)
            if found is None:
                yield from _unknown(value)
            else:
                yield found


def _refused(name: str, value: Any) -> str | None:
    """What the engine lacks for this member, None if nothing."""
    lower = name.lower()
    branches = lower.endswith("conditional") and bool(value) and value.get("active", True)
    responds = name == "intentConfirmationSetting" and bool(_OF_CONFIRMATION & value.keys())
    network = name == "botType" and value == "BotNetwork"
    found = {
        "conditional branches": branches,
        "next steps of a conversation": lower.endswith("nextstep") and bool(value),
        "responses to a confirmation": responds,
        "slots of several values": name == "allowMultipleValues" and bool(value),
        _UNKNOWN["botMembers"]: network,
    }
    if name in _UNKNOWN and value:
        return _UNKNOWN[name]
    return next((what for what, lacks in found.items() if lacks), None)


def check_locale(locale_id: str) -> None:
    """RefusedRequestError for what is no locale of Lex's, or one whose language is not spoken."""
    if locale_id not in LOCALES:
        known = ", ".join(sorted(LOCALES))
        raise RefusedRequestError(WRONG, f"localeId must be one of {known}, got {locale_id!r}")
    if locale_id.partition("_")[0] not in LANGUAGES:
        raise RefusedRequestError(NOT_EMULATED, not_emulated(f"Lex's language {locale_id}"))


def check_signature(signature: str | None) -> None:
    """RefusedRequestError for a built-in intent that is not known here."""
    if signature is not None and signature not in INTENTS:
        raise RefusedRequestError(NOT_EMULATED, not_emulated(f"the built-in intent {signature}"))


def check_slot_type(name: str | None) -> None:
    """RefusedRequestError for a built-in type of slots that is not known here."""
    if name is not None and name not in SLOT_TYPES:
        raise RefusedRequestError(NOT_EMULATED, not_emulated(f"the built-in slot type {name}"))
