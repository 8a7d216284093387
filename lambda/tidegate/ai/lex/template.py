"""The bot on AWS: its draft, a version of each text of its file, and the alias of the newest.

A version cannot be changed (CloudFormation has no update of it), so that its logical id is of its
content: another file is another version, and the ones before stay for whoever must go back.
The alias `live` is none of the template's: a release moves it, and no deploy puts it back.
"""

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from tidegate.ai.kind import Place, Resources
from tidegate.ai.lex.botfile import IntentFile, LocaleFile, SlotFile, bot_of
from tidegate.ai.lex.settings import LexSettings
from tidegate.ai.roles import role_of

BOT, NEXT, QUEUE, COUNTED = "bot", "next", "handovers", "counted"
"""What functions are told of: the bot's id, the alias's id, the queue's URL, and what metrics of
the service are counted under."""
NEXT_ALIAS, LIVE_ALIAS = "next", "live"
"""Names of aliases: of the version that was deployed last, and of the one that users meet."""
HIDDEN_SECONDS = 900
"""How long a conversation is one person's; then it is given to the next who asks."""
_BOT_ID, _ALIAS_ID, _ROLE_ID, _QUEUE_ID = "Bot", "NextAlias", "BotRole", "Handovers"
_FORTNIGHT_SECONDS = 1_209_600
_RETRIES = 1
Json = dict[str, Any]


def resources(settings: LexSettings, place: Place) -> Resources:
    """All of it, and the queue of those who wait for a person."""
    bot = bot_of(settings.bot)
    locales = [_locale(locale_id, locale) for locale_id, locale in bot.locales.items()]
    version = f"Version{_digest(locales)}"
    return Resources(
        templates={
            # Lex's own; texts need no right of it.
            _ROLE_ID: role_of("lexv2.amazonaws.com", {}),
            _BOT_ID: _bot(settings, place, locales),
            version: _version(list(bot.locales)),
            _ALIAS_ID: _alias(settings, version, list(bot.locales)),
            **_permission(settings),
            **_queue(),
        },
        told={
            BOT: f"${{{_BOT_ID}}}",
            NEXT: f"${{{_ALIAS_ID}.BotAliasId}}",
            QUEUE: f"${{{_QUEUE_ID}}}",
            COUNTED: place.prefix,
        },
        acknowledged={
            _QUEUE_ID: {
                "SQS3": "people take its messages: whoever nobody answers within 14 days has been "
                "told so, and no message is ever poisonous"
            }
        },
    )


def function_arn(name: str) -> str:
    """The ARN of a function beside the service."""
    return f"arn:${{AWS::Partition}}:lambda:${{AWS::Region}}:${{AWS::AccountId}}:function:{name}"


def aliases_arn() -> str:
    """Any alias of the bot."""
    where = "arn:${AWS::Partition}:lex:${AWS::Region}:${AWS::AccountId}"
    return f"{where}:bot-alias/${{{_BOT_ID}}}/*"


def bot_arn() -> str:
    """The bot."""
    where = "arn:${AWS::Partition}:lex:${AWS::Region}:${AWS::AccountId}"
    return f"{where}:bot/${{{_BOT_ID}}}"


def queue_arn() -> str:
    """The queue of those who wait for a person."""
    return f"${{{_QUEUE_ID}.Arn}}"


def _digest(locales: list[Json]) -> str:
    content = json.dumps(locales, sort_keys=True).encode()
    return hashlib.sha256(content).hexdigest()[:12]


def _bot(settings: LexSettings, place: Place, locales: list[Json]) -> Json:
    return {
        "Type": "AWS::Lex::Bot",
        "Properties": {
            "Name": place.prefix,
            "RoleArn": {"Fn::GetAtt": [_ROLE_ID, "Arn"]},
            "DataPrivacy": {"ChildDirected": False},
            "IdleSessionTTLInSeconds": 60 * settings.session_minutes,
            "AutoBuildBotLocales": True,
            "BotLocales": locales,
        },
    }


def _version(locales: list[str]) -> Json:
    drafts = [
        {"LocaleId": locale, "BotVersionLocaleDetails": {"SourceBotVersion": "DRAFT"}}
        for locale in locales
    ]
    return {
        "Type": "AWS::Lex::BotVersion",
        "DeletionPolicy": "Retain",
        "UpdateReplacePolicy": "Retain",
        "Properties": {"BotId": {"Ref": _BOT_ID}, "BotVersionLocaleSpecification": drafts},
    }


def _alias(settings: LexSettings, version: str, locales: list[str]) -> Json:
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
            "BotId": {"Ref": _BOT_ID},
            "BotAliasName": NEXT_ALIAS,
            "BotVersion": {"Fn::GetAtt": [version, "BotVersion"]},
            "BotAliasLocaleSettings": [
                {"LocaleId": locale, "BotAliasLocaleSetting": setting} for locale in locales
            ],
        },
    }


def _permission(settings: LexSettings) -> Mapping[str, Json]:
    if settings.function is None:
        return {}
    properties = {
        "Action": "lambda:InvokeFunction",
        "FunctionName": {"Fn::Sub": function_arn(settings.function)},
        "Principal": "lexv2.amazonaws.com",
        "SourceAccount": {"Ref": "AWS::AccountId"},
        "SourceArn": {"Fn::Sub": aliases_arn()},
    }
    return {"BotPermission": {"Type": "AWS::Lambda::Permission", "Properties": properties}}


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
