"""Lex V2 of the embedded cloud, as a client with boto3 sees it: bots, versions, conversations."""

import base64
import gzip
import json
import uuid
from collections.abc import Callable
from typing import Any

import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from emulator.ai.faults import Faults
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


@pytest.fixture(scope="module")
def lex_role(make_role: Callable[..., str]) -> str:
    """A role for Lex."""
    return make_role("lexv2")


@pytest.fixture(scope="module")
def shop(ground_cloud: EmbeddedCloud, lex_role: str) -> Shop:
    """A bot that was built once, with a version 1."""
    made = Shop(ground_cloud, lex_role)
    made.intent(
        "BuyShirt",
        "I want to buy a shirt",
        "buy a {Size} shirt",
        intentConfirmationSetting={
            "promptSpecification": speech("A {Size} shirt. Shall I order it?", maxRetries=1),
            "declinationResponse": speech("As you like."),
        },
        intentClosingSetting={"closingResponse": speech("Done.")},
    )
    known = made.models.list_intents(**made.draft)["intentSummaries"]
    buy = next(i["intentId"] for i in known if i["intentName"] == "BuyShirt")
    made.slot(buy, "Size", made.size, "Which size?")
    assert made.build()["botLocaleStatus"] == "Built"
    assert made.version() == "1"
    return made


@pytest.fixture(scope="module")
def first(shop: Shop) -> str:
    """An alias of version 1 without a function."""
    return shop.alias("1")


def refused(call: Callable[..., Any], **request: Any) -> tuple[str, str]:
    """Code and sentence of the error."""
    with pytest.raises(ClientError) as caught:
        call(**request)
    error = caught.value.response["Error"]
    return str(error["Code"]), str(error["Message"])


def test_slots_are_asked_for_and_the_intent_confirmed(shop: Shop, first: str) -> None:
    """A synonym is understood; the closing response ends it."""
    talk = Talk(shop, first)
    assert talk.heard("I'd like to buy a shirt, please") == (
        ["Which size?"],
        "ElicitSlot",
        "BuyShirt InProgress",
    )
    said, action, _ = talk.heard("a big one")
    assert (said, action) == (["A large shirt. Shall I order it?"], "ConfirmIntent")
    assert talk.heard("yes") == (["Done."], "Close", "BuyShirt ReadyForFulfillment")


def test_a_slot_in_the_utterance_is_not_asked_for(shop: Shop, first: str) -> None:
    """The answer has the value as it was said, and as it is meant."""
    answer = Talk(shop, first).say("buy a big shirt")
    size = answer["sessionState"]["intent"]["slots"]["Size"]["value"]
    assert (size["originalValue"], size["interpretedValue"]) == ("big", "large")
    best = answer["interpretations"][0]
    assert best["nluConfidence"]["score"] == 1.0
    headers = answer["ResponseMetadata"]["HTTPHeaders"]
    assert headers["x-emulated-engine"] == "rapidfuzz+dateparser+text2num"


def test_a_declined_intent_fails(shop: Shop, first: str) -> None:
    """With the response for that."""
    talk = Talk(shop, first)
    talk.say("buy a small shirt")
    assert talk.heard("no thanks") == (["As you like."], "Close", "BuyShirt Failed")


def test_a_question_is_repeated_and_then_the_fallback_intent_takes_over(
    shop: Shop, first: str
) -> None:
    """As often as the prompt says."""
    talk = Talk(shop, first)
    talk.say("buy a shirt")
    assert talk.heard("qwertz")[:2] == (["Which size?"], "ElicitSlot")
    assert talk.heard("uiop")[2] == "FallbackIntent ReadyForFulfillment"


def test_what_fits_no_intent_is_the_fallback_intent(shop: Shop, first: str) -> None:
    """A conversation may change its subject, and come to none."""
    talk = Talk(shop, first)
    assert talk.heard("what is the weather on mars")[2] == "FallbackIntent ReadyForFulfillment"
    talk.say("buy a shirt")
    assert talk.heard("where is my order")[2] == "OrderStatus InProgress"


def test_the_alias_function_fulfills_as_far_as_its_policy_lets_lex(
    shop: Shop, make_function: Callable[..., str], ground_cloud: EmbeddedCloud
) -> None:
    """It gets Lex's event; without the permission, or when it fails, the call does."""
    shop.change(shop.order, fulfillmentCodeHook={"enabled": True}, dialogCodeHook={"enabled": True})
    assert shop.build()["botLocaleStatus"] == "Built"
    function = make_function(FULFILLING)
    version = shop.version()
    alias = shop.alias(version, function)
    code, text = refused(Talk(shop, alias).say, text="track order AB-123")
    assert code == "DependencyFailedException"
    assert "check the policy" in text
    ground_cloud.session().client("lambda").add_permission(
        FunctionName=function,
        StatementId="lex",
        Action="lambda:InvokeFunction",
        Principal="lexv2.amazonaws.com",
        SourceArn=shop.alias_arn(alias),
    )
    talk = Talk(shop, alias)
    assert talk.heard("where's my order?")[0] == ["Which order?"]
    answer = talk.say("AB-123")
    state = answer["sessionState"]
    assert (state["intent"]["state"], state["dialogAction"]["type"]) == ("Fulfilled", "Close")
    assert answer["messages"][0]["content"] == "Order AB-123 is on its way."
    name = shop.models.describe_bot_alias(botId=shop.id, botAliasId=alias)["botAliasName"]
    assert json.loads(state["sessionAttributes"]["seen"]) == [
        "FulfillmentCodeHook",
        name,
        version,
        "AB-123",
        {"Number": "AB-123"},
    ]
    code, text = refused(Talk(shop, alias).say, text="track order AB-000")
    assert (code, "no such order" in text) == ("DependencyFailedException", True)


def test_a_version_never_changes_and_an_alias_is_moved(shop: Shop, first: str) -> None:
    """What the draft learns later, only a later version knows."""
    shop.intent("Hours", "when are you open", intentClosingSetting={"closingResponse": speech("9")})
    assert shop.status()["botLocaleStatus"] == "NotBuilt"
    text = refused(shop.version)[1]
    assert "must be built first" in text
    assert shop.build()["botLocaleStatus"] == "Built"
    newer = shop.version()
    alias = shop.alias("1")
    assert Talk(shop, alias).heard("when are you open")[2].startswith("FallbackIntent")
    named = shop.models.describe_bot_alias(botId=shop.id, botAliasId=alias)
    shop.models.update_bot_alias(
        botId=shop.id,
        botAliasId=alias,
        botAliasName=named["botAliasName"],
        botVersion=newer,
        botAliasLocaleSettings=named["botAliasLocaleSettings"],
    )
    assert Talk(shop, alias).heard("when are you open") == (
        ["9"],
        "Close",
        "Hours ReadyForFulfillment",
    )
    history = shop.models.describe_bot_alias(botId=shop.id, botAliasId=alias)
    moved = [event["botVersion"] for event in history["botAliasHistoryEvents"]]
    assert moved == [newer, "1"]
    code, _ = refused(shop.models.delete_bot_version, botId=shop.id, botVersion=newer)
    assert code == "PreconditionFailedException"
    versions = shop.models.list_bot_versions(botId=shop.id)["botVersionSummaries"]
    assert versions[0]["botVersion"] == "DRAFT"


def test_a_session_is_read_set_deleted_and_forgotten(shop: Shop, first: str) -> None:
    """By the cloud's clock, after the bot's idle time."""
    talk = Talk(shop, first)
    runtime = shop.runtime
    assert refused(runtime.get_session, **talk.where)[0] == "ResourceNotFoundException"
    talk.say("buy a shirt", sessionState={"sessionAttributes": {"user": "ann"}})
    kept = runtime.get_session(**talk.where)
    assert kept["sessionState"]["sessionAttributes"] == {"user": "ann"}
    assert kept["messages"][0]["content"] == "Which size?"
    slot = {"shape": "Scalar", "value": {"interpretedValue": "small", "originalValue": "small"}}
    intent = {"name": "BuyShirt", "slots": {"Size": slot}, "state": "InProgress"}
    answer = runtime.put_session(
        **talk.where,
        sessionState={"intent": intent, "dialogAction": {"type": "Delegate"}},
    )
    said = json.loads(gzip.decompress(base64.b64decode(answer["messages"])))
    assert said[0]["content"] == "A small shirt. Shall I order it?"
    assert talk.heard("yes")[1] == "Close"
    runtime.delete_session(**talk.where)
    assert refused(runtime.get_session, **talk.where)[0] == "ResourceNotFoundException"


@pytest.mark.accept
def test_an_idle_session_is_forgotten(shop: Shop, first: str) -> None:
    """Three hundred seconds of the cloud's are fifteen of the wall's."""
    talk = Talk(shop, first)
    talk.say("buy a shirt")
    until(lambda: not _has_session(shop, talk) or None, seconds=25, what="the end of the session")


def _has_session(shop: Shop, talk: Talk) -> bool:
    try:
        shop.runtime.get_session(**talk.where)
    except ClientError:
        return False
    return True


def test_a_build_names_all_that_is_wrong(ground_cloud: EmbeddedCloud, lex_role: str) -> None:
    """And can be told to fail."""
    broken = Shop(ground_cloud, lex_role)
    broken.intent("Other", "track order {Number}")
    broken.intent("Empty")
    failed = broken.build()
    assert failed["botLocaleStatus"] == "Failed"
    text = " ".join(failed["failureReasons"])
    assert "Other has no slot Number" in text
    assert "Empty has no sample utterance" in text
    assert "have the same utterance" in text
    once = Config(retries={"total_max_attempts": 1})
    broken.runtime = ground_cloud.session().client("lexv2-runtime", config=once)
    code, _ = refused(Talk(broken, "TSTALIASID").say, text="hello")
    assert code == "BadGatewayException"


def test_faults_fail_builds_and_throttle_texts(
    shop: Shop, first: str, ground_cloud: EmbeddedCloud
) -> None:
    """Each service by its own name."""
    ground_cloud.set_faults("lexv2-models", Faults(failed_jobs=1.0))
    try:
        assert shop.build()["botLocaleStatus"] == "Failed"
    finally:
        ground_cloud.set_faults("lexv2-models", Faults())
    assert shop.build()["botLocaleStatus"] == "Built"
    once = Config(retries={"total_max_attempts": 1})
    client = ground_cloud.session().client("lexv2-runtime", config=once)
    ground_cloud.set_faults("lexv2-runtime", Faults(throttled=1.0))
    try:
        code, _ = refused(client.recognize_text, **Talk(shop, first).where, text="buy a shirt")
    finally:
        ground_cloud.set_faults("lexv2-runtime", Faults())
    assert code == "ThrottlingException"


@pytest.mark.parametrize(
    ("part", "says"),
    [
        ({"parentIntentSignature": "AMAZON.QnAIntent"}, "AMAZON.QnAIntent"),
        (
            {
                "intentClosingSetting": {
                    "closingResponse": speech("x"),
                    "nextStep": {"dialogAction": {"type": "EndConversation"}},
                }
            },
            "next steps",
        ),
    ],
)
def test_what_the_engine_cannot_do_is_refused(shop: Shop, part: dict[str, Any], says: str) -> None:
    """By an error that AWS does not have."""
    request = {**shop.draft, "intentName": "X", **part}
    code, text = refused(shop.models.create_intent, **request)
    assert code == "NotEmulatedException"
    assert says in text


def test_wrong_requests_have_aws_errors(shop: Shop, lex_role: str) -> None:
    """Names that exist, things that do not, members that the model forbids."""
    models = shop.models
    named = models.describe_bot(botId=shop.id)["botName"]
    request = {
        "roleArn": lex_role,
        "dataPrivacy": {"childDirected": False},
        "idleSessionTTLInSeconds": 300,
    }
    assert refused(models.create_bot, botName=named, **request)[0] == "ConflictException"
    wrong = {**request, "idleSessionTTLInSeconds": 86_401, "botName": "a b"}
    code, text = refused(models.create_bot, **wrong)
    assert (code, text[:1]) == ("ValidationException", "2")
    assert refused(models.describe_bot, botId="A" * 10)[0] == "ResourceNotFoundException"
    assert (
        refused(
            models.create_bot_locale,
            **{**shop.draft, "localeId": "xx_XX"},
            nluIntentConfidenceThreshold=0.4,
        )[0]
        == "ValidationException"
    )
    assert refused(models.delete_slot_type, **shop.draft, slotTypeId=shop.size)[0] == (
        "PreconditionFailedException"
    )


def test_lists_are_filtered_and_paged(shop: Shop) -> None:
    """Intents by a part of their name, two to a page."""
    request = {**shop.draft, "maxResults": 1}
    names: list[str] = []
    while True:
        page = shop.models.list_intents(**request)
        names += [intent["intentName"] for intent in page["intentSummaries"]]
        if "nextToken" not in page:
            break
        request["nextToken"] = page["nextToken"]
    assert {"FallbackIntent", "OrderStatus", "BuyShirt"} <= set(names)
    only = [{"name": "IntentName", "values": ["Order"], "operator": "CO"}]
    found = shop.models.list_intents(**shop.draft, filters=only)["intentSummaries"]
    assert [intent["intentName"] for intent in found] == ["OrderStatus"]
    arn = f"arn:aws:lex:{shop.cloud.region}:{shop.cloud.account}:bot/{shop.id}"
    assert shop.models.list_tags_for_resource(resourceARN=arn)["tags"] == {"team": "care"}


def test_a_role_may_talk_to_one_alias_only(
    shop: Shop, first: str, ground_cloud: EmbeddedCloud
) -> None:
    """`lex:RecognizeText` is asked for on the alias."""
    iam, name = ground_cloud.session().client("iam"), f"user-{uuid.uuid4().hex[:8]}"
    iam.create_user(UserName=name)
    statement = {
        "Effect": "Allow",
        "Action": "lex:RecognizeText",
        "Resource": shop.alias_arn(first),
    }
    document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    iam.put_user_policy(UserName=name, PolicyName="p", PolicyDocument=document)
    key = iam.create_access_key(UserName=name)["AccessKey"]
    client = ground_cloud.session().client(
        "lexv2-runtime",
        aws_access_key_id=key["AccessKeyId"],
        aws_secret_access_key=key["SecretAccessKey"],
    )
    where = Talk(shop, first).where
    assert client.recognize_text(**where, text="hello")["sessionId"]
    code, text = refused(
        client.recognize_text, **{**where, "botAliasId": "TSTALIASID"}, text="hello"
    )
    assert code == "AccessDeniedException"
    assert "lex:RecognizeText" in text


def template(bot_name: str, role: str, function: str, *texts: str) -> dict[str, Any]:
    """A bot of one intent with a version of its words and an alias `live` of that version."""
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
    locale = {
        "LocaleId": LOCALE,
        "NluConfidenceThreshold": 0.4,
        "SlotTypes": [code],
        "Intents": [intent, {**fallback, "IntentClosingSetting": closing}],
    }
    digest = uuid.uuid5(uuid.NAMESPACE_URL, "".join(texts)).hex[:8]
    draft = {"LocaleId": LOCALE, "BotVersionLocaleDetails": {"SourceBotVersion": "DRAFT"}}
    hook = {"LambdaCodeHook": {"CodeHookInterfaceVersion": "1.0", "LambdaArn": function}}
    return {
        "Bot": {
            "Type": "AWS::Lex::Bot",
            "Properties": {
                "Name": bot_name,
                "RoleArn": role,
                "DataPrivacy": {"ChildDirected": False},
                "IdleSessionTTLInSeconds": 300,
                "AutoBuildBotLocales": True,
                "BotLocales": [locale],
            },
        },
        f"Version{digest}": {
            "Type": "AWS::Lex::BotVersion",
            "DeletionPolicy": "Retain",
            "Properties": {"BotId": {"Ref": "Bot"}, "BotVersionLocaleSpecification": [draft]},
        },
        "Live": {
            "Type": "AWS::Lex::BotAlias",
            "Properties": {
                "BotId": {"Ref": "Bot"},
                "BotAliasName": "live",
                "BotVersion": {"Fn::GetAtt": [f"Version{digest}", "BotVersion"]},
                "BotAliasLocaleSettings": [
                    {
                        "LocaleId": LOCALE,
                        "BotAliasLocaleSetting": {"Enabled": True, "CodeHookSpecification": hook},
                    }
                ],
            },
        },
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


def speech_of(text: str) -> list[dict[str, Any]]:
    """Message groups of one message, as templates have them."""
    return [{"Message": {"PlainTextMessage": {"Value": text}}}]


def test_a_stack_makes_what_the_runtime_reads(
    shop: Shop, lex_role: str, make_function: Callable[..., str], ground_cloud: EmbeddedCloud
) -> None:
    """Bot, version and alias; an update moves the alias to a new version and keeps the old one."""
    client = ground_cloud.session().client("cloudformation")
    name, function = f"bot-{uuid.uuid4().hex[:8]}", make_function(FULFILLING)

    def put(operation: str, *texts: str) -> tuple[str, dict[str, str]]:
        body = {
            "Resources": template(name, lex_role, function, *texts),
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
        answer = shop.runtime.recognize_text(**where, sessionId=uuid.uuid4().hex, text=text)
        return str(answer["messages"][0]["content"])

    assert said("track order AB-123") == "Order AB-123 is on its way."
    assert said("I am cross with you") == "A person will call you."
    status, outputs = put("update_stack", "where is my order", "cross with you")
    assert status == "UPDATE_COMPLETE"
    assert said("I am cross with you") == "Which order?"
    listed = shop.models.list_bot_versions(botId=outputs["Bot"])["botVersionSummaries"]
    assert [version["botVersion"] for version in listed] == ["DRAFT", "1", "2"]
    status, _ = put("update_stack", "cross with {Nobody}")
    assert status == "UPDATE_ROLLBACK_COMPLETE"
    assert said("I am cross with you") == "Which order?"
