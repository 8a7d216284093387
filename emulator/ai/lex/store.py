"""Bots as they are kept: drafts that change, versions that do not, aliases that point at them."""

import copy
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from emulator.ai.lex.definition import Definition
from emulator.ai.site import Tenant

Json = dict[str, Any]

DRAFT = "DRAFT"
TEST_ALIAS = "TSTALIASID"
"""The alias that every bot has; it points at the draft."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Build:
    """A build of a locale, over at `done` (seconds of the cloud's clock), good or with reasons."""

    submitted: float
    done: float
    definition: Definition | None
    reasons: tuple[str, ...] = ()


@dataclass(kw_only=True, slots=True)
class Locale:
    """A language of a draft or of a version; records are in the shapes of the models' API.

    `slots` are by the id of their intent. `build` is the last one, `spoken` the last good one.
    """

    record: Json
    slot_types: dict[str, Json] = field(default_factory=dict)
    intents: dict[str, Json] = field(default_factory=dict)
    slots: dict[str, dict[str, Json]] = field(default_factory=dict)
    build: Build | None = None
    spoken: Definition | None = None

    def status(self, now: float) -> str:
        """NotBuilt until it is built, and again after every change."""
        if self.build is None:
            return "NotBuilt"
        if now < self.build.done:
            return "Building"
        return "Failed" if self.build.definition is None else "Built"

    def definition(self, now: float) -> Definition | None:
        """What the runtime reads: the last good build that is over."""
        build = self.build
        if build is not None and build.definition is not None and now >= build.done:
            self.spoken = build.definition
        return self.spoken

    def changed(self, now: float) -> None:
        """The draft is another now: what was built still speaks, and must be built again."""
        self.definition(now)
        self.build = None
        self.record["lastUpdatedDateTime"] = now

    def frozen(self) -> "Locale":
        """A copy that no change of this one changes."""
        return copy.deepcopy(self)


@dataclass(frozen=True, kw_only=True, slots=True)
class Version:
    """A bot as it was when the version was made; it can be used from `ready` on."""

    number: str
    record: Mapping[str, Any]
    created: float
    ready: float
    description: str | None
    locales: Mapping[str, Locale]


@dataclass(kw_only=True, slots=True)
class Alias:
    """A name that points at a version; it can be used from `ready` on."""

    record: Json
    ready: float
    history: list[Json] = field(default_factory=list)
    tags: dict[str, str] = field(default_factory=dict)


@dataclass(kw_only=True, slots=True)
class Bot:
    """One bot; `record` has the members of DescribeBot that do not follow from the rest."""

    tenant: Tenant
    record: Json
    ready: float
    locales: dict[str, Locale] = field(default_factory=dict)
    versions: dict[str, Version] = field(default_factory=dict)
    aliases: dict[str, Alias] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)
    made_versions: int = 0

    @property
    def id(self) -> str:
        """Ten letters and digits."""
        return str(self.record["botId"])

    def locales_of(self, version: str) -> Mapping[str, Locale] | None:
        """The locales of the draft or of a version; None if there is no such version."""
        if version == DRAFT:
            return self.locales
        found = self.versions.get(version)
        return None if found is None else found.locales

    def users_of(self, version: str) -> list[str]:
        """The names of the aliases that point at a version."""
        return [
            alias.record["botAliasName"]
            for alias in self.aliases.values()
            if alias.record.get("botVersion") == version
        ]


def bot_arn(tenant: Tenant, bot_id: str) -> str:
    """The ARN of a bot."""
    account, region = tenant
    return f"arn:aws:lex:{region}:{account}:bot/{bot_id}"


def alias_arn(tenant: Tenant, bot_id: str, alias_id: str) -> str:
    """The ARN of a bot's alias."""
    account, region = tenant
    return f"arn:aws:lex:{region}:{account}:bot-alias/{bot_id}/{alias_id}"


class Bots:
    """The bots of every account and region; whoever changes one holds `lock`."""

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self._bots: dict[tuple[str, str, str], Bot] = {}

    def get(self, tenant: Tenant, bot_id: str) -> Bot | None:
        """The bot, if there is one."""
        return self._bots.get((*tenant, bot_id))

    def of(self, tenant: Tenant) -> Iterator[Bot]:
        """The tenant's, the oldest first."""
        yield from [bot for key, bot in self._bots.items() if key[:2] == tenant]

    def add(self, bot: Bot) -> None:
        """There is such a bot."""
        self._bots[*bot.tenant, bot.id] = bot

    def remove(self, bot: Bot) -> None:
        """There is no such bot."""
        self._bots.pop((*bot.tenant, bot.id), None)
