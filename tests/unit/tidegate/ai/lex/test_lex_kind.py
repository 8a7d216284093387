"""Conversations, people who take over, checks of a bot, and bots of arms."""

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import pytest

from tests.ai_fakes import PLACE, FakeCalls, FakeFiles, fake_ports
from tests.unit.tidegate.ai.lex.test_lex_botfile import EXAMPLE
from tidegate.ai.kind import Arrived, Done
from tidegate.ai.lex import KIND, checks
from tidegate.ai.lex.people import Close, NextHandover, close, next_handover
from tidegate.ai.lex.settings import LexSettings
from tidegate.ai.lex.talking import Ended, Said, end, say
from tidegate.ai.ports import Given
from tidegate.ai.problems import CallRefusedError, ProblemError

SAY, PUT, FORGET = (f"lexv2-runtime:{n}" for n in ("RecognizeText", "PutSession", "DeleteSession"))
SEND, RECEIVE, DROP = (f"sqs:{n}" for n in ("SendMessage", "ReceiveMessage", "DeleteMessage"))
BOT, ALIAS = "BOTBOTBOT1", "ALIASALI01"
Answers = Mapping[str, Callable[[Mapping[str, Any]], Mapping[str, Any]]]


def heard(
    intent: str = "FallbackIntent", *messages: str, action: str = "Close", missed: str | None = None
) -> Mapping[str, Any]:
    """What Lex answers to a text."""
    attributes = {} if missed is None else {"tidegate-missed": missed}
    value = {"interpretedValue": "AB-123", "originalValue": "ab 123"}
    found = {
        "name": intent,
        "state": "ReadyForFulfillment",
        "slots": {"Number": {"shape": "Scalar", "value": value}, "Size": None},
    }
    return {
        "messages": [{"contentType": "PlainText", "content": text} for text in messages],
        "sessionState": {
            "dialogAction": {"type": action},
            "intent": found,
            "sessionAttributes": attributes,
        },
        "interpretations": [{"intent": found}],
    }


def ports(answers: Answers, files: FakeFiles | None = None) -> Any:
    """A service with the example's bot."""
    chosen = LexSettings(bot=EXAMPLE)
    told = {"bot": BOT, "alias": ALIAS, "handovers": "https://q/1/h"}
    nothing: Answers = {name: lambda _given: {} for name in (PUT, FORGET, SEND, RECEIVE, DROP)}
    made = fake_ports(KIND, {**nothing, **answers}, settings=chosen, resources=told)
    return replace(made, files=made.files if files is None else files)


def calls(made: Any) -> FakeCalls:
    """What was asked."""
    assert isinstance(made.calls, FakeCalls)
    return made.calls


def test_a_text_is_answered_with_what_is_known() -> None:
    """Values without those that are not known; the conversation is counted when it ends."""
    made = ports({SAY: lambda _given: heard("OrderStatus", "It comes.")})
    reply = say(Said(session="ann", text="where is ab 123"), made)
    assert (reply.state, reply.intent, reply.messages) == ("done", "OrderStatus", ("It comes.",))
    assert reply.slots == {"Number": "AB-123"}
    ((_, asked),) = calls(made).asked
    assert asked == {
        "botId": BOT,
        "botAliasId": ALIAS,
        "localeId": "en_US",
        "sessionId": "ann",
        "text": "where is ab 123",
    }
    assert made.metrics.values == {"Ended": [1]}


def test_an_open_question_is_not_counted() -> None:
    """Nor remembered: Lex keeps the session."""
    made = ports({SAY: lambda _given: heard("OrderStatus", "Which?", action="ElicitSlot")})
    assert say(Said(session="ann", text="my order"), made).state == "open"
    assert made.metrics.values == {}
    assert calls(made).names() == [SAY]


def test_a_text_that_is_not_understood_is_counted_in_the_session() -> None:
    """An understood one begins anew; slots without values are left out, as boto3 wants it."""
    made = ports({SAY: lambda _given: heard(missed=None)})
    reply = say(Said(session="ann", text="?"), made)
    assert (reply.state, reply.intent) == ("open", None)
    state = calls(made).asked[-1][1]["sessionState"]
    assert state["sessionAttributes"] == {"tidegate-missed": "1"}
    assert set(state["intent"]["slots"]) == {"Number"}
    made = ports({SAY: lambda _given: heard("OrderStatus", missed="1")})
    say(Said(session="ann", text="my order"), made)
    state = calls(made).asked[-1][1]["sessionState"]
    assert state["sessionAttributes"] == {"tidegate-missed": "0"}


@pytest.mark.parametrize(
    "answer", [heard(missed="1"), heard("Person", "I will get a colleague to help you.")]
)
def test_a_person_takes_over(answer: Mapping[str, Any]) -> None:
    """After as many texts as the settings say, or when asked; the queue has the id only."""
    made = ports({SAY: lambda _given: answer})
    reply = say(Said(session="ann", text="my secret"), made)
    assert (reply.state, reply.messages) == ("person", ("I will get a colleague to help you.",))
    sent = next(given for name, given in calls(made).asked if name == SEND)
    assert json.loads(sent["MessageBody"]) == {"handover": reply.handover}
    kept = json.loads(made.files.read(f"handovers/{reply.handover}.json"))
    assert (kept["session"], kept["said"]) == ("ann", "my secret")
    assert made.metrics.values == {"Handovers": [1], "Ended": [1], "Unhelped": [1]}


def test_two_texts_at_a_time_are_refused() -> None:
    """Lex holds a session for one request."""

    def busy(_given: Any) -> Any:
        raise CallRefusedError(operation=SAY, code="ConflictException", message="m")

    with pytest.raises(ProblemError, match="one at a time") as caught:
        say(Said(session="ann", text="a"), ports({SAY: busy}))
    assert caught.value.status == 409


def test_a_locale_that_the_bot_does_not_speak_is_refused() -> None:
    """With those that it does."""
    with pytest.raises(ProblemError, match="speaks en_US"):
        say(Said(session="ann", text="a", locale="de_DE"), ports({}))


def test_a_conversation_is_forgotten() -> None:
    """In Lex."""
    made = ports({})
    assert end(Ended(session="ann"), made).session == "ann"
    assert calls(made).names() == [FORGET]


def queue_of(*handovers: str) -> Answers:
    """A queue with these, given one after the other."""
    left = list(handovers)

    def receive(_given: Mapping[str, Any]) -> Mapping[str, Any]:
        if not left:
            return {}
        body = json.dumps({"handover": left.pop(0)})
        return {"Messages": [{"Body": body, "ReceiptHandle": "r"}]}

    return {RECEIVE: receive}


def test_the_next_open_conversation_is_given() -> None:
    """Closed ones, and those that expired, are dropped on the way."""
    closed, gone, waits = "1" * 32, "2" * 32, "3" * 32
    files = FakeFiles()
    for handover in (closed, waits):
        told = {"session": "s", "locale": "en_US", "said": "help"}
        files.content[f"handovers/{handover}.json"] = json.dumps(told).encode()
    made = ports(queue_of(closed, gone, waits), files=files)
    close(Close(handover=closed), made)
    assert next_handover(NextHandover(), made).handover == waits
    assert calls(made).names().count(DROP) == 2
    with pytest.raises(ProblemError, match="no conversation waits"):
        next_handover(NextHandover(), made)
    with pytest.raises(ProblemError, match="closed this conversation already"):
        close(Close(handover=closed), made)
    with pytest.raises(ProblemError, match="no handover"):
        close(Close(handover=gone), made)


def test_a_bot_is_checked_by_a_file_of_texts() -> None:
    """Each in a session of its own, which is forgotten; what was taken for else is shown."""
    lines = [
        {"text": "where", "intent": "OrderStatus", "slots": {"Number": "AB-123"}},
        {"text": "what", "intent": None},
    ]
    files = FakeFiles({"in/checks/a.jsonl": "\n".join(map(json.dumps, lines)).encode()})
    made = ports({SAY: lambda _given: heard("OrderStatus")}, files=files)
    arrived = Arrived(key="in/checks/a.jsonl", name="a.jsonl", size=1, work="0" * 32)
    progress = checks.begin(arrived, made)
    assert isinstance(progress, Done)
    result = progress.result
    assert (result.texts, result.understood, result.percent) == (2, 1, 50.0)
    (wrong,) = result.misunderstood
    assert (wrong.line, wrong.expected, wrong.understood) == (2, None, "OrderStatus")
    assert calls(made).names() == [SAY, FORGET] * 2
    assert made.metrics.values == {"UnderstoodPercent": [50.0]}


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "0 lines"),
        (b"\xff", "UTF-8"),
        (b'{"text": "a"}', "line 1: intent is missing"),
        (b"no", "line 1"),
        (b'{"text": "a", "intent": null, "locale": "de_DE"}', "line 1: the bot speaks en_US"),
    ],
)
def test_a_wrong_file_of_texts_is_refused(content: bytes, says: str) -> None:
    """With the first line that is wrong."""
    made = ports({}, files=FakeFiles({"k": content}))
    with pytest.raises(ProblemError, match=says):
        checks.begin(Arrived(key="k", name="k", size=1, work="0" * 32), made)


def test_what_was_deployed_last_is_checked() -> None:
    """Whatever is live: by the bot of the project file."""
    line = json.dumps({"text": "where", "intent": "OrderStatus"})
    files = FakeFiles({"in/checks/a.jsonl": line.encode()})
    made = ports({SAY: lambda _given: heard("OrderStatus")}, files=files)
    newest = Given(settings=made.settings, resources={**made.resources, "bot": "NEWESTBOT1"})
    arrived = Arrived(key="in/checks/a.jsonl", name="a.jsonl", size=1, work="0" * 32)
    checks.begin(arrived, replace(made, deployed=newest))
    assert calls(made).asked[0][1]["botId"] == "NEWESTBOT1"


def test_the_end_of_a_conversation_is_an_outcome() -> None:
    """Of the session, which keeps its arm where nobody names a user."""
    saying = next(route for route in KIND.routes if route.name == "say")
    known = {state: saying.helped({"state": state}) for state in ("done", "failed", "person")}
    assert known == {"done": True, "failed": False, "person": False}
    assert saying.helped({"state": "open"}) is None
    assert {route.who for route in KIND.routes if route.name in {"say", "end"}} == {"session"}


def test_each_arm_has_a_bot_of_its_own() -> None:
    """Another text is another version of it; what waits for people is shared."""
    settings = LexSettings(bot=EXAMPLE)
    blue, green = (KIND.own(settings, PLACE, slot) for slot in ("blue", "green"))
    (version,) = (id_ for id_ in blue.resources.templates if id_.startswith("Version"))
    assert set(blue.resources.templates) == {"BotBlue", version, "AliasBlue"}
    assert version.endswith("Blue")
    names = [
        own.resources.templates[id_]["Properties"]["Name"]
        for own, id_ in ((blue, "BotBlue"), (green, "BotGreen"))
    ]
    assert names == [f"{PLACE.prefix}-blue", f"{PLACE.prefix}-green"]
    other = KIND.own(LexSettings(bot=EXAMPLE.replace("Which", "What")), PLACE, "blue")
    assert version not in other.resources.templates
    assert KIND.resources(settings, PLACE) == KIND.resources(replace(settings), PLACE)


def test_a_bot_without_slots_has_names_without_one() -> None:
    """And only its own alias may be asked."""
    own = KIND.own(LexSettings(bot=EXAMPLE), PLACE, "")
    assert own.resources.templates["Bot"]["Properties"]["Name"] == PLACE.prefix
    (resource,) = {call.resource for call in (*own.door.calls, *own.work.calls)}
    assert resource.endswith(":bot-alias/${Bot}/${Alias.BotAliasId}")
