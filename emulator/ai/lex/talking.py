"""The runtime: users' texts, and the sessions in which they are said.

A session belongs to an alias and is forgotten when nothing was said for the bot's
`idleSessionTTLInSeconds` of the cloud's clock. It is in the hands of one request at a time.
"""

import base64
import gzip
import json
import threading
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Any

from emulator.ai.frame import Answer, Call
from emulator.ai.lex.bots import BotOperations
from emulator.ai.lex.definition import Definition
from emulator.ai.lex.dialog import Dialog, Turn
from emulator.ai.lex.drafts import CONFLICT, MISSING
from emulator.ai.lex.hooks import Invoke, Talk, hook_of
from emulator.ai.lex.matching import Matcher
from emulator.ai.lex.session import Session
from emulator.ai.lex.shapes import WRONG
from emulator.ai.lex.store import DRAFT, Alias, Bot, alias_arn
from emulator.ai.lex.values import Setting
from emulator.jsonapi import Json, RefusedRequestError

ENGINE = "rapidfuzz+dateparser+text2num"
"""What understands texts here: the bot's own utterances and values, by their likeness."""
KEPT = "kept by the embedded cloud"
_NOT_BUILT = "BadGatewayException"
_MOST_MATCHERS = 64
_Key = tuple[str, str, str, str, str, str]


@dataclass(frozen=True, kw_only=True, slots=True)
class Conversation:
    """A session, what was said last, and when, in seconds of the cloud's clock."""

    turn: Turn = field(default_factory=lambda: Turn(session=Session()))
    spoken: float = 0.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Place:
    """Where a request speaks: one locale of what an alias points at."""

    bot: Bot
    alias: Alias
    definition: Definition
    key: _Key


@dataclass(frozen=True, kw_only=True, slots=True)
class Runtime:
    """The runtime's operations; `invoke` invokes the functions of aliases."""

    operations: BotOperations
    now: Callable[[], float]
    invoke: Invoke
    _kept: dict[_Key, Conversation] = field(default_factory=dict)
    _held: set[_Key] = field(default_factory=set)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def recognize(self, call: Call) -> Answer:
        """RecognizeText: the bot has heard the text, and answers."""
        request, place = call.request, self._place(call)
        with _Hold(self._held, self._lock, place.key):
            now = self.now()
            session = self._conversation(place, now).turn.session
            session = session.changed_by(request.get("sessionState") or {}, now)
            matcher = _matcher(place.definition)
            turn = self._dialog(place, request, now).hear(session, request["text"], matcher)
            self._keep(place, turn, now)
        body: Json = {
            "sessionId": request["sessionId"],
            "messages": list(turn.messages),
            "interpretations": list(turn.interpretations),
            "requestAttributes": dict(request.get("requestAttributes") or {}),
            "sessionState": {**turn.session.to_json(now), "originatingRequestId": _request_id()},
        }
        return Answer(body=body, engine=ENGINE)

    def put(self, call: Call) -> Answer:
        """PutSession: the conversation stands where the request says."""
        request, place = call.request, self._place(call)
        with _Hold(self._held, self._lock, place.key):
            now = self.now()
            blank = Session().changed_by(request["sessionState"], now)
            turn = Turn(session=blank)
            if (blank.action or {}).get("type") == "Delegate":
                turn = self._dialog(place, request, now).go_on(replace(blank, action=None))
            said = list(request.get("messages") or turn.messages)
            turn = replace(turn, messages=said)
            self._keep(place, turn, now)
        body: Json = {
            "contentType": request.get("responseContentType", "text/plain;charset=utf-8"),
            "messages": _packed(said),
            "sessionState": _packed(turn.session.to_json(now)),
            "requestAttributes": _packed(dict(request.get("requestAttributes") or {})),
            "sessionId": request["sessionId"],
            "audioStream": b"",
        }
        return Answer(body=body, engine=KEPT)

    def get(self, call: Call) -> Answer:
        """GetSession: where the conversation stands."""
        place, now = self._place(call), self.now()
        found = self._kept.get(place.key)
        if found is None or self._is_over(place, found, now):
            text = f"No session of the id {call.request['sessionId']} was found"
            raise RefusedRequestError(MISSING, text)
        body = {
            "sessionId": call.request["sessionId"],
            "messages": list(found.turn.messages),
            "interpretations": list(found.turn.interpretations),
            "sessionState": found.turn.session.to_json(now),
        }
        return Answer(body=body, engine=KEPT)

    def delete(self, call: Call) -> Answer:
        """DeleteSession: the conversation is forgotten."""
        place = self._place(call)
        with _Hold(self._held, self._lock, place.key):
            self._kept.pop(place.key, None)
        members = ("botId", "botAliasId", "localeId", "sessionId")
        return Answer(body={name: call.request[name] for name in members}, engine=KEPT)

    def _place(self, call: Call) -> Place:
        request, now = call.request, self.now()
        bot, alias = self.operations.alias(call.tenant, request["botId"], request["botAliasId"])
        version, locale_id = alias.record.get("botVersion"), request["localeId"]
        locales = None if version is None else bot.locales_of(version)
        if locales is None or locale_id not in locales:
            text = f"The alias {request['botAliasId']} has no locale {locale_id}"
            raise RefusedRequestError(MISSING, text)
        settings = (alias.record.get("botAliasLocaleSettings") or {}).get(locale_id)
        if settings is not None and not settings["enabled"]:
            text = f"The locale {locale_id} is not enabled for the alias"
            raise RefusedRequestError(WRONG, text)
        definition = locales[locale_id].definition(now)
        if definition is None or now < alias.ready:
            text = f"The bot is not ready: locale {locale_id} of version {version}"
            raise RefusedRequestError(_NOT_BUILT, text)
        key = (*call.tenant, bot.id, request["botAliasId"], locale_id, request["sessionId"])
        return Place(bot=bot, alias=alias, definition=definition, key=key)

    def _dialog(self, place: Place, request: Mapping[str, Any], now: float) -> Dialog:
        setting = Setting(language=place.definition.language, now=now)
        function = self._function(place)
        if function is None:
            return Dialog(definition=place.definition, setting=setting)
        bot, alias = place.bot, place.alias.record
        talk = Talk(
            bot={
                "id": bot.id,
                "name": bot.record["botName"],
                "aliasId": alias["botAliasId"],
                "aliasName": alias["botAliasName"],
                "localeId": place.definition.locale,
                "version": alias.get("botVersion", DRAFT),
            },
            alias_arn=alias_arn(bot.tenant, bot.id, alias["botAliasId"]),
            session_id=request["sessionId"],
            now=now,
            request_attributes=request.get("requestAttributes") or {},
        )
        hook = hook_of(function, talk, self.invoke)
        return Dialog(definition=place.definition, setting=setting, hook=hook)

    def _function(self, place: Place) -> str | None:
        settings = place.alias.record.get("botAliasLocaleSettings") or {}
        specification = (settings.get(place.definition.locale) or {}).get("codeHookSpecification")
        arn: str | None = (
            None if specification is None else specification["lambdaCodeHook"]["lambdaARN"]
        )
        return arn

    def _conversation(self, place: Place, now: float) -> Conversation:
        found = self._kept.get(place.key)
        return Conversation() if found is None or self._is_over(place, found, now) else found

    def _is_over(self, place: Place, conversation: Conversation, now: float) -> bool:
        idle: float = place.bot.record["idleSessionTTLInSeconds"]
        return now - conversation.spoken >= idle

    def _keep(self, place: Place, turn: Turn, now: float) -> None:
        self._kept[place.key] = Conversation(turn=turn, spoken=now)


class _Hold:
    """A session in the hands of one request; ConflictException for another one."""

    def __init__(self, held: set[_Key], lock: threading.Lock, key: _Key) -> None:
        self._held, self._lock, self._key = held, lock, key

    def __enter__(self) -> None:
        with self._lock:
            if self._key in self._held:
                text = "Two clients are using the same session: use one session for each user"
                raise RefusedRequestError(CONFLICT, text)
            self._held.add(self._key)

    def __exit__(self, *_: object) -> None:
        with self._lock:
            self._held.discard(self._key)


@lru_cache(maxsize=_MOST_MATCHERS)
def _matcher(definition: Definition) -> Matcher:
    return Matcher(definition=definition)


def _packed(value: Any) -> str:
    """A header of the runtime: JSON, compressed with gzip, in Base64."""
    return base64.b64encode(gzip.compress(json.dumps(value).encode(), mtime=0)).decode()


def _request_id() -> str:
    return str(uuid.uuid4())
