"""From the parts of a draft locale to what the runtime reads, or to all that is wrong with them."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from emulator.ai.lex.definition import FALLBACK, Definition, Intent, Slot, SlotType
from emulator.ai.lex.store import Locale
from emulator.jsonapi import Json

_PLACE = re.compile(r"\{(\w+)\}")


class BuildError(Exception):
    """The locale can't be built; `reasons` are all the reasons."""

    def __init__(self, reasons: Sequence[str]) -> None:
        super().__init__("; ".join(reasons))
        self.reasons = list(reasons)


def built(locale_id: str, locale: Locale) -> Definition:
    """The locale for the runtime; BuildError with all that is wrong."""
    reasons = list(_reasons(locale))
    if reasons:
        raise BuildError(reasons)
    types = {type_id: _slot_type(record) for type_id, record in locale.slot_types.items()}
    return Definition(
        locale=locale_id,
        threshold=float(locale.record["nluIntentConfidenceThreshold"]),
        intents=tuple(
            _intent(record, locale.slots[intent_id], types)
            for intent_id, record in locale.intents.items()
        ),
    )


def _reasons(locale: Locale) -> Iterator[str]:
    if all(r.get("parentIntentSignature") == FALLBACK for r in locale.intents.values()):
        yield "The locale has no intent: add one with sample utterances"
    seen: dict[str, str] = {}
    for intent_id, record in locale.intents.items():
        slots = {slot["slotName"]: slot for slot in locale.slots[intent_id].values()}
        yield from _intent_reasons(record, slots)
        for utterance in _utterances(record):
            other = seen.setdefault(utterance.lower(), record["intentName"])
            if other != record["intentName"]:
                yield f"{other} and {record['intentName']} have the same utterance: {utterance!r}"
    for record in locale.slot_types.values():
        if not record.get("slotTypeValues") and "parentSlotTypeSignature" not in record:
            yield f"The slot type {record['slotTypeName']} has no values"


def _intent_reasons(record: Json, slots: Mapping[str, Json]) -> Iterator[str]:
    name = record["intentName"]
    if not _utterances(record) and "parentIntentSignature" not in record:
        yield f"The intent {name} has no sample utterance"
    for utterance in _utterances(record):
        for place in _PLACE.findall(utterance):
            if place not in slots:
                yield f"The intent {name} has no slot {place}, which is in {utterance!r}"
    order = {p["slotId"] for p in record.get("slotPriorities", [])}
    required = (
        slot
        for slot in slots.values()
        if slot["valueElicitationSetting"]["slotConstraint"] == "Required"
    )
    for slot in required:
        if slot["slotId"] not in order:
            yield f"The required slot {slot['slotName']} of {name} has no priority"
        if "promptSpecification" not in slot["valueElicitationSetting"]:
            yield f"The required slot {slot['slotName']} of {name} has no prompt"


def _utterances(record: Mapping[str, Any]) -> list[str]:
    return [sample["utterance"] for sample in record.get("sampleUtterances", [])]


def _slot_type(record: Json) -> SlotType:
    setting = record.get("valueSelectionSetting") or {}
    values = {
        text.lower(): value["sampleValue"]["value"]
        for value in record.get("slotTypeValues") or []
        for text in [
            value["sampleValue"]["value"],
            *(synonym["value"] for synonym in value.get("synonyms") or []),
        ]
    }
    return SlotType(
        name=record["slotTypeName"],
        values=values,
        parent=record.get("parentSlotTypeSignature"),
        pattern=(setting.get("regexFilter") or {}).get("pattern"),
        only_known=setting.get("resolutionStrategy") == "TopResolution",
    )


def _slot(record: Json, types: Mapping[str, SlotType]) -> Slot:
    setting = record["valueElicitationSetting"]
    type_id = record["slotTypeId"]
    defaults = (setting.get("defaultValueSpecification") or {}).get("defaultValueList") or []
    return Slot(
        name=record["slotName"],
        type=types.get(type_id) or SlotType(name=type_id),
        required=setting["slotConstraint"] == "Required",
        prompt=setting.get("promptSpecification"),
        utterances=[sample["utterance"] for sample in setting.get("sampleUtterances") or []],
        defaults=[default["defaultValue"] for default in defaults],
    )


def _intent(record: Json, slots: Mapping[str, Json], types: Mapping[str, SlotType]) -> Intent:
    order = {p["slotId"]: p["priority"] for p in record.get("slotPriorities", [])}
    last = max(order.values(), default=0) + 1
    ordered = sorted(slots.values(), key=lambda slot: order.get(slot["slotId"], last))
    fulfillment = _active(record.get("fulfillmentCodeHook"))
    status = fulfillment.get("postFulfillmentStatusSpecification") or {}
    return Intent(
        name=record["intentName"],
        signature=record.get("parentIntentSignature"),
        utterances=_utterances(record),
        slots=[_slot(slot, types) for slot in ordered],
        dialog_hook=bool((record.get("dialogCodeHook") or {}).get("enabled")),
        fulfillment_hook=bool(fulfillment.get("enabled")),
        initial=_speech(record.get("initialResponseSetting"), "initialResponse"),
        confirmation=_active(record.get("intentConfirmationSetting")) or None,
        closing=_speech(_active(record.get("intentClosingSetting")), "closingResponse"),
        succeeded=status.get("successResponse"),
        failed=status.get("failureResponse"),
        needs_contexts=[context["name"] for context in record.get("inputContexts") or []],
        gives_contexts=record.get("outputContexts") or [],
    )


def _active(setting: Json | None) -> Json:
    """The setting, an empty one if it is not active."""
    return {} if setting is None or setting.get("active") is False else setting


def _speech(setting: Json | None, member: str) -> Json | None:
    return None if setting is None else setting.get(member)
