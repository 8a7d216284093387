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
from tests.emulated_bots import FULFILLING, Shop, Talk, speech
from tests.polling import until


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
