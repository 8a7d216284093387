"""Bots, their versions and aliases: what a release makes and moves."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from emulator.ai.lex import refusals
from emulator.ai.lex.drafts import CONFLICT, IN_USE, MISSING, Drafts, new_id
from emulator.ai.lex.shapes import WRONG, answer, listed
from emulator.ai.lex.store import (
    DRAFT,
    TEST_ALIAS,
    Alias,
    Bot,
    Bots,
    Version,
    alias_arn,
    bot_arn,
)
from emulator.ai.site import Tenant
from emulator.jsonapi import Json, RefusedRequestError

READY_SECONDS = 1.0
"""How long a new bot, version or alias is not yet available, on the cloud's clock."""
_OF_BOT = (
    "botName", "description", "roleArn", "dataPrivacy", "idleSessionTTLInSeconds", "botType",
    "errorLogSettings",
)  # fmt: skip
_OF_ALIAS = (
    "botAliasName", "description", "botVersion", "botAliasLocaleSettings",
    "conversationLogSettings", "sentimentAnalysisSettings",
)  # fmt: skip


@dataclass(frozen=True, kw_only=True, slots=True)
class BotOperations:
    """The operations on whole bots; `now` is the cloud's clock in Unix seconds."""

    bots: Bots
    drafts: Drafts
    now: Callable[[], float]
    ready_seconds: float = READY_SECONDS

    def create(self, tenant: Tenant, request: Json) -> Json:
        """There is a bot with an empty draft and a test alias."""
        refusals.refuse(request)
        with self.bots.lock:
            self._check_name(tenant, request["botName"])
            now, bot_id = self.now(), new_id()
            record = {
                "botType": "Bot",
                **{name: request[name] for name in _OF_BOT if name in request},
                "botId": bot_id,
                "creationDateTime": now,
                "lastUpdatedDateTime": now,
            }
            bot = Bot(tenant=tenant, record=record, ready=now + self.ready_seconds)
            bot.tags |= request.get("botTags") or {}
            test = {"botAliasName": "TestBotAlias", "botVersion": DRAFT}
            self._add_alias(bot, TEST_ALIAS, test, request.get("testBotAliasTags"))
            self.bots.add(bot)
            return answer("CreateBot", request, self._shown(bot))

    def _check_name(self, tenant: Tenant, name: str, *, but: str | None = None) -> None:
        for bot in self.bots.of(tenant):
            if bot.record["botName"] == name and bot.id != but:
                raise RefusedRequestError(CONFLICT, f"A bot of the name {name} exists already")

    def describe(self, tenant: Tenant, request: Json) -> Json:
        """The bot."""
        return answer("DescribeBot", self._shown(self.drafts.bot(tenant, request["botId"])))

    def update(self, tenant: Tenant, request: Json) -> Json:
        """The bot has these settings, and only these."""
        refusals.refuse(request)
        with self.bots.lock:
            bot = self.drafts.bot(tenant, request["botId"])
            self._check_name(tenant, request["botName"], but=bot.id)
            kept = {n: bot.record[n] for n in ("botId", "creationDateTime", "botType")}
            settings = {name: request[name] for name in _OF_BOT if name in request}
            bot.record = {**kept, **settings, "lastUpdatedDateTime": self.now()}
            return answer("UpdateBot", self._shown(bot))

    def delete(self, tenant: Tenant, request: Json) -> Json:
        """There is no such bot; one with aliases is refused unless that is to be skipped."""
        with self.bots.lock:
            bot = self.drafts.bot(tenant, request["botId"])
            aliases = [a.record["botAliasName"] for n, a in bot.aliases.items() if n != TEST_ALIAS]
            if aliases and not request.get("skipResourceInUseCheck"):
                text = f"The bot {bot.id} has the aliases {', '.join(aliases)}: delete them first"
                raise RefusedRequestError(IN_USE, text)
            self.bots.remove(bot)
            return {"botId": bot.id, "botStatus": "Deleting"}

    def list_bots(self, tenant: Tenant, request: Json) -> Json:
        """The tenant's bots."""
        return listed(
            "ListBots", "botSummaries", [self._shown(bot) for bot in self.bots.of(tenant)], request
        )

    def _shown(self, bot: Bot) -> Json:
        newest = max(map(int, bot.versions), default=None)
        return {
            **bot.record,
            "botStatus": "Available" if self.now() >= bot.ready else "Creating",
            "latestBotVersion": None if newest is None else str(newest),
        }

    def create_version(self, tenant: Tenant, request: Json) -> Json:
        """What the locales are now is a version, which never changes."""
        with self.bots.lock:
            bot = self.drafts.bot(tenant, request["botId"])
            now = self.now()
            locales = {
                locale_id: self._source(bot, locale_id, details["sourceBotVersion"])
                for locale_id, details in request["botVersionLocaleSpecification"].items()
            }
            bot.made_versions += 1
            number = str(bot.made_versions)
            bot.versions[number] = Version(
                number=number,
                record=dict(bot.record),
                created=now,
                ready=now + self.ready_seconds,
                description=request.get("description"),
                locales=locales,
            )
            shown = self._shown_version(bot, bot.versions[number])
            return answer("CreateBotVersion", request, shown)

    def _source(self, bot: Bot, locale_id: str, version: str) -> Any:
        locale = (bot.locales_of(version) or {}).get(locale_id)
        if locale is None:
            text = f"Version {version} of bot {bot.id} has no locale {locale_id}"
            raise RefusedRequestError(WRONG, text)
        if locale.status(self.now()) != "Built":
            text = f"The locale {locale_id} of version {version} must be built first"
            raise RefusedRequestError(IN_USE, text)
        return locale.frozen()

    def describe_version(self, tenant: Tenant, request: Json) -> Json:
        """The version, or the draft."""
        bot = self.drafts.bot(tenant, request["botId"])
        if request["botVersion"] == DRAFT:
            draft = {**self._shown(bot), "botVersion": DRAFT}
            return answer("DescribeBotVersion", draft)
        version = self._version(bot, request["botVersion"])
        return answer("DescribeBotVersion", self._shown_version(bot, version))

    def _version(self, bot: Bot, number: str) -> Version:
        found = bot.versions.get(number)
        if found is None:
            text = f"Failed to retrieve resource: version {number} of bot {bot.id}"
            raise RefusedRequestError(MISSING, text)
        return found

    def _shown_version(self, bot: Bot, version: Version) -> Json:
        return {
            **version.record,
            "botId": bot.id,
            "botVersion": version.number,
            "description": version.description,
            "creationDateTime": version.created,
            "botStatus": "Available" if self.now() >= version.ready else "Creating",
        }

    def list_versions(self, tenant: Tenant, request: Json) -> Json:
        """The draft and the versions."""
        bot = self.drafts.bot(tenant, request["botId"])
        versions = [self._shown_version(bot, version) for version in bot.versions.values()]
        records = [{**self._shown(bot), "botVersion": DRAFT}, *versions]
        return listed("ListBotVersions", "botVersionSummaries", records, request)

    def delete_version(self, tenant: Tenant, request: Json) -> Json:
        """There is no such version; one that an alias points at is refused unless skipped."""
        with self.bots.lock:
            bot = self.drafts.bot(tenant, request["botId"])
            version = self._version(bot, request["botVersion"])
            users = bot.users_of(version.number)
            if users and not request.get("skipResourceInUseCheck"):
                text = f"Version {version.number} of bot {bot.id} is used by {', '.join(users)}"
                raise RefusedRequestError(IN_USE, text)
            del bot.versions[version.number]
            return answer("DeleteBotVersion", request, {"botStatus": "Deleting"})

    def create_alias(self, tenant: Tenant, request: Json) -> Json:
        """The bot has the alias; it points at no version until it is told one."""
        with self.bots.lock:
            bot = self.drafts.bot(tenant, request["botId"])
            self._check_alias(bot, request)
            alias_id = new_id()
            settings = {name: request[name] for name in _OF_ALIAS if name in request}
            alias = self._add_alias(bot, alias_id, settings, request.get("tags"))
            return answer("CreateBotAlias", request, self._shown_alias(bot, alias))

    def _check_alias(self, bot: Bot, request: Mapping[str, Any], *, but: str = "") -> None:
        name, version = request["botAliasName"], request.get("botVersion")
        for alias_id, alias in bot.aliases.items():
            if alias.record["botAliasName"] == name and alias_id != but:
                text = f"An alias of the name {name} exists already"
                raise RefusedRequestError(CONFLICT, text)
        if version is not None and version != DRAFT:
            self._version(bot, version)

    def _add_alias(
        self, bot: Bot, alias_id: str, settings: Json, tags: Mapping[str, str] | None
    ) -> Alias:
        now = self.now()
        times = {"creationDateTime": now, "lastUpdatedDateTime": now}
        alias = Alias(
            record={**settings, "botAliasId": alias_id, "botId": bot.id, **times},
            ready=now + self.ready_seconds,
            tags=dict(tags or {}),
        )
        if settings.get("botVersion") is not None:
            alias.history.append({"botVersion": settings["botVersion"], "startDate": now})
        bot.aliases[alias_id] = alias
        return alias

    def alias(self, tenant: Tenant, bot_id: str, alias_id: str) -> tuple[Bot, Alias]:
        """The alias and its bot, or AWS's error."""
        bot = self.drafts.bot(tenant, bot_id)
        found = bot.aliases.get(alias_id)
        if found is None:
            text = f"Failed to retrieve resource: alias {alias_id} of bot {bot_id}"
            raise RefusedRequestError(MISSING, text)
        return bot, found

    def describe_alias(self, tenant: Tenant, request: Json) -> Json:
        """The alias, with the versions that it pointed at."""
        bot, alias = self.alias(tenant, request["botId"], request["botAliasId"])
        return answer("DescribeBotAlias", self._shown_alias(bot, alias))

    def _shown_alias(self, bot: Bot, alias: Alias) -> Json:
        return {
            **alias.record,
            "botId": bot.id,
            "botAliasHistoryEvents": list(alias.history[::-1]),
            "botAliasStatus": "Available" if self.now() >= alias.ready else "Creating",
        }

    def update_alias(self, tenant: Tenant, request: Json) -> Json:
        """The alias has these settings, and only these: from now on it is that version."""
        with self.bots.lock:
            bot, alias = self.alias(tenant, request["botId"], request["botAliasId"])
            self._check_alias(bot, request, but=request["botAliasId"])
            now, before = self.now(), alias.record.get("botVersion")
            settings = {name: request[name] for name in _OF_ALIAS if name in request}
            kept = {n: alias.record[n] for n in ("botAliasId", "botId", "creationDateTime")}
            alias.record = {**kept, **settings, "lastUpdatedDateTime": now}
            if settings.get("botVersion") != before:
                if alias.history:
                    alias.history[-1]["endDate"] = now
                if settings.get("botVersion") is not None:
                    alias.history.append({"botVersion": settings["botVersion"], "startDate": now})
            return answer("UpdateBotAlias", self._shown_alias(bot, alias))

    def delete_alias(self, tenant: Tenant, request: Json) -> Json:
        """There is no such alias; the test alias stays."""
        with self.bots.lock:
            bot, _ = self.alias(tenant, request["botId"], request["botAliasId"])
            if request["botAliasId"] == TEST_ALIAS:
                raise RefusedRequestError(WRONG, "The test alias of a bot can't be deleted")
            del bot.aliases[request["botAliasId"]]
            return answer("DeleteBotAlias", request, {"botAliasStatus": "Deleting"})

    def list_aliases(self, tenant: Tenant, request: Json) -> Json:
        """The bot's aliases."""
        bot = self.drafts.bot(tenant, request["botId"])
        shown = [self._shown_alias(bot, alias) for alias in bot.aliases.values()]
        return listed("ListBotAliases", "botAliasSummaries", shown, request)

    def tag(self, tenant: Tenant, request: Json) -> Json:
        """The bot or alias has these tags beside its others."""
        self._tags(tenant, request["resourceARN"]).update(request["tags"])
        return {}

    def untag(self, tenant: Tenant, request: Json) -> Json:
        """The bot or alias has none of these tags."""
        tags = self._tags(tenant, request["resourceARN"])
        for name in request["tagKeys"]:
            tags.pop(name, None)
        return {}

    def list_tags(self, tenant: Tenant, request: Json) -> Json:
        """The tags of a bot or an alias."""
        return {"tags": dict(self._tags(tenant, request["resourceARN"]))}

    def _tags(self, tenant: Tenant, arn: str) -> dict[str, str]:
        for bot in self.bots.of(tenant):
            if bot_arn(tenant, bot.id) == arn:
                return bot.tags
            for alias_id, alias in bot.aliases.items():
                if alias_arn(tenant, bot.id, alias_id) == arn:
                    return alias.tags
        raise RefusedRequestError(MISSING, f"Failed to retrieve resource: {arn}")
