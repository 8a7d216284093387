"""Bots on AWS: each arm has one of its own, with a version of each text of its file and an alias.

A version cannot be changed (CloudFormation has no update of it), so that its logical id is of its
content: another file is another version of the bot in its slot, and the alias points at it. Bots
that nobody asks cost nothing; an account has 100 of them (Lex V2 developer guide, "Guidelines and
quotas"). The queue of those who wait for a person is shared.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tidegate.ai.kind import Operation, Own, Place, Resources, Rights, unbilled
from tidegate.ai.lex.botfile import IntentFile, LocaleFile, SlotFile, bot_of
from tidegate.ai.lex.settings import LexSettings
from tidegate.ai.roles import role_of

BOT, ALIAS, QUEUE = "bot", "alias", "handovers"
"""What functions are told of: ids of an arm's bot and alias, and the queue's URL."""
ALIAS_NAME = "live"
"""What the alias of each bot is called."""
HIDDEN_SECONDS = 900
"""How long a conversation is one person's; then it is given to the next who asks."""
_ROLE_ID, _QUEUE_ID = "BotRole", "Handovers"
_FORTNIGHT_SECONDS = 1_209_600
_RETRIES = 1
_LEX = "arn:${AWS::Partition}:lex:${AWS::Region}:${AWS::AccountId}"
Json = dict[str, Any]


def resources(_settings: LexSettings, _place: Place) -> Resources:
    """What all arms share: Lex's own role, and the queue of those who wait for a person."""
    return Resources(
        # Texts need no right of the role.
        templates={_ROLE_ID: role_of("lexv2.amazonaws.com", {}), **_queue()},
        told={QUEUE: f"${{{_QUEUE_ID}}}"},
        acknowledged={
            _QUEUE_ID: {
                "SQS3": "people take its messages: whoever nobody answers within 14 days has been "
                "told so, and no message is ever poisonous"
            }
        },
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Ids:
    """The logical ids of an arm's bot, which end in its slot, if it has one."""

    slot: str

    @property
    def bot(self) -> str:
        return f"Bot{self.slot.capitalize()}"

    @property
    def alias(self) -> str:
        return f"Alias{self.slot.capitalize()}"

    def version(self, locales: list[Json]) -> str:
        return f"Version{_digest(locales)}{self.slot.capitalize()}"

    @property
    def permission(self) -> str:
        return f"BotPermission{self.slot.capitalize()}"


def own(settings: LexSettings, place: Place, slot: str) -> Own:
    """The bot in a slot; of a service without slots, the only one."""
    ids, bot = _Ids(slot=slot), bot_of(settings.bot)
    locales = [_locale(locale_id, locale) for locale_id, locale in bot.locales.items()]
    named = f"{place.prefix}-{slot}" if slot else place.prefix
    version = ids.version(locales)
    asked = tuple(_runtime(name, ids) for name in ("RecognizeText", "DeleteSession"))
    return Own(
        resources=Resources(
            templates={
                ids.bot: _bot(settings, named, locales),
                version: _version(ids, list(bot.locales)),
                ids.alias: _alias(settings, ids, version, list(bot.locales)),
                **_permission(settings, ids),
            },
            told={BOT: f"${{{ids.bot}}}", ALIAS: f"${{{ids.alias}.BotAliasId}}"},
        ),
        door=Rights(calls=(*asked, _runtime("PutSession", ids))),
        work=Rights(calls=asked),
    )


def _texts(_given: Mapping[str, Any]) -> int:
    return 1


def _runtime(name: str, ids: _Ids) -> Operation:
    """Lex bills texts; sessions are free."""
    return Operation(
        service="lexv2-runtime",
        name=name,
        action=f"lex:{name}",
        resource=f"{_LEX}:bot-alias/${{{ids.bot}}}/${{{ids.alias}.BotAliasId}}",
        unit="texts",
        units=_texts if name == "RecognizeText" else unbilled,
    )


def function_arn(name: str) -> str:
    """The ARN of a function beside the service."""
    return f"arn:${{AWS::Partition}}:lambda:${{AWS::Region}}:${{AWS::AccountId}}:function:{name}"


def queue_arn() -> str:
    """The queue of those who wait for a person."""
    return f"${{{_QUEUE_ID}.Arn}}"


def _digest(locales: list[Json]) -> str:
    content = json.dumps(locales, sort_keys=True).encode()
    return hashlib.sha256(content).hexdigest()[:12]


def _bot(settings: LexSettings, name: str, locales: list[Json]) -> Json:
    return {
        "Type": "AWS::Lex::Bot",
        "Properties": {
            "Name": name,
            "RoleArn": {"Fn::GetAtt": [_ROLE_ID, "Arn"]},
            "DataPrivacy": {"ChildDirected": False},
            "IdleSessionTTLInSeconds": 60 * settings.session_minutes,
            "AutoBuildBotLocales": True,
            "BotLocales": locales,
        },
    }


def _version(ids: _Ids, locales: list[str]) -> Json:
    drafts = [
        {"LocaleId": locale, "BotVersionLocaleDetails": {"SourceBotVersion": "DRAFT"}}
        for locale in locales
    ]
    return {
        "Type": "AWS::Lex::BotVersion",
        "DeletionPolicy": "Retain",
        "UpdateReplacePolicy": "Retain",
        "Properties": {"BotId": {"Ref": ids.bot}, "BotVersionLocaleSpecification": drafts},
    }


def _alias(settings: LexSettings, ids: _Ids, version: str, locales: list[str]) -> Json:
    setting: Json = {"Enabled": True}
    if settings.function is not None:
        hook = {
            "CodeHookInterfaceVersion": "1.0",
            "LambdaArn": {"Fn::Sub": function_arn(settings.function)},
        }
        setting["CodeHookSpecification"] = {"LambdaCodeHook": hook}
    return {
        "Type": "AWS::Lex::BotAlias",
        "Properties": {
            "BotId": {"Ref": ids.bot},
            "BotAliasName": ALIAS_NAME,
            "BotVersion": {"Fn::GetAtt": [version, "BotVersion"]},
            "BotAliasLocaleSettings": [
                {"LocaleId": locale, "BotAliasLocaleSetting": setting} for locale in locales
            ],
        },
    }


def _permission(settings: LexSettings, ids: _Ids) -> Mapping[str, Json]:
    if settings.function is None:
        return {}
    properties = {
        "Action": "lambda:InvokeFunction",
        "FunctionName": {"Fn::Sub": function_arn(settings.function)},
        "Principal": "lexv2.amazonaws.com",
        "SourceAccount": {"Ref": "AWS::AccountId"},
        "SourceArn": {"Fn::Sub": f"{_LEX}:bot-alias/${{{ids.bot}}}/*"},
    }
    return {ids.permission: {"Type": "AWS::Lambda::Permission", "Properties": properties}}


def _queue() -> Mapping[str, Json]:
    only_tls = {
        "Effect": "Deny",
        "Principal": {"AWS": "*"},
        "Action": "sqs:*",
        "Resource": {"Fn::GetAtt": [_QUEUE_ID, "Arn"]},
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }
    return {
        _QUEUE_ID: {
            "Type": "AWS::SQS::Queue",
            "Properties": {
                "SqsManagedSseEnabled": True,
                "MessageRetentionPeriod": _FORTNIGHT_SECONDS,
                "VisibilityTimeout": HIDDEN_SECONDS,
            },
        },
        f"{_QUEUE_ID}Policy": {
            "Type": "AWS::SQS::QueuePolicy",
            "Properties": {
                "Queues": [{"Ref": _QUEUE_ID}],
                "PolicyDocument": {"Version": "2012-10-17", "Statement": [only_tls]},
            },
        },
    }


def _locale(locale_id: str, locale: LocaleFile) -> Json:
    return {
        "LocaleId": locale_id,
        "NluConfidenceThreshold": locale.confidence,
        "SlotTypes": [_type(name, values) for name, values in locale.types.items()],
        "Intents": [
            *(_intent(name, intent, locale) for name, intent in locale.intents.items()),
            {
                "Name": "FallbackIntent",
                "ParentIntentSignature": "AMAZON.FallbackIntent",
                "IntentClosingSetting": {"ClosingResponse": _says(locale.fallback)},
            },
        ],
    }


def _type(name: str, values: Mapping[str, tuple[str, ...]]) -> Json:
    """Only values of the list are taken, as the file's author meant."""
    entries: list[Json] = []
    for value, synonyms in values.items():
        entry: Json = {"SampleValue": {"Value": value}}
        if synonyms:
            entry["Synonyms"] = [{"Value": synonym} for synonym in synonyms]
        entries.append(entry)
    return {
        "Name": name,
        "SlotTypeValues": entries,
        "ValueSelectionSetting": {"ResolutionStrategy": "TOP_RESOLUTION"},
    }


def _intent(name: str, intent: IntentFile, locale: LocaleFile) -> Json:
    made: Json = {
        "Name": name,
        "SampleUtterances": [{"Utterance": text} for text in intent.says],
    }
    if intent.slots:
        made["Slots"] = [_slot(slot_name, slot) for slot_name, slot in intent.slots.items()]
        made["SlotPriorities"] = [
            {"Priority": place, "SlotName": slot_name}
            for place, slot_name in enumerate(intent.slots, start=1)
        ]
    if intent.confirm is not None:
        declined = "Never mind, then." if intent.declined is None else intent.declined
        made["IntentConfirmationSetting"] = {
            "PromptSpecification": {**_says(intent.confirm), "MaxRetries": _RETRIES},
            "DeclinationResponse": _says(declined),
        }
    end = locale.handover if intent.person else intent.done
    if end is not None:
        made["IntentClosingSetting"] = {"ClosingResponse": _says(end)}
    if intent.function:
        made["FulfillmentCodeHook"] = {"Enabled": True}
    if intent.checked:
        made["DialogCodeHook"] = {"Enabled": True}
    return made


def _slot(name: str, slot: SlotFile) -> Json:
    return {
        "Name": name,
        "SlotTypeName": slot.type,
        "ValueElicitationSetting": {
            "SlotConstraint": "Optional" if slot.optional else "Required",
            "PromptSpecification": {**_says(slot.ask), "MaxRetries": slot.again},
        },
    }


def _says(text: str) -> Json:
    return {"MessageGroupsList": [{"Message": {"PlainTextMessage": {"Value": text}}}]}
