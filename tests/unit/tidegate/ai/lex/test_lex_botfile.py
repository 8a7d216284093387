"""The readable file of a bot: all of its faults at once, and what it becomes on AWS."""

from pathlib import Path

import pytest

from tests.ai_fakes import PLACE
from tidegate.ai.lex.botfile import bot_faults, bot_of
from tidegate.ai.lex.settings import LexSettings, faults
from tidegate.ai.lex.template import own

EXAMPLE = (Path(__file__).parents[5] / "examples" / "ai" / "files" / "shop.toml").read_text("utf-8")
SMALL = """
[en_US.intents.Hours]
says = ["when are you open"]
done = "From nine."
"""


def settings(text: str = EXAMPLE, **more: object) -> LexSettings:
    """Settings with this file."""
    return LexSettings(bot=text, **more)  # type: ignore[arg-type]


def test_the_example_is_right() -> None:
    """Its intents by name, those for a person apart."""
    bot = bot_of(EXAMPLE)
    assert bot_faults(EXAMPLE) == ()
    assert list(bot.locales["en_US"].intents) == ["OrderStatus", "BuyShirt", "Person"]
    assert bot.person_intents("en_US") == {"Person"}
    assert not bot.needs_function


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("", "locales has 0 entries"),
        ("[en_US", "it is no TOML"),
        ("[english.intents.A]\nsays = ['a']", "english is no locale of Lex"),
        ("[en_US]\nconfidence = 2", "en_US.intents is missing"),
        ("[en_US]\nconfidence = 2\n[en_US.intents.A]\nsays = ['a']", "confidence is 2.0"),
        ("[en_US.intents.A]\nsays = []", "en_US.intents.A.says has 0 entries"),
        ("[en_US.intents.A]\nsay = ['a']", "did you mean says?"),
        ("[en_US.intents.A]\nsays = ['a {B}']", "en_US.intents.A.says has {B}"),
        ("[en_US.intents.'A b']\nsays = ['a']", "'A b' must be letters and digits"),
        (f"{SMALL}[en_US.intents.B]\nsays = ['When are you open']", "which Hours has as well"),
        (f"{SMALL}[en_US.intents.Hours.slots.X]\ntype = 'Y'\nask = 'x'", "slots.X.type is 'Y'"),
        (f"{SMALL}declined = 'no'", "confirm asks nothing"),
        (f"{SMALL}person = true\nfunction = true", "person takes over at once"),
    ],
)
def test_a_fault_says_where_it_is(text: str, fault: str) -> None:
    """And what is allowed there."""
    assert any(fault in found for found in bot_faults(text)), bot_faults(text)


def test_all_faults_are_told_at_once() -> None:
    """Of one reading."""
    text = f"{SMALL}declined = 'no'\n[en_US.intents.B]\nsays = ['{{C}}']"
    assert len(bot_faults(text)) == 2


def test_intents_that_a_function_fulfills_need_one() -> None:
    """The setting names it."""
    text = f"{SMALL}function = true"
    assert faults(settings(text)) == (
        "function is missing: an intent of the bot is fulfilled or checked by it",
    )
    assert faults(settings(text, function="f")) == ()


def test_the_file_becomes_a_bot_in_its_own_words() -> None:
    """Slots in the order of the file, synonyms, confirmation, a person, the fallback."""
    made = own(settings(), PLACE, "").resources.templates["Bot"]["Properties"]
    (locale,) = made["BotLocales"]
    by_name = {intent["Name"]: intent for intent in locale["Intents"]}
    buy = by_name["BuyShirt"]
    assert made["Name"] == PLACE.prefix
    assert [(p["Priority"], p["SlotName"]) for p in buy["SlotPriorities"]] == [
        (1, "Size"),
        (2, "Count"),
    ]
    assert set(by_name) == {"OrderStatus", "BuyShirt", "Person", "FallbackIntent"}
    assert "IntentConfirmationSetting" in buy
    assert "FulfillmentCodeHook" not in buy
    (kind,) = locale["SlotTypes"]
    assert kind["SlotTypeValues"][2] == {
        "SampleValue": {"Value": "large"},
        "Synonyms": [{"Value": "L"}, {"Value": "big"}],
    }


def test_another_file_is_another_version_and_the_same_is_the_same() -> None:
    """Versions cannot be changed: their logical ids are of their content, and old ones stay."""

    def version(text: str) -> str:
        templates = own(settings(text), PLACE, "").resources.templates
        (found,) = [name for name in templates if name.startswith("Version")]
        assert templates[found]["DeletionPolicy"] == "Retain"
        alias = templates["Alias"]["Properties"]
        assert alias["BotVersion"] == {"Fn::GetAtt": [found, "BotVersion"]}
        return found

    assert version(EXAMPLE) == version(f"{EXAMPLE}\n# a remark\n")
    assert version(EXAMPLE) != version(
        EXAMPLE.replace("From nine", "x").replace("Which size", "Size")
    )


def test_only_the_bots_aliases_may_invoke_the_function() -> None:
    """And there is no permission where there is no function."""
    text = f"{SMALL}function = true"
    templates = own(settings(text, function="f"), PLACE, "").resources.templates
    permission = templates["BotPermission"]["Properties"]
    assert permission["Principal"] == "lexv2.amazonaws.com"
    assert permission["SourceArn"]["Fn::Sub"].endswith("bot-alias/${Bot}/*")
    (setting,) = templates["Alias"]["Properties"]["BotAliasLocaleSettings"]
    hook = setting["BotAliasLocaleSetting"]["CodeHookSpecification"]["LambdaCodeHook"]
    assert hook["LambdaArn"]["Fn::Sub"].endswith(":function:f")
    assert "BotPermission" not in own(settings(), PLACE, "").resources.templates
