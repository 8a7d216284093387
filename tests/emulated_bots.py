"""A customer-service bot of the embedded cloud, made by the models' API, and talks with it."""

import uuid
from typing import Any

from emulator.server import EmbeddedCloud
from tests.polling import until

LOCALE = "en_US"
FULFILLING = """
import json
def handle(event, context):
    state = event["sessionState"]
    slots = {k: v and v["value"]["interpretedValue"] for k, v in state["intent"]["slots"].items()}
    attributes = {**state["sessionAttributes"], "seen": json.dumps([event["invocationSource"],
        event["bot"]["aliasName"], event["bot"]["version"], event["inputTranscript"], slots])}
    if event["invocationSource"] == "DialogCodeHook":
        return {"sessionState": {"sessionAttributes": attributes, "intent": state["intent"],
                                 "dialogAction": {"type": "Delegate"}}}
    if slots.get("Number") == "AB-000":
        raise ValueError("no such order")
    intent = {**state["intent"], "state": "Fulfilled"}
    said = "Order {} is on its way.".format(slots.get("Number"))
    return {"sessionState": {"sessionAttributes": attributes, "intent": intent,
                             "dialogAction": {"type": "Close"}},
            "messages": [{"contentType": "PlainText", "content": said}]}
"""


def speech(text: str, **more: Any) -> dict[str, Any]:
    """A response, or with `maxRetries` a prompt, of one message."""
    return {"messageGroups": [{"message": {"plainTextMessage": {"value": text}}}], **more}


def utterances(*texts: str) -> list[dict[str, str]]:
    """Sample utterances."""
    return [{"utterance": text} for text in texts]


class Shop:
    """A customer-service bot, made by the models' API."""

    def __init__(self, cloud: EmbeddedCloud, role: str) -> None:
        session = cloud.session()
        self.cloud = cloud
        self.models, self.runtime = session.client("lexv2-models"), session.client("lexv2-runtime")
        made = self.models.create_bot(
            botName=f"shop-{uuid.uuid4().hex[:8]}",
            roleArn=role,
            dataPrivacy={"childDirected": False},
            idleSessionTTLInSeconds=300,
            botTags={"team": "care"},
        )
        self.id = made["botId"]
        self.draft = {"botId": self.id, "botVersion": "DRAFT", "localeId": LOCALE}
        self.models.create_bot_locale(**self.draft, nluIntentConfidenceThreshold=0.4)
        self.order = self.intent("OrderStatus", "where is my order", "track order {Number}")
        self.slot(self.order, "Number", "AMAZON.AlphaNumeric", "Which order?")
        self.size = self.models.create_slot_type(
            **self.draft,
            slotTypeName="Size",
            slotTypeValues=[
                {"sampleValue": {"value": "small"}},
                {"sampleValue": {"value": "large"}, "synonyms": [{"value": "big"}]},
            ],
            valueSelectionSetting={"resolutionStrategy": "TopResolution"},
        )["slotTypeId"]

    def intent(self, name: str, *texts: str, **more: Any) -> str:
        """A new intent; its id."""
        made: str = self.models.create_intent(
            **self.draft, intentName=name, sampleUtterances=utterances(*texts), **more
        )["intentId"]
        return made

    def slot(self, intent: str, name: str, kind: str, question: str) -> None:
        """A new required slot, the next one of the intent."""
        made = self.models.create_slot(
            **self.draft,
            intentId=intent,
            slotName=name,
            slotTypeId=kind,
            valueElicitationSetting={
                "slotConstraint": "Required",
                "promptSpecification": speech(question, maxRetries=1),
            },
        )["slotId"]
        known = self.models.describe_intent(**self.draft, intentId=intent)
        order = known.get("slotPriorities", [])
        changed = [*order, {"priority": len(order) + 1, "slotId": made}]
        self.change(intent, slotPriorities=changed)

    def change(self, intent: str, **members: Any) -> None:
        """The intent with other members."""
        known = self.models.describe_intent(**self.draft, intentId=intent)
        dropped = {"ResponseMetadata", "creationDateTime", "lastUpdatedDateTime"}
        kept = {name: value for name, value in known.items() if name not in dropped}
        self.models.update_intent(**{**kept, **members})

    def status(self) -> Any:
        """DescribeBotLocale."""
        return self.models.describe_bot_locale(**self.draft)

    def build(self) -> Any:
        """The locale has been built, well or not."""
        self.models.build_bot_locale(**self.draft)
        return until(
            lambda: self.status() if self.status()["botLocaleStatus"] != "Building" else None,
            seconds=10,
            what="a build",
        )

    def version(self) -> str:
        """A version of the draft as it is."""
        made: str = self.models.create_bot_version(
            botId=self.id, botVersionLocaleSpecification={LOCALE: {"sourceBotVersion": "DRAFT"}}
        )["botVersion"]
        return made

    def alias(self, version: str, function: str | None = None) -> str:
        """A new alias of the version; its id."""
        settings: dict[str, Any] = {"enabled": True}
        if function is not None:
            hook = {"lambdaARN": function, "codeHookInterfaceVersion": "1.0"}
            settings["codeHookSpecification"] = {"lambdaCodeHook": hook}
        made = self.models.create_bot_alias(
            botId=self.id,
            botAliasName=f"a-{uuid.uuid4().hex[:8]}",
            botVersion=version,
            botAliasLocaleSettings={LOCALE: settings},
        )["botAliasId"]
        until(
            lambda: (
                self.models.describe_bot_alias(botId=self.id, botAliasId=made)["botAliasStatus"]
                == "Available"
                or None
            ),
            seconds=10,
            what="an alias",
        )
        return str(made)

    def alias_arn(self, alias: str) -> str:
        """Its ARN."""
        return f"arn:aws:lex:{self.cloud.region}:{self.cloud.account}:bot-alias/{self.id}/{alias}"


class Talk:
    """One user's session with an alias."""

    def __init__(self, shop: Shop, alias: str) -> None:
        self._runtime = shop.runtime
        self.where = {
            "botId": shop.id,
            "botAliasId": alias,
            "localeId": LOCALE,
            "sessionId": uuid.uuid4().hex,
        }

    def say(self, text: str, **more: Any) -> Any:
        """The answer to the text."""
        return self._runtime.recognize_text(**self.where, text=text, **more)

    def heard(self, text: str) -> tuple[list[str], str, str]:
        """What is said to the text; the dialog action; the intent with its state."""
        answer = self.say(text)
        state = answer["sessionState"]
        intent = f"{state['intent']['name']} {state['intent']['state']}"
        said = [message["content"] for message in answer["messages"]]
        return said, state["dialogAction"]["type"], intent
