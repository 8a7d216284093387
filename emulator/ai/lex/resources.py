"""`AWS::Lex::Bot`, `BotVersion` and `BotAlias` in templates: they make what the API makes.

A stack waits for builds and for what is created; here that takes none of the cloud's time.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from emulator import apimodels
from emulator.ai.faults import Fate
from emulator.ai.lex.bots import BotOperations
from emulator.ai.lex.drafts import MISSING
from emulator.ai.lex.shapes import SERVICE
from emulator.ai.lex.store import DRAFT, TEST_ALIAS, Bot, alias_arn, bot_arn
from emulator.ai.site import Tenant
from emulator.cloudformation.registry import (
    Provisioned,
    ResourceContext,
    ResourceError,
    ResourceHandler,
)
from emulator.jsonapi import Json, RefusedRequestError

_NAMES = {"MessageGroupsList": "messageGroups", "IsActive": "active"}
"""Members that templates call otherwise than the API."""
_STRATEGIES = {
    "CONCATENATION": "Concatenation",
    "ORIGINAL_VALUE": "OriginalValue",
    "TOP_RESOLUTION": "TopResolution",
}
"""Values that templates spell otherwise."""


def resource_types(bots: BotOperations) -> Mapping[str, ResourceHandler]:
    """What templates may have of this cloud's bots."""
    at_once = replace(bots, ready_seconds=0.0, drafts=replace(bots.drafts, build_seconds=0.0))
    return {
        "AWS::Lex::Bot": BotResource(bots=at_once),
        "AWS::Lex::BotVersion": VersionResource(bots=at_once),
        "AWS::Lex::BotAlias": AliasResource(bots=at_once),
    }


def _tenant(context: ResourceContext) -> Tenant:
    return (context.account, context.region)


def _request(operation: str, properties: Mapping[str, Any], **more: Any) -> Json:
    """The properties as the operation's request; ResourceError for what its model forbids."""
    shape = apimodels.service_model(SERVICE).operation_model(operation).input_shape
    assert shape is not None  # noqa: S101 - every operation here takes something
    request = {**apimodels.from_template(shape, _renamed(properties)), **more}
    failures = apimodels.constraint_failures(SERVICE, operation, request)
    if failures:
        raise ResourceError(apimodels.listed(failures))
    return request


def _renamed(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {
            _NAMES.get(name, name): _STRATEGIES[part]
            if name == "ResolutionStrategy"
            else _renamed(part)
            for name, part in value.items()
        }
    return [_renamed(part) for part in value] if isinstance(value, list) else value


def _tags(properties: Mapping[str, Any], member: str) -> dict[str, str]:
    return {tag["Key"]: tag["Value"] for tag in properties.get(member) or []}


def _locale_settings(entries: Sequence[Mapping[str, Any]] | None) -> Json:
    return {e["LocaleId"]: _renamed(e["BotAliasLocaleSetting"]) for e in entries or []}


@dataclass(frozen=True, kw_only=True, slots=True)
class BotResource:
    """A bot with the whole draft that the template describes."""

    bots: BotOperations

    def create(self, context: ResourceContext, properties: Mapping[str, Any]) -> Provisioned:
        """The bot is there, its locales built if that is asked for."""
        request = _bot_request("CreateBot", context, properties)
        try:
            made = self.bots.create(_tenant(context), request)
            bot = self.bots.drafts.bot(_tenant(context), made["botId"])
            try:
                self._draft(bot, properties)
            except (RefusedRequestError, ResourceError):
                self.bots.bots.remove(bot)
                raise
        except RefusedRequestError as refused:
            raise ResourceError(refused.message) from refused
        return _provisioned_bot(bot)

    def update(
        self,
        context: ResourceContext,
        physical_id: str,
        _old: Mapping[str, Any],
        new: Mapping[str, Any],
    ) -> Provisioned:
        """The draft is the one that the template describes now; versions and aliases stay."""
        request = _bot_request("UpdateBot", context, new, botId=physical_id)
        tenant = _tenant(context)
        try:
            bot = self.bots.drafts.bot(tenant, physical_id)
            before, record, tags = dict(bot.locales), dict(bot.record), dict(bot.tags)
            self.bots.update(tenant, {n: v for n, v in request.items() if n != "botTags"})
            try:
                bot.locales.clear()
                bot.tags = _tags(new, "BotTags")
                self._draft(bot, new)
            except (RefusedRequestError, ResourceError):
                bot.locales, bot.record, bot.tags = before, record, tags
                raise
        except RefusedRequestError as refused:
            raise ResourceError(refused.message) from refused
        return _provisioned_bot(bot)

    def delete(
        self, context: ResourceContext, physical_id: str, _properties: Mapping[str, Any]
    ) -> None:
        """There is no such bot; its aliases go with it, as the handler's own rights say."""
        request = {"botId": physical_id, "skipResourceInUseCheck": True}
        _delete(lambda: self.bots.delete(_tenant(context), request))

    def _draft(self, bot: Bot, properties: Mapping[str, Any]) -> None:
        for locale in properties.get("BotLocales") or []:
            where = {"botId": bot.id, "botVersion": DRAFT, "localeId": locale["LocaleId"]}
            self._locale(bot.tenant, where, locale)
            if properties.get("AutoBuildBotLocales"):
                build(self.bots, bot.tenant, where)
        settings = properties.get("TestBotAliasSettings")
        if settings is not None:
            self._test_alias(bot, settings)

    def _test_alias(self, bot: Bot, settings: Mapping[str, Any]) -> None:
        request = {
            **{n: v for n, v in settings.items() if n != "BotAliasLocaleSettings"},
            "BotAliasLocaleSettings": _locale_settings(settings.get("BotAliasLocaleSettings")),
            "BotAliasName": bot.aliases[TEST_ALIAS].record["botAliasName"],
            "BotVersion": DRAFT,
            "BotId": bot.id,
            "BotAliasId": TEST_ALIAS,
        }
        self.bots.update_alias(bot.tenant, _request("UpdateBotAlias", request))

    def _locale(self, tenant: Tenant, where: Json, locale: Mapping[str, Any]) -> None:
        drafts, threshold = self.bots.drafts, locale["NluConfidenceThreshold"]
        request = _request(
            "CreateBotLocale", locale, **where, nluIntentConfidenceThreshold=threshold
        )
        drafts.create_locale(tenant, request)
        types: dict[str, str] = {}
        for kind in locale.get("SlotTypes") or []:
            named = _request("CreateSlotType", kind, slotTypeName=kind["Name"], **where)
            types[kind["Name"]] = drafts.create_slot_type(tenant, named)["slotTypeId"]
        for intent in locale.get("Intents") or []:
            self._intent(tenant, where, intent, types=types)

    def _intent(
        self, tenant: Tenant, where: Json, intent: Mapping[str, Any], *, types: Mapping[str, str]
    ) -> None:
        drafts = self.bots.drafts
        named = _request("CreateIntent", intent, intentName=intent["Name"], **where)
        if named.get("parentIntentSignature") == "AMAZON.FallbackIntent":
            known = drafts.locale(tenant, where).intents
            known.pop("FALLBCKINT", None)
        intent_id = drafts.create_intent(tenant, named)["intentId"]
        slots: dict[str, str] = {}
        for slot in intent.get("Slots") or []:
            kind = slot["SlotTypeName"]
            request = _request(
                "CreateSlot",
                slot,
                slotName=slot["Name"],
                slotTypeId=types.get(kind, kind),
                intentId=intent_id,
                **where,
            )
            slots[slot["Name"]] = drafts.create_slot(tenant, request)["slotId"]
        priorities = intent.get("SlotPriorities") or []
        unknown = [p["SlotName"] for p in priorities if p["SlotName"] not in slots]
        if unknown:
            text = f"SlotPriorities of {intent['Name']} name no slots: {', '.join(unknown)}"
            raise ResourceError(text)
        drafts.locale(tenant, where).intents[intent_id]["slotPriorities"] = [
            {"priority": p["Priority"], "slotId": slots[p["SlotName"]]} for p in priorities
        ]


def _bot_request(
    operation: str, context: ResourceContext, properties: Mapping[str, Any], **more: Any
) -> Json:
    if properties.get("BotFileS3Location") is not None:
        raise ResourceError("BotFileS3Location is not emulated: give BotLocales")
    plain = {n: v for n, v in properties.items() if n not in {"BotTags", "TestBotAliasTags"}}
    tags = {"botTags": _tags(properties, "BotTags")} if operation == "CreateBot" else {}
    del context
    return _request(operation, plain, botName=properties["Name"], **tags, **more)


def _provisioned_bot(bot: Bot) -> Provisioned:
    attributes = {"Id": bot.id, "Arn": bot_arn(bot.tenant, bot.id)}
    return Provisioned(physical_id=bot.id, attributes=attributes)


def build(bots: BotOperations, tenant: Tenant, where: Json) -> None:
    """The locale is built; ResourceError with all that is wrong."""
    bots.drafts.build(tenant, where, Fate())
    status = bots.drafts.describe_locale(tenant, where)
    if status["botLocaleStatus"] != "Built":
        raise ResourceError(
            f"The build of {where['localeId']} failed: {'; '.join(status['failureReasons'])}"
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class VersionResource:
    """A version; a change of the template makes another one."""

    bots: BotOperations

    def create(self, context: ResourceContext, properties: Mapping[str, Any]) -> Provisioned:
        """The version is there; a draft that was not built is built first, as on AWS."""
        tenant, bot_id = _tenant(context), properties["BotId"]
        locales = {
            entry["LocaleId"]: _renamed(entry["BotVersionLocaleDetails"])
            for entry in properties["BotVersionLocaleSpecification"]
        }
        plain = {**properties, "BotVersionLocaleSpecification": locales}
        request = _request("CreateBotVersion", plain)
        try:
            for locale_id, details in request["botVersionLocaleSpecification"].items():
                self._build(tenant, bot_id, locale_id, details["sourceBotVersion"])
            number = self.bots.create_version(tenant, request)["botVersion"]
        except RefusedRequestError as refused:
            raise ResourceError(refused.message) from refused
        attributes = {"BotId": bot_id, "BotVersion": number}
        return Provisioned(physical_id=f"{bot_id}|{number}", attributes=attributes)

    def _build(self, tenant: Tenant, bot_id: str, locale_id: str, source: str) -> None:
        where = {"botId": bot_id, "botVersion": source, "localeId": locale_id}
        status = self.bots.drafts.describe_locale(tenant, where)["botLocaleStatus"]
        if source == DRAFT and status != "Built":
            build(self.bots, tenant, where)

    def update(
        self,
        context: ResourceContext,
        physical_id: str,
        old: Mapping[str, Any],
        new: Mapping[str, Any],
    ) -> Provisioned:
        """Another version, unless nothing has changed."""
        if dict(old) == dict(new):
            bot_id, _, number = physical_id.partition("|")
            attributes = {"BotId": bot_id, "BotVersion": number}
            return Provisioned(physical_id=physical_id, attributes=attributes)
        return self.create(context, new)

    def delete(
        self, context: ResourceContext, physical_id: str, _properties: Mapping[str, Any]
    ) -> None:
        """There is no such version; an alias that points at it holds it."""
        bot_id, _, number = physical_id.partition("|")
        request = {"botId": bot_id, "botVersion": number}
        _delete(lambda: self.bots.delete_version(_tenant(context), request))


@dataclass(frozen=True, kw_only=True, slots=True)
class AliasResource:
    """An alias; `Ref` is its id and the bot's."""

    bots: BotOperations

    def create(self, context: ResourceContext, properties: Mapping[str, Any]) -> Provisioned:
        """The alias points at its version."""
        request = {**_alias_request("CreateBotAlias", properties)}
        request["tags"] = _tags(properties, "BotAliasTags")
        try:
            made = self.bots.create_alias(_tenant(context), request)
        except RefusedRequestError as refused:
            raise ResourceError(refused.message) from refused
        return self._provisioned(_tenant(context), request["botId"], made["botAliasId"])

    def update(
        self,
        context: ResourceContext,
        physical_id: str,
        old: Mapping[str, Any],
        new: Mapping[str, Any],
    ) -> Provisioned:
        """The alias is as the template says; of another bot, it is another alias."""
        if old["BotId"] != new["BotId"]:
            return self.create(context, new)
        alias_id = physical_id.partition("|")[0]
        request = _alias_request("UpdateBotAlias", new, botAliasId=alias_id)
        try:
            self.bots.update_alias(_tenant(context), request)
            _, alias = self.bots.alias(_tenant(context), new["BotId"], alias_id)
        except RefusedRequestError as refused:
            raise ResourceError(refused.message) from refused
        alias.tags = _tags(new, "BotAliasTags")
        return self._provisioned(_tenant(context), new["BotId"], alias_id)

    def delete(
        self, context: ResourceContext, physical_id: str, _properties: Mapping[str, Any]
    ) -> None:
        """There is no such alias."""
        alias_id, _, bot_id = physical_id.partition("|")
        request = {"botId": bot_id, "botAliasId": alias_id}
        _delete(lambda: self.bots.delete_alias(_tenant(context), request))

    def _provisioned(self, tenant: Tenant, bot_id: str, alias_id: str) -> Provisioned:
        arn = alias_arn(tenant, bot_id, alias_id)
        attributes = {"BotAliasId": alias_id, "Arn": arn, "BotAliasStatus": "Available"}
        return Provisioned(physical_id=f"{alias_id}|{bot_id}", attributes=attributes)


def _alias_request(operation: str, properties: Mapping[str, Any], **more: Any) -> Json:
    plain = {n: v for n, v in properties.items() if n != "BotAliasTags"}
    if "BotAliasLocaleSettings" in plain:
        plain["BotAliasLocaleSettings"] = _locale_settings(plain["BotAliasLocaleSettings"])
    return _request(operation, plain, **more)


def _delete(work: Any) -> None:
    """What is gone already is no failure."""
    try:
        work()
    except RefusedRequestError as refused:
        if refused.code != MISSING:
            raise ResourceError(refused.message) from refused
