"""A bot of Lex V2 as CloudFormation makes it on the embedded cloud: versions stay, aliases move."""

import json
import uuid
from collections.abc import Callable
from typing import Any

from emulator.server import EmbeddedCloud
from tests.emulated_bots import FULFILLING, LOCALE
from tests.polling import until


def template(bot_name: str, role: str, function: str, *texts: str) -> dict[str, Any]:
    """A bot of one intent with a version of its words and an alias `live` of that version."""
    digest = uuid.uuid5(uuid.NAMESPACE_URL, "".join(texts)).hex[:8]
    draft = {"LocaleId": LOCALE, "BotVersionLocaleDetails": {"SourceBotVersion": "DRAFT"}}
    return {
        "Bot": {
            "Type": "AWS::Lex::Bot",
            "Properties": {
                "Name": bot_name,
                "RoleArn": role,
                "DataPrivacy": {"ChildDirected": False},
                "IdleSessionTTLInSeconds": 300,
                "AutoBuildBotLocales": True,
                "BotLocales": [_locale(*texts)],
            },
        },
        f"Version{digest}": {
            "Type": "AWS::Lex::BotVersion",
            "DeletionPolicy": "Retain",
            "Properties": {"BotId": {"Ref": "Bot"}, "BotVersionLocaleSpecification": [draft]},
        },
        "Live": _live(f"Version{digest}", function),
        "Permission": {
            "Type": "AWS::Lambda::Permission",
            "Properties": {
                "Action": "lambda:InvokeFunction",
                "FunctionName": function,
                "Principal": "lexv2.amazonaws.com",
                "SourceArn": {"Fn::GetAtt": ["Live", "Arn"]},
            },
        },
    }


def _locale(*texts: str) -> dict[str, Any]:
    prompt = {"MessageGroupsList": speech_of("Which order?"), "MaxRetries": 1}
    slot = {
        "Name": "Number",
        "SlotTypeName": "Code",
        "ValueElicitationSetting": {"SlotConstraint": "Required", "PromptSpecification": prompt},
    }
    intent = {
        "Name": "OrderStatus",
        "SampleUtterances": [{"Utterance": text} for text in texts],
        "Slots": [slot],
        "SlotPriorities": [{"Priority": 1, "SlotName": "Number"}],
        "FulfillmentCodeHook": {"Enabled": True},
    }
    fallback = {"Name": "FallbackIntent", "ParentIntentSignature": "AMAZON.FallbackIntent"}
    closing = {"ClosingResponse": {"MessageGroupsList": speech_of("A person will call you.")}}
    code = {
        "Name": "Code",
        "ParentSlotTypeSignature": "AMAZON.AlphaNumeric",
        "ValueSelectionSetting": {
            "ResolutionStrategy": "ORIGINAL_VALUE",
            "RegexFilter": {"Pattern": "[A-Z]{2}-[0-9]{3}"},
        },
    }
    return {
        "LocaleId": LOCALE,
        "NluConfidenceThreshold": 0.4,
        "SlotTypes": [code],
        "Intents": [intent, {**fallback, "IntentClosingSetting": closing}],
    }


def _live(version: str, function: str) -> dict[str, Any]:
    hook = {"LambdaCodeHook": {"CodeHookInterfaceVersion": "1.0", "LambdaArn": function}}
    setting = {"Enabled": True, "CodeHookSpecification": hook}
    return {
        "Type": "AWS::Lex::BotAlias",
        "Properties": {
            "BotId": {"Ref": "Bot"},
            "BotAliasName": "live",
            "BotVersion": {"Fn::GetAtt": [version, "BotVersion"]},
            "BotAliasLocaleSettings": [{"LocaleId": LOCALE, "BotAliasLocaleSetting": setting}],
        },
    }


def speech_of(text: str) -> list[dict[str, Any]]:
    """Message groups of one message, as templates have them."""
    return [{"Message": {"PlainTextMessage": {"Value": text}}}]


def test_a_stack_makes_what_the_runtime_reads(
    make_role: Callable[..., str], make_function: Callable[..., str], ground_cloud: EmbeddedCloud
) -> None:
    """Bot, version and alias; an update moves the alias to a new version and keeps the old one."""
    session = ground_cloud.session()
    client, runtime = session.client("cloudformation"), session.client("lexv2-runtime")
    role = make_role("lexv2")
    name, function = f"bot-{uuid.uuid4().hex[:8]}", make_function(FULFILLING)

    def put(operation: str, *texts: str) -> tuple[str, dict[str, str]]:
        body = {
            "Resources": template(name, role, function, *texts),
            "Outputs": {
                "Bot": {"Value": {"Ref": "Bot"}},
                "Alias": {"Value": {"Fn::GetAtt": ["Live", "BotAliasId"]}},
            },
        }
        getattr(client, operation)(StackName=name, TemplateBody=json.dumps(body))

        def rest() -> Any:
            (stack,) = client.describe_stacks(StackName=name)["Stacks"]
            return None if stack["StackStatus"].endswith("_IN_PROGRESS") else stack

        stack = until(rest, seconds=30, what="a stack at rest")
        outputs = {o["OutputKey"]: o["OutputValue"] for o in stack.get("Outputs", [])}
        return stack["StackStatus"], outputs

    status, outputs = put("create_stack", "where is my order", "track order {Number}")
    reasons = [
        e.get("ResourceStatusReason")
        for e in client.describe_stack_events(StackName=name)["StackEvents"]
    ]
    assert status == "CREATE_COMPLETE", reasons
    where = {"botId": outputs["Bot"], "botAliasId": outputs["Alias"], "localeId": LOCALE}

    def said(text: str) -> str:
        answer = runtime.recognize_text(**where, sessionId=uuid.uuid4().hex, text=text)
        return str(answer["messages"][0]["content"])

    assert said("track order AB-123") == "Order AB-123 is on its way."
    assert said("I am cross with you") == "A person will call you."
    status, outputs = put("update_stack", "where is my order", "cross with you")
    assert status == "UPDATE_COMPLETE"
    assert said("I am cross with you") == "Which order?"
    listed = session.client("lexv2-models").list_bot_versions(botId=outputs["Bot"])[
        "botVersionSummaries"
    ]
    assert [version["botVersion"] for version in listed] == ["DRAFT", "1", "2"]
    status, _ = put("update_stack", "cross with {Nobody}")
    assert status == "UPDATE_ROLLBACK_COMPLETE"
    assert said("I am cross with you") == "Which order?"
