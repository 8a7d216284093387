"""How a conversation goes on: defaults, contexts, functions that decide, questions asked again."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from emulator.ai.lex.definition import FALLBACK, Definition, Intent, Slot, SlotType
from emulator.ai.lex.dialog import DIALOG, FULFILLMENT, Dialog, HookAnswer, HookCall, Turn
from emulator.ai.lex.hooks import answer_of
from emulator.ai.lex.matching import Matcher
from emulator.ai.lex.session import Session, values_of
from emulator.ai.lex.values import Setting
from emulator.jsonapi import RefusedRequestError

NOW = 1_796_040_000.0


def speech(text: str, **more: Any) -> dict[str, Any]:
    """A response of one message, or a prompt."""
    return {"messageGroups": [{"message": {"plainTextMessage": {"value": text}}}], **more}


SIZE = Slot(
    name="Size",
    type=SlotType(name="Size", values={"small": "small", "large": "large"}, only_known=True),
    required=True,
    prompt=speech("Which size?", maxRetries=2),
)
NAME = Slot(
    name="Name",
    type=SlotType(name="AMAZON.FirstName"),
    required=True,
    prompt=speech("And your name?", maxRetries=0),
    utterances=("you may call me {Name}",),
)
BUY = Intent(
    name="Buy",
    utterances=("buy a shirt", "buy a {Size} shirt"),
    slots=(SIZE, NAME),
    closing=speech("A {Size} one for {Name}, [greeting]."),
    gives_contexts=({"name": "bought", "timeToLiveInSeconds": 60, "turnsToLive": 2},),
)
AGAIN = Intent(
    name="Again",
    utterances=("the same again",),
    slots=(replace(SIZE, defaults=("#bought.Size", "small")),),
    needs_contexts=("bought",),
    closing=speech("Another {Size} one."),
)
NONE = Intent(name="None", signature=FALLBACK, closing=speech("A person will help."))


class Bot:
    """A conversation with a bot of these intents, whose function is `hook`."""

    def __init__(
        self, *intents: Intent, hook: Callable[[HookCall], HookAnswer] | None = None
    ) -> None:
        self.definition = Definition(locale="en_US", threshold=0.4, intents=intents)
        self.session = Session()
        self.now = NOW
        self.hook = hook

    def hears(self, text: str) -> Turn:
        """One turn."""
        setting = Setting(language="en", now=self.now)
        dialog = Dialog(definition=self.definition, setting=setting, hook=self.hook)
        turn = dialog.hear(self.session, text, Matcher(definition=self.definition))
        self.session = turn.session
        return turn

    def says(self, text: str) -> list[str]:
        """What the bot says to it."""
        return [message["content"] for message in self.hears(text).messages]

    @property
    def intent(self) -> tuple[str, str]:
        """Name and state of the session's intent."""
        current = self.session.intent or {"name": "", "state": ""}
        return current["name"], current["state"]


def test_values_of_slots_and_attributes_are_put_into_messages() -> None:
    """Slots in the order of their priorities; a slot's own utterances are understood."""
    bot = Bot(BUY, NONE)
    bot.session = Session(attributes={"greeting": "with thanks"})
    assert bot.says("buy a shirt") == ["Which size?"]
    assert bot.says("large") == ["And your name?"]
    assert bot.says("you may call me Ann") == ["A large one for Ann, with thanks."]
    assert bot.intent == ("Buy", "ReadyForFulfillment")


def test_a_context_lets_another_intent_begin_with_what_was_said() -> None:
    """Until it is too old, by turns or by the clock."""
    bot = Bot(BUY, AGAIN, NONE)
    for text in ("buy a large shirt", "Ann"):
        bot.says(text)
    kept = bot.session
    assert bot.says("the same again") == ["Another large one."]
    bot.session, bot.now = kept, NOW + 61
    assert bot.says("the same again") == ["A person will help."]
    bot.session, bot.now = kept, NOW
    assert [bot.says("something else") for _ in range(2)] == [["A person will help."]] * 2
    assert bot.says("the same again") == ["A person will help."]


def test_a_question_is_asked_again_as_often_as_its_prompt_says() -> None:
    """An answer in between begins to count anew."""
    bot = Bot(BUY, NONE)
    bot.says("buy a shirt")
    assert [bot.says("what?") for _ in range(2)] == [["Which size?"]] * 2
    assert bot.says("small") == ["And your name?"]
    assert bot.says("007") == ["A person will help."]


def test_without_a_fallback_intent_the_intent_fails() -> None:
    """And the conversation is closed; a text that fits nothing closes nothing."""
    bot = Bot(BUY)
    bot.says("buy a small shirt")
    bot.says("007")
    assert bot.intent == ("Buy", "Failed")
    assert bot.session.action == {"type": "Close"}
    assert Bot(BUY).says("quite another matter") == []


def test_another_intent_is_understood_where_a_name_would_take_any_words() -> None:
    """If it is said surely."""
    bot = Bot(BUY, Intent(name="Stop", signature="AMAZON.StopIntent"), NONE)
    bot.says("buy a small shirt")
    bot.says("stop")
    assert bot.intent[0] == "Stop"


def test_the_function_is_asked_in_every_turn_and_may_decide() -> None:
    """It sees what would come next; `Delegate` goes on with what it changed."""
    calls: list[HookCall] = []

    def hook(call: HookCall) -> HookAnswer:
        calls.append(call)
        state = {"intent": call.session.intent, "sessionAttributes": {"n": str(len(calls))}}
        if call.text == "small":
            ask = {"type": "ElicitSlot", "slotToElicit": "Size"}
            said = [{"contentType": "PlainText", "content": "Small is sold out."}]
            return HookAnswer(state={**state, "dialogAction": ask}, messages=said)
        return HookAnswer(state={**state, "dialogAction": {"type": "Delegate"}})

    bot = Bot(replace(BUY, dialog_hook=True), NONE, hook=hook)
    assert bot.says("buy a shirt") == ["Which size?"]
    assert calls[0].source == DIALOG
    assert calls[0].proposed == {"type": "ElicitSlot", "slotToElicit": "Size"}
    assert bot.says("small") == ["Small is sold out."]
    assert bot.says("large") == ["And your name?"]
    assert bot.session.attributes == {"n": "3"}


@pytest.mark.parametrize(
    ("state", "said"), [("Fulfilled", ["It worked."]), ("Failed", ["It did not."])]
)
def test_the_function_fulfills_or_fails(state: str, said: list[str]) -> None:
    """The bot has a response for each, where the function says nothing."""

    def hook(call: HookCall) -> HookAnswer:
        assert call.source == FULFILLMENT
        intent = {**(call.session.intent or {}), "state": state}
        return HookAnswer(state={"intent": intent, "dialogAction": {"type": "Close"}})

    intent = replace(
        BUY,
        slots=(SIZE,),
        fulfillment_hook=True,
        succeeded=speech("It worked."),
        failed=speech("It did not."),
    )
    bot = Bot(intent, NONE, hook=hook)
    assert bot.says("buy a small shirt") == said
    assert bot.intent == ("Buy", state)
    assert bool(bot.session.contexts) == (state == "Fulfilled")


def test_a_confirmation_is_understood_or_asked_again() -> None:
    """Yes and no, and nothing else."""
    setting = {
        "promptSpecification": speech("Sure?", maxRetries=1),
        "declinationResponse": speech("Fine."),
    }
    bot = Bot(replace(BUY, slots=(SIZE,), confirmation=setting, closing=speech("Done.")), NONE)
    assert bot.says("buy a small shirt") == ["Sure?"]
    assert bot.says("hm") == ["Sure?"]
    assert bot.says("no") == ["Fine."]
    assert bot.intent == ("Buy", "Failed")
    bot.says("buy a small shirt")
    assert bot.says("yes") == ["Done."]


def test_interpretations_begin_with_the_intent_and_end_with_the_fallback() -> None:
    """The confidence is that of the text."""
    turn = Bot(BUY, NONE).hears("buy a large shirt")
    names = [shown["intent"]["name"] for shown in turn.interpretations]
    assert names == ["Buy", "None"]
    assert turn.interpretations[0]["nluConfidence"] == {"score": 1.0}
    assert "nluConfidence" not in turn.interpretations[1]
    assert values_of(turn.session.intent) == {"Size": "large"}


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        (None, "sessionState is expected"),
        ({"sessionState": {}}, "dialogAction.type must be one of"),
        ({"sessionState": {"dialogAction": {"type": "Sing"}}}, "dialogAction.type must be one of"),
        ({"sessionState": {"dialogAction": {"type": "ElicitSlot"}}}, "slotToElicit is missing"),
        ({"sessionState": {"dialogAction": {"type": "ConfirmIntent"}}}, "intent is missing"),
        ({"sessionState": {"dialogAction": {"type": "ElicitIntent"}}}, "messages are missing"),
        (
            {
                "sessionState": {"dialogAction": {"type": "Close"}},
                "messages": [{"contentType": "PlainText", "content": "x" * 1025}],
            },
            "less than or equal to 1024",
        ),
        ({"sessionState": {"dialogAction": {"type": "Close"}, "x": 1}}, "is not a member"),
    ],
)
def test_a_wrong_answer_of_the_function_is_named(answer: Any, says: str) -> None:
    """The call fails with what is wrong with it."""
    with pytest.raises(RefusedRequestError, match=says) as caught:
        answer_of(answer)
    assert caught.value.code == "DependencyFailedException"
