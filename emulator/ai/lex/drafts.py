"""Locales, intents, slots and types of slots of a bot's draft, and their builds."""

import secrets
import string
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from emulator.ai.faults import Fate
from emulator.ai.jobs import INJECTED_FAILURE
from emulator.ai.lex import refusals
from emulator.ai.lex.building import BuildError, built
from emulator.ai.lex.catalogue import LOCALES
from emulator.ai.lex.definition import FALLBACK
from emulator.ai.lex.shapes import WRONG, answer, given, listed
from emulator.ai.lex.store import DRAFT, Bot, Bots, Build, Locale
from emulator.ai.site import Tenant
from emulator.jsonapi import Json, RefusedRequestError

BUILD_SECONDS = 5.0
"""How long a build takes on the cloud's clock."""
MISSING = "ResourceNotFoundException"
CONFLICT = "ConflictException"
IN_USE = "PreconditionFailedException"


def new_id() -> str:
    """Ten letters and digits, as Lex's ids are."""
    return "".join(secrets.choice(string.ascii_uppercase + string.digits) for _ in range(10))


@dataclass(frozen=True, kw_only=True, slots=True)
class Drafts:
    """The operations on drafts; `now` is the cloud's clock in Unix seconds."""

    bots: Bots
    now: Callable[[], float]
    build_seconds: float = BUILD_SECONDS

    def bot(self, tenant: Tenant, bot_id: str) -> Bot:
        """The bot of that id, or AWS's error."""
        found = self.bots.get(tenant, bot_id)
        if found is None:
            raise RefusedRequestError(MISSING, f"Failed to retrieve resource: bot {bot_id}")
        return found

    def locale(self, tenant: Tenant, request: Mapping[str, Any]) -> Locale:
        """The locale that a request names, of the draft or of a version, or AWS's error."""
        bot = self.bot(tenant, request["botId"])
        locales = bot.locales_of(request["botVersion"])
        found = None if locales is None else locales.get(request["localeId"])
        if found is None:
            where = f"{request['localeId']} of version {request['botVersion']} of bot {bot.id}"
            raise RefusedRequestError(MISSING, f"Failed to retrieve resource: locale {where}")
        return found

    def create_locale(self, tenant: Tenant, request: Json) -> Json:
        """The draft speaks the language, once it is built; it has a fallback intent."""
        refusals.refuse(request)
        refusals.check_locale(request["localeId"])
        with self.bots.lock:
            bot = self.bot(tenant, request["botId"])
            if request["localeId"] in bot.locales:
                text = f"The locale {request['localeId']} of bot {bot.id} exists already"
                raise RefusedRequestError(CONFLICT, text)
            now = self.now()
            record = {
                **request,
                "botVersion": DRAFT,
                "localeName": LOCALES[request["localeId"]],
                "creationDateTime": now,
                "lastUpdatedDateTime": now,
            }
            bot.locales[request["localeId"]] = Locale(record=record)
            fallback = {"intentName": "FallbackIntent", "parentIntentSignature": FALLBACK}
            self.create_intent(tenant, {**_where(request), **fallback})
            return answer("CreateBotLocale", record, {"botLocaleStatus": "Creating"})

    def describe_locale(self, tenant: Tenant, request: Json) -> Json:
        """The locale with its status, counts and the reasons of a failed build."""
        locale, now = self.locale(tenant, request), self.now()
        return answer("DescribeBotLocale", _shown_locale(locale, request, now))

    def update_locale(self, tenant: Tenant, request: Json) -> Json:
        """The locale has these settings."""
        refusals.refuse(request)
        with self.bots.lock:
            locale = self.locale(tenant, request)
            kept = {"localeName", "creationDateTime", "botVersion", "botId", "localeId"}
            locale.record = {
                **{name: value for name, value in locale.record.items() if name in kept},
                **request,
            }
            locale.changed(self.now())
            return answer("UpdateBotLocale", _shown_locale(locale, request, self.now()))

    def delete_locale(self, tenant: Tenant, request: Json) -> Json:
        """The draft does not speak the language any more."""
        with self.bots.lock:
            self.locale(tenant, request)
            del self.bot(tenant, request["botId"]).locales[request["localeId"]]
            return answer("DeleteBotLocale", request, {"botLocaleStatus": "Deleting"})

    def list_locales(self, tenant: Tenant, request: Json) -> Json:
        """The locales of the draft or of a version."""
        bot = self.bot(tenant, request["botId"])
        locales = bot.locales_of(request["botVersion"])
        if locales is None:
            text = f"Failed to retrieve resource: version {request['botVersion']} of {bot.id}"
            raise RefusedRequestError(MISSING, text)
        records = [_shown_locale(locale, request, self.now()) for locale in locales.values()]
        named = [{**record, "botLocaleName": record["localeName"]} for record in records]
        return listed("ListBotLocales", "botLocaleSummaries", named, request)

    def build(self, tenant: Tenant, request: Json, fate: Fate) -> Json:
        """The locale is being built; it fails with all that is wrong with it."""
        with self.bots.lock:
            locale, now = self.locale(tenant, request), self.now()
            if locale.status(now) == "Building":
                text = f"The locale {request['localeId']} is being built already"
                raise RefusedRequestError(CONFLICT, text)
            locale.definition(now)
            done = now + self.build_seconds + fate.late_seconds
            try:
                definition = built(request["localeId"], locale)
                reasons = [INJECTED_FAILURE] if fate.fails else []
            except BuildError as error:
                definition, reasons = None, error.reasons
            locale.build = Build(
                submitted=now,
                done=done,
                definition=None if reasons else definition,
                reasons=tuple(reasons),
            )
            return answer("BuildBotLocale", _shown_locale(locale, request, now))

    def create_intent(self, tenant: Tenant, request: Json) -> Json:
        """The locale has the intent."""
        refusals.refuse(request)
        refusals.check_signature(request.get("parentIntentSignature"))
        return self._create(tenant, request, kind=INTENT)

    def create_slot_type(self, tenant: Tenant, request: Json) -> Json:
        """The locale has the type of slots."""
        refusals.refuse(request)
        refusals.check_slot_type(request.get("parentSlotTypeSignature"))
        return self._create(tenant, request, kind=SLOT_TYPE)

    def create_slot(self, tenant: Tenant, request: Json) -> Json:
        """The intent has the slot."""
        refusals.refuse(request)
        self._check_type_of(tenant, request)
        return self._create(tenant, request, kind=SLOT)

    def update_slot(self, tenant: Tenant, request: Json) -> Json:
        """The slot is as the request says, and only so."""
        refusals.refuse(request)
        self._check_type_of(tenant, request)
        return self.update(tenant, request, kind=SLOT)

    def _check_type_of(self, tenant: Tenant, request: Json) -> None:
        type_id = request.get("slotTypeId")
        if type_id is None:
            raise RefusedRequestError(WRONG, "slotTypeId is required")
        if type_id.startswith("AMAZON."):
            refusals.check_slot_type(type_id)
        elif type_id not in self.locale(tenant, request).slot_types:
            raise RefusedRequestError(WRONG, f"There is no slot type {type_id} in the locale")

    def _create(self, tenant: Tenant, request: Json, *, kind: "Kind") -> Json:
        with self.bots.lock:
            locale, now = self.locale(tenant, request), self.now()
            records = kind.records(locale, request)
            name = request[kind.name]
            if any(record[kind.name].lower() == name.lower() for record in records.values()):
                text = f"A {kind.title} of the name {name} exists already in the locale"
                raise RefusedRequestError(CONFLICT, text)
            part_id = FALLBACK_ID if request.get("parentIntentSignature") == FALLBACK else new_id()
            record = {
                **_where(request),
                **({"intentId": request["intentId"]} if kind is SLOT else {}),
                **given(f"Create{kind.operation}", request),
                kind.id: part_id,
                "creationDateTime": now,
                "lastUpdatedDateTime": now,
            }
            records[part_id] = record
            if kind is INTENT:
                locale.slots[part_id] = {}
            locale.changed(now)
            return answer(f"Create{kind.operation}", record)

    def describe(self, tenant: Tenant, request: Json, *, kind: "Kind") -> Json:
        """The part as it was last created or updated."""
        record = self._part(tenant, request, kind=kind)
        return answer(f"Describe{kind.operation}", record, {"botVersion": request["botVersion"]})

    def update(self, tenant: Tenant, request: Json, *, kind: "Kind") -> Json:
        """The part is as the request says, and only so."""
        refusals.refuse(request)
        refusals.check_signature(request.get("parentIntentSignature"))
        with self.bots.lock:
            record, now = self._part(tenant, request, kind=kind), self.now()
            kept = {*_where(request), "intentId", kind.id, "creationDateTime"}
            updated = {
                **{name: value for name, value in record.items() if name in kept},
                **given(f"Update{kind.operation}", request),
                "lastUpdatedDateTime": now,
            }
            locale = self.locale(tenant, request)
            kind.records(locale, request)[request[kind.id]] = updated
            locale.changed(now)
            return answer(f"Update{kind.operation}", updated)

    def delete(self, tenant: Tenant, request: Json, *, kind: "Kind") -> Json:
        """There is no such part; a type that slots have is refused unless it is to be skipped."""
        with self.bots.lock:
            self._part(tenant, request, kind=kind)
            locale, part_id = self.locale(tenant, request), request[kind.id]
            if kind is SLOT_TYPE and not request.get("skipResourceInUseCheck"):
                slots = (slot for slots in locale.slots.values() for slot in slots.values())
                users = [slot["slotName"] for slot in slots if slot["slotTypeId"] == part_id]
                if users:
                    text = f"The slot type {part_id} is used by {', '.join(users)}"
                    raise RefusedRequestError(IN_USE, text)
            del kind.records(locale, request)[part_id]
            if kind is INTENT:
                del locale.slots[part_id]
            locale.changed(self.now())
            return {}

    def list_parts(self, tenant: Tenant, request: Json, *, kind: "Kind") -> Json:
        """The parts of a locale, or the slots of an intent."""
        records = kind.records(self.locale(tenant, request), request).values()
        shown = [{**record, **kind.summary(record)} for record in records]
        return listed(f"List{kind.operation}s", f"{kind.member}Summaries", shown, request)

    def _part(self, tenant: Tenant, request: Json, *, kind: "Kind") -> Json:
        records = kind.records(self.locale(tenant, request), request)
        found = records.get(request[kind.id])
        if found is None:
            text = f"Failed to retrieve resource: {kind.title} {request[kind.id]}"
            raise RefusedRequestError(MISSING, text)
        return found


FALLBACK_ID = "FALLBCKINT"
"""The id of every locale's fallback intent, as on AWS."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Kind:
    """A kind of parts of a locale: what it is called in operations, members and sentences."""

    operation: str
    member: str
    title: str

    @property
    def id(self) -> str:
        """The member that identifies one."""
        return f"{self.member}Id"

    @property
    def name(self) -> str:
        """The member that names one."""
        return f"{self.member}Name"

    def records(self, locale: Locale, request: Mapping[str, Any]) -> dict[str, Json]:
        """Those of the locale, or of the intent that the request names; by id."""
        if self is INTENT:
            return locale.intents
        if self is SLOT_TYPE:
            return locale.slot_types
        slots = locale.slots.get(request["intentId"])
        if slots is None:
            text = f"Failed to retrieve resource: intent {request['intentId']}"
            raise RefusedRequestError(MISSING, text)
        return slots

    def summary(self, record: Mapping[str, Any]) -> Json:
        """What lists show of a part that is deeper in its record."""
        if self is SLOT_TYPE:
            extended = "parentSlotTypeSignature" in record
            return {"slotTypeCategory": "Extended" if extended else "Custom"}
        if self is SLOT:
            setting = record["valueElicitationSetting"]
            return {
                "slotConstraint": setting["slotConstraint"],
                "valueElicitationPromptSpecification": setting.get("promptSpecification"),
            }
        return {}


INTENT = Kind(operation="Intent", member="intent", title="intent")
SLOT_TYPE = Kind(operation="SlotType", member="slotType", title="slot type")
SLOT = Kind(operation="Slot", member="slot", title="slot")


def _where(request: Mapping[str, Any]) -> Json:
    return {name: request[name] for name in ("botId", "botVersion", "localeId")}


def _shown_locale(locale: Locale, request: Mapping[str, Any], now: float) -> Json:
    build = locale.build
    return {
        **locale.record,
        "botVersion": request["botVersion"],
        "botLocaleStatus": locale.status(now),
        "intentsCount": len(locale.intents),
        "slotTypesCount": len(locale.slot_types),
        "lastBuildSubmittedDateTime": None if build is None else build.submitted,
        "failureReasons": list(build.reasons) if build and now >= build.done else None,
    }
