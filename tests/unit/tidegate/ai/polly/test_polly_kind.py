"""Speech: templates that only words get into, sound kept by content, long texts by tasks."""

import io
import json
from collections.abc import Callable, Mapping
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.ai_fakes import PLACE, FakeCalls, FakeFiles, FakeMetrics, fake_ports
from tidegate.ai.files import Wanted
from tidegate.ai.kind import Arrived, Done, Waiting
from tidegate.ai.ledger import WorkRecord, WorkState
from tidegate.ai.polly import KIND, SPEAK
from tidegate.ai.polly.reading_aloud import begin, link_of, look
from tidegate.ai.polly.settings import PollySettings, faults, lexicon_faults
from tidegate.ai.polly.speaking import Words, speak
from tidegate.ai.polly.ssml import (
    Field,
    billed_characters,
    fields_of,
    spoken,
    ssml_faults,
    template_faults,
)
from tidegate.ai.ports import ServicePorts
from tidegate.ai.problems import CallFailedError, CallRefusedError, ProblemError
from tidegate.ai.typed import to_json

GREETING = "Hello {name}, your code is {code:characters}."
LEXICON = (
    '<lexicon version="1.0" xmlns="http://www.w3.org/2005/01/pronunciation-lexicon"'
    ' alphabet="ipa" xml:lang="en-US"></lexicon>'
)
SETTINGS = PollySettings(
    voices={"en-US": "Joanna", "de-DE": "Vicki"}, templates={"greeting": GREETING}
)
Answers = Mapping[str, Callable[[Mapping[str, Any]], Mapping[str, Any]]]
WORK = "0123456789abcdef0123456789abcdef"


def task(status: str = "inProgress", attempt: int = 1, **more: Any) -> Mapping[str, Any]:
    """A task that writes where the first attempt at the work does."""
    uri = f"https://s3.us-east-1.amazonaws.com/files/spoken/{WORK}/{attempt}/speech.t{attempt}.mp3"
    told = {
        "TaskId": f"t{attempt}",
        "TaskStatus": status,
        "OutputUri": uri,
        "RequestCharacters": 9,
        **more,
    }
    return {"SynthesisTask": told}


ANSWERS: Answers = {
    "polly:SynthesizeSpeech": lambda given: {"AudioStream": io.BytesIO(given["Text"].encode())},
    "polly:StartSpeechSynthesisTask": lambda given: task(
        attempt=int(given["OutputS3KeyPrefix"].split("/")[2])
    ),
    "polly:GetSpeechSynthesisTask": lambda _given: task(),
    "polly:ListSpeechSynthesisTasks": lambda _given: {"SynthesisTasks": []},
}


def ports(settings: PollySettings = SETTINGS, **answers: Any) -> ServicePorts:
    """A service with a greeting, in two languages."""
    named = {f"polly:{name}": answer for name, answer in answers.items()}
    told = dict(KIND.resources(settings, PLACE).told)
    return fake_ports(KIND, {**ANSWERS, **named}, settings=settings, resources=told)


def asked(made: ServicePorts, name: str) -> list[Mapping[str, Any]]:
    """The requests of an operation, in order."""
    assert isinstance(made.calls, FakeCalls)
    return [parameters for called, parameters in made.calls.asked if called == f"polly:{name}"]


def test_a_template_is_spoken_with_its_values() -> None:
    """In SSML, by the voice of the language."""
    made = ports()
    words = Words(template="greeting", values={"name": "Ann", "code": "X1"}, language="de-DE")
    found = speak(words, made)
    (request,) = asked(made, "SynthesizeSpeech")
    said = '<say-as interpret-as="characters">X1</say-as>'
    assert request["Text"] == f"<speak>Hello Ann, your code is {said}.</speak>"
    assert (request["VoiceId"], request["Engine"]) == ("Vicki", "neural")
    assert (found.language, found.characters, found.cached) == ("de-DE", 27, False)
    assert made.files.read(found.key).decode() == request["Text"]
    assert found.link == f"https://files.example/{found.key}?get"


def test_the_same_words_are_spoken_once() -> None:
    """Others, or by another voice, again."""
    made = ports()
    first, second = (speak(Words(text="Hi"), made) for _ in range(2))
    assert (first.cached, second.cached) == (False, True)
    assert first.key == second.key
    speak(Words(text="Hi", language="de-DE"), made)
    assert len(asked(made, "SynthesizeSpeech")) == 2
    assert isinstance(made.metrics, FakeMetrics)
    assert made.metrics.values["CachedSpeech"] == [0, 1, 0]


@pytest.mark.parametrize(
    ("words", "fault"),
    [
        (Words(), "either a template or a text"),
        (Words(template="greeting", text="x"), "either a template or a text"),
        (Words(text="x", values={"a": "b"}), "values are for templates"),
        (Words(template="none"), "template none is not there: greeting"),
        (
            Words(template="greeting", values={"nam": "x"}),
            "values.code is missing; values.nam is no field of the template: name, code",
        ),
        (Words(text="x", language="fr-FR"), "no voice speaks fr-FR"),
    ],
)
def test_words_that_cannot_be_spoken_are_refused(words: Words, fault: str) -> None:
    """With every fault, and nothing is asked."""
    made = ports()
    with pytest.raises(ProblemError) as caught:
        speak(words, made)
    assert fault in str(caught.value)
    assert asked(made, "SynthesizeSpeech") == []


def test_more_than_a_caller_waits_for_is_refused() -> None:
    """Values may make a template long."""
    settings = PollySettings(templates={"long": "{a} " * 200})
    with pytest.raises(ProblemError, match="send them as a file"):
        speak(Words(template="long", values={"a": "x" * 30}), ports(settings))


def refusing(code: str) -> Any:
    """Polly refuses so."""

    def refuse(_given: Any) -> Any:
        raise CallRefusedError(operation="polly:SynthesizeSpeech", code=code, message="m")

    return refuse


def test_what_polly_does_not_take_is_the_callers_to_change() -> None:
    """Other refusals are ours."""
    with pytest.raises(ProblemError, match="InvalidSsmlException"):
        speak(Words(text="Hi"), ports(SynthesizeSpeech=refusing("InvalidSsmlException")))
    with pytest.raises(CallRefusedError):
        speak(Words(text="Hi"), ports(SynthesizeSpeech=refusing("ValidationException")))


@given(value=st.text(max_size=40))
def test_no_value_becomes_markup(value: str) -> None:
    """Whatever it holds: the document has the template's own tags and no others."""
    document = spoken("<speak><p>Hi {name}</p></speak>", {"name": value})
    tree = ET.fromstring(document)  # noqa: S314 - our own
    assert [element.tag for element in tree.iter()] == ["speak", "p"]
    assert ssml_faults(document, "neural") == ()


def test_fields_are_found_once() -> None:
    """With how they are said."""
    assert fields_of("{a} {b:digits} {a}") == (
        Field(name="a", said_as=None),
        Field(name="b", said_as="digits"),
    )


@pytest.mark.parametrize(
    ("template", "engine", "fault"),
    [
        ("Fish & chips", "neural", "it is no XML"),
        ("<speak>{a:poem}</speak>", "neural", "field a is said as poem"),
        ('<speak><lang xml:lang="{a}">x</lang></speak>', "neural", "has a field in it"),
        ("Hi {Name}", "neural", "a brace is no field"),
        ("<p>Hi</p>", "neural", ""),
        ("<speak><voice>x</voice></speak>", "neural", "<voice> is no tag of the neural engine"),
        ("<speak><emphasis>x</emphasis></speak>", "neural", "<emphasis> is no tag"),
        ("<speak><emphasis>x</emphasis></speak>", "standard", ""),
        ('<speak><prosody pitch="high">x</prosody></speak>', "neural", "pitch is not of"),
        ("<!DOCTYPE a><speak>x</speak>", "neural", "it is no XML"),
    ],
)
def test_templates_are_checked_before_they_are_deployed(
    template: str, engine: str, fault: str
) -> None:
    """By the engine's tags."""
    found = template_faults(template, engine)
    if fault == "":
        assert found == ()
    else:
        assert any(fault in each for each in found)


@pytest.mark.parametrize(
    ("settings", "fault"),
    [
        (PollySettings(voices={}), "language is en-US, must be one that has a voice: none"),
        (
            PollySettings(voices={"english": "Joanna"}, language="english"),
            "voices.english is no language",
        ),
        (PollySettings(format="mulaw", sample_rate=16_000), "sample_rate is 16000"),
        (PollySettings(templates={"a": "{b"}), "templates.a: a brace is no field"),
    ],
)
def test_settings_that_do_not_fit_are_told(settings: PollySettings, fault: str) -> None:
    """Each by its field."""
    assert fault in faults(settings)[0]
    assert faults(SETTINGS) == ()


def test_a_lexicon_is_a_resource_that_requests_name() -> None:
    """By a name that Polly takes; another lexicon is another sound."""
    settings = PollySettings(lexicon=LEXICON)
    made = ports(settings)
    first = speak(Words(text="Hi"), made)
    (name,) = asked(made, "SynthesizeSpeech")[0]["LexiconNames"]
    template = KIND.resources(settings, PLACE).templates["Lexicon"]["Properties"]
    assert template["Name"] == name
    assert len(name) == 20
    assert name.isalnum()
    assert speak(Words(text="Hi"), ports()).key != first.key
    assert lexicon_faults(LEXICON) == ()
    assert "begins with <lexicon" in lexicon_faults("<a/>")[0]
    assert "no XML" in lexicon_faults("<lexicon>")[0]


@pytest.mark.parametrize(("engine", "units"), [("standard", 4), ("neural", 16), ("long-form", 100)])
def test_tags_cost_nothing_and_engines_differ(engine: str, units: int) -> None:
    """In units of $0.000002."""
    given = {"Engine": engine, "Text": '<speak><mark name="x"/>Hi</speak>'}
    assert billed_characters(given["Text"]) == 2
    assert SPEAK.units(given) == units


def arrived(made: ServicePorts, content: bytes, name: str = "news.txt") -> Arrived:
    """A file that came."""
    assert isinstance(made.files, FakeFiles)
    key = f"in/texts/{name}"
    made.files.content[key] = content
    return Arrived(key=key, name=name, size=len(content), work=WORK)


def test_a_long_text_is_spoken_by_a_task() -> None:
    """Where nothing else is, by the voice that its name tells."""
    made = ports()
    file = arrived(made, b"A < B", "news.de-DE.txt")
    waits = begin(file, made)
    assert waits == Waiting(state={"task": "t1", "attempt": 1}, seconds=20)
    (request,) = asked(made, "StartSpeechSynthesisTask")
    assert request["Text"] == "<speak>A &lt; B</speak>"
    assert (request["OutputS3BucketName"], request["VoiceId"]) == ("files", "Vicki")
    assert request["OutputS3KeyPrefix"] == f"spoken/{WORK}/1/speech"
    assert look(file, waits.state, made) == waits


def test_a_task_that_was_started_before_is_found_again() -> None:
    """On whatever page of the list it is: tasks have no token."""
    pages = {
        None: {"SynthesisTasks": [], "NextToken": "2"},
        "2": {"SynthesisTasks": [task()["SynthesisTask"]]},
    }
    made = ports(ListSpeechSynthesisTasks=lambda given: pages[given.get("NextToken")])
    waits = begin(arrived(made, b"Hi"), made)
    assert isinstance(waits, Waiting)
    assert waits.state["task"] == "t1"
    assert asked(made, "StartSpeechSynthesisTask") == []


def test_a_task_that_failed_is_tried_again_and_then_given_up() -> None:
    """Each attempt writes in a place of its own."""
    failed = task("failed", TaskStatusReason="m")
    made = ports(GetSpeechSynthesisTask=lambda _given: failed)
    file = arrived(made, b"Hi")
    again = look(file, {"task": "t1", "attempt": 1}, made)
    assert again == Waiting(state={"task": "t2", "attempt": 2}, seconds=20)
    with pytest.raises(CallFailedError):
        look(file, {"task": "t3", "attempt": 3}, made)


def test_a_task_that_is_over_is_a_sound_with_a_link() -> None:
    """By the key that Polly gave it."""
    made = ports(GetSpeechSynthesisTask=lambda _given: task("completed"))
    file = arrived(made, b"Hi")
    done = look(file, {"task": "t1", "attempt": 1}, made)
    assert isinstance(done, Done)
    assert done.result.key == f"spoken/{WORK}/1/speech.t1.mp3"
    assert (done.result.voice, done.result.characters) == ("Joanna", 9)
    made.files.write(
        "results/r.json",
        json.dumps({"result": to_json(done.result)}).encode(),
        content_type="application/json",
    )
    record = WorkRecord(
        work=WORK,
        key=file.key,
        size=2,
        state=WorkState.DONE,
        holder="m",
        touched_at=0.0,
        result="results/r.json",
    )
    made.ledger.save_work(record, after=None)
    assert done.result.key in link_of(Wanted(key=file.key), made).link


@pytest.mark.parametrize(
    ("content", "name", "fault"),
    [
        (b"\xff\xfe", "a.txt", "not UTF-8"),
        (b"  ", "a.txt", "nothing to say"),
        (b"x" * 100_001, "a.txt", "more than a task speaks"),
        (b"<speak><audio/></speak>", "a.ssml", "<audio> is no tag"),
    ],
)
def test_a_file_that_cannot_be_spoken_is_refused(content: bytes, name: str, fault: str) -> None:
    """With its reason, and nothing is asked."""
    made = ports()
    with pytest.raises(ProblemError, match=fault):
        begin(arrived(made, content, name), made)
    assert asked(made, "StartSpeechSynthesisTask") == []
