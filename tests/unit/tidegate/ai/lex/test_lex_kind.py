"""Conversations, people who take over, checks of a bot, and the release of its versions."""

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import pytest

from tests.ai_fakes import PLACE, FakeCalls, FakeFiles, fake_ports
from tests.unit.tidegate.ai.lex.test_lex_botfile import EXAMPLE
from tidegate.ai.kind import Arrived, Done
from tidegate.ai.lex import KIND, checks, releasing
from tidegate.ai.lex.people import Close, NextHandover, close, next_handover
from tidegate.ai.lex.settings import Canary, LexSettings
from tidegate.ai.lex.split import SPLIT, Split, cell, met_by, split_in
from tidegate.ai.lex.talking import Ended, Said, end, say
from tidegate.ai.lex.template import resources
from tidegate.ai.problems import CallFailedError, CallRefusedError, ProblemError

SAY, PUT, FORGET = (f"lexv2-runtime:{n}" for n in ("RecognizeText", "PutSession", "DeleteSession"))
SEND, RECEIVE, DROP = (f"sqs:{n}" for n in ("SendMessage", "ReceiveMessage", "DeleteMessage"))
ALIAS, MAKE, MOVE = (
    f"lexv2-models:{n}" for n in ("DescribeBotAlias", "CreateBotAlias", "UpdateBotAlias")
)
LIST, COUNTS = "lexv2-models:ListBotAliases", "cloudwatch:GetMetricData"
BOT, NEXT, LIVE = "BOTBOTBOT1", "NEXTNEXT01", "LIVELIVE01"
TICK = Arrived(key="release", name="2026-11-30T12:00:00Z", size=0, work="0" * 32)
CANARY = Canary(percents=(10, 50), step_minutes=60, least_conversations=20)
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
    chosen = LexSettings(bot=EXAMPLE, canary=CANARY)
    told = {**resources(chosen, PLACE).told, "bot": BOT, "next": NEXT, "handovers": "https://q/1/h"}
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
        "botAliasId": NEXT,
        "localeId": "en_US",
        "sessionId": "ann",
        "text": "where is ab 123",
    }
    assert made.metrics.values == {"LiveEnded": [1]}


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
    assert made.metrics.values == {"Handovers": [1], "LiveEnded": [1], "LiveUnhelped": [1]}


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


class Lex:
    """Lex's aliases, as the release sees them, and CloudWatch's sums."""

    def __init__(self, newest: str = "1") -> None:
        self.versions = {NEXT: newest}
        self.settings = {"en_US": {"enabled": True}}
        self.counts: dict[str, int] = {}
        self.moves = True

    def answers(self) -> Answers:
        """Of all operations that a release uses."""
        return {
            ALIAS: self._described,
            MAKE: self._made,
            MOVE: self._moved,
            LIST: lambda _given: {
                "botAliasSummaries": [
                    {"botAliasId": LIVE, "botAliasName": "live"},
                ]
            },
            COUNTS: self._counted,
        }

    def _described(self, given: Mapping[str, Any]) -> Mapping[str, Any]:
        alias = given["botAliasId"]
        return {"botVersion": self.versions[alias], "botAliasLocaleSettings": self.settings}

    def _made(self, given: Mapping[str, Any]) -> Mapping[str, Any]:
        if LIVE in self.versions:
            raise CallRefusedError(operation=MAKE, code="ConflictException", message="m")
        self.versions[LIVE] = given["botVersion"]
        return {"botAliasId": LIVE}

    def _moved(self, given: Mapping[str, Any]) -> Mapping[str, Any]:
        if self.moves:
            self.versions[given["botAliasId"]] = given["botVersion"]
        return {}

    def _counted(self, given: Mapping[str, Any]) -> Mapping[str, Any]:
        ids = [query["Id"] for query in given["MetricDataQueries"]]
        return {
            "MetricDataResults": [{"Id": n, "Values": [float(self.counts.get(n, 0))]} for n in ids]
        }


class Release:
    """A release over such aliases, looked at again and again."""

    def __init__(self, newest: str = "1") -> None:
        self.lex = Lex(newest)
        self.ports = ports(self.lex.answers())

    def look(self, minutes: float = 5, **counts: int) -> Split:
        """One look, so much later, after so many conversations."""
        self.ports.clock.pause(60 * minutes)
        self.lex.counts = counts
        progress = releasing.begin(TICK, self.ports)
        assert isinstance(progress, Done)
        return split_in(self.ports.files.read(SPLIT))


def on_trial() -> Release:
    """Version 2 is on trial at 10 %."""
    release = Release()
    release.look()
    release.lex.versions[NEXT] = "2"
    release.look()
    return release


def test_the_first_look_makes_the_live_alias() -> None:
    """At the version that users meet already; one that is there is taken."""
    release = Release()
    split = release.look()
    assert (split.alias, split.version, split.percent) == (LIVE, "1", 0)
    assert release.lex.versions[LIVE] == "1"
    release.ports.files.content.clear()
    release.lex.versions[NEXT] = "2"
    assert release.look().version == release.lex.versions[LIVE] == "2"


def test_a_new_version_is_on_trial_for_some_sessions() -> None:
    """The others meet the live alias; each session meets the same again."""
    release = on_trial()
    split = split_in(release.ports.files.read(SPLIT))
    assert (split.version, split.percent) == ("1", 10)
    met = {f"s{n}": met_by(f"s{n}", release.ports) for n in range(300)}
    trial = {session for session, found in met.items() if found.arm == "Candidate"}
    assert trial == {session for session in met if cell(session, "2") < 10}
    assert 10 < len(trial) < 55
    assert {found.alias for found in met.values()} == {LIVE, NEXT}


def test_a_version_that_helps_less_goes_back_and_is_not_tried_again() -> None:
    """As soon as that is sure, whatever the step."""
    release = on_trial()
    split = release.look(live=400, live_unhelped=20, candidate=60, candidate_unhelped=50)
    assert (split.percent, split.rejected, split.trial) == (0, ("2",), None)
    assert "it helps less" in split.why
    assert release.lex.versions[LIVE] == "1"
    assert release.look().percent == 0


def test_a_version_that_helps_comes_to_everybody_step_by_step() -> None:
    """Not before its steps are over and enough conversations have ended."""
    release = on_trial()
    same = {"live": 900, "live_unhelped": 90, "candidate": 300, "candidate_unhelped": 30}
    assert release.look(**same).percent == 10
    assert release.look(60, **same).percent == 50
    assert release.lex.versions[LIVE] == "1"
    split = release.look(61, **same)
    assert (split.version, split.percent, split.trial) == ("2", 0, None)
    assert release.lex.versions[LIVE] == "2"


def test_too_little_evidence_is_no_pass() -> None:
    """The version is held, and told so."""
    release = on_trial()
    few = {"live": 20, "live_unhelped": 2, "candidate": 20, "candidate_unhelped": 2}
    release.look(61, **few)
    split = release.look(61, **few)
    assert (split.version, split.percent) == ("1", 50)
    assert "not sure yet" in split.why
    assert release.look(600).percent == 50


def test_a_step_that_nobody_met_goes_on() -> None:
    """Counts of one alias alone wait for the other's."""
    release = on_trial()
    split = release.look(120, live=50, live_unhelped=5)
    assert split.percent == 10
    assert split.trial is not None
    assert split.trial.pending == (0, 0, 50, 5)
    split = release.look(5, candidate=25, candidate_unhelped=1)
    assert split.trial is not None
    assert split.trial.tally.live_trials == 50


def test_a_newer_version_is_tried_instead() -> None:
    """From its first step on."""
    release = on_trial()
    release.lex.versions[NEXT] = "3"
    split = release.look(61, live=100, candidate=100)
    assert split.trial is not None
    assert (split.trial.version, split.percent, split.trial.step) == ("3", 10, 0)


def test_an_alias_that_did_not_move_is_a_failed_look() -> None:
    """It comes again; nothing is written down."""
    release = on_trial()
    same = {"live": 900, "live_unhelped": 90, "candidate": 300, "candidate_unhelped": 30}
    release.look(61, **same)
    release.lex.moves = False
    with pytest.raises(CallFailedError, match="at version 1, not at 2"):
        release.look(61, **same)
    assert split_in(release.ports.files.read(SPLIT)).percent == 50


def test_the_live_alias_follows_the_function_of_a_deploy() -> None:
    """When nothing is on trial, with the version that it has."""
    release = Release()
    release.look()
    kept = dict(release.lex.settings)
    release.lex.answers()
    described = release.lex._described

    def other(given: Mapping[str, Any]) -> Mapping[str, Any]:
        found = described(given)
        return found if given["botAliasId"] == LIVE else {**found, "botAliasLocaleSettings": {}}

    calls(release.ports).answers = {**release.lex.answers(), ALIAS: other}
    release.look()
    moved = [given for name, given in calls(release.ports).asked if name == MOVE]
    assert [given["botVersion"] for given in moved] == ["1"]
    assert kept


def test_settings_without_a_canary_have_no_release() -> None:
    """Every deploy is everybody's; the worker may move nothing."""
    plain = LexSettings(bot=EXAMPLE)
    assert KIND.timers(plain) == ()
    names = {operation.name for operation in KIND.work(plain, PLACE).calls}
    assert names == {"RecognizeText", "DeleteSession"}
    with_canary = replace(plain, canary=CANARY)
    assert [timer.schedule for timer in KIND.timers(with_canary)] == ["rate(5 minutes)"]
