"""Posts: their language, sentiment and personal data, in batches, translated where needed."""

import json
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.ai_fakes import FakeCalls, FakeFiles, FakeMetrics, fake_ports
from tidegate.ai.comprehend import KIND
from tidegate.ai.comprehend.arriving import PORTION, begin, look
from tidegate.ai.comprehend.judging import find_entities, judge_posts, redact
from tidegate.ai.comprehend.posts import Post, Posts, Text
from tidegate.ai.comprehend.redaction import without
from tidegate.ai.comprehend.settings import ComprehendSettings, faults
from tidegate.ai.kind import Arrived, Done, Waiting
from tidegate.ai.ports import ServicePorts
from tidegate.ai.problems import CallFailedError, CallRefusedError, ProblemError
from tidegate.ai.typed import read
from tidegate.errors import InvalidValueError

SCORES = {"Positive": 0.1, "Negative": 0.7, "Neutral": 0.1, "Mixed": 0.1}


def languages(given: Mapping[str, Any]) -> Mapping[str, Any]:
    """German where there is an umlaut, nothing sure of a short text, else English."""
    found = [
        ("de" if "ü" in text else "en", 0.3 if len(text) < 4 else 0.99)
        for text in given["TextList"]
    ]
    results = [
        {"Index": index, "Languages": [{"LanguageCode": code, "Score": score}]}
        for index, (code, score) in enumerate(found)
    ]
    return {"ResultList": results, "ErrorList": []}


def sentiments(given: Mapping[str, Any]) -> Mapping[str, Any]:
    """Negative where it says bad, else positive."""
    results = [
        {
            "Index": index,
            "Sentiment": "NEGATIVE" if "bad" in text else "POSITIVE",
            "SentimentScore": SCORES,
        }
        for index, text in enumerate(given["TextList"])
    ]
    return {"ResultList": results, "ErrorList": []}


def personal(given: Mapping[str, Any]) -> Mapping[str, Any]:
    """A name where it says Anna."""
    at = given["Text"].find("Anna")
    found = {"Type": "NAME", "Score": 1.0, "BeginOffset": at, "EndOffset": at + 4}
    return {"Entities": [found] if at >= 0 else []}


ANSWERS = {
    "comprehend:BatchDetectDominantLanguage": languages,
    "comprehend:BatchDetectSentiment": sentiments,
    "comprehend:DetectPiiEntities": personal,
    "comprehend:DetectEntities": lambda _given: {
        "Entities": [
            {"Type": "PERSON", "Text": "Anna", "Score": 0.9, "BeginOffset": 0, "EndOffset": 4}
        ]
    },
    "translate:TranslateText": lambda given: {
        "TranslatedText": f"in English: {given['Text']} bad",
        "SourceLanguageCode": "de",
        "TargetLanguageCode": "en",
    },
}


def ports(settings: ComprehendSettings | None = None, **answers: Any) -> ServicePorts:
    """A service that reads English only, unless told otherwise."""
    chosen = ComprehendSettings(languages=("en",)) if settings is None else settings
    named = {f"comprehend:{name}": answer for name, answer in answers.items()}
    return fake_ports(KIND, {**ANSWERS, **named}, settings=chosen)


def calls(made: ServicePorts) -> list[str]:
    """What was asked, in order."""
    assert isinstance(made.calls, FakeCalls)
    return made.calls.names()


def posts(*texts: str) -> Posts:
    """Posts without a language."""
    return Posts(posts=tuple(Post(text=text, id=str(i)) for i, text in enumerate(texts)))


def test_posts_are_judged_in_their_order() -> None:
    """With the share of negative ones, each counted for the alarm."""
    made = ports()
    found = judge_posts(posts("all is good", "this is bad"), made)
    assert [(p.id, p.sentiment, p.translated) for p in found.posts] == [
        ("0", "positive", False),
        ("1", "negative", False),
    ]
    assert found.negative_percent == 50.0
    assert isinstance(made.metrics, FakeMetrics)
    assert made.metrics.values["NegativePercent"] == [0.0, 100.0]


def test_other_languages_are_translated_first() -> None:
    """And the answer says so, and which language it was."""
    found = judge_posts(posts("für alle", "for all"), ports())
    assert [(p.language, p.translated, p.sentiment) for p in found.posts] == [
        ("de", True, "negative"),
        ("en", False, "positive"),
    ]


def test_languages_that_are_judged_are_not_translated() -> None:
    """Comprehend knows twelve."""
    made = ports(ComprehendSettings())
    found = judge_posts(posts("für alle"), made)
    assert (found.posts[0].language, found.posts[0].translated) == ("de", False)
    assert "translate:TranslateText" not in calls(made)


def test_a_language_that_is_not_sure_is_the_default() -> None:
    """Comprehend cannot tell that of two letters."""
    assert judge_posts(posts("üü"), ports()).posts[0].language == "en"


def test_a_language_that_is_told_is_not_detected() -> None:
    """Which saves a call."""
    made = ports()
    judge_posts(Posts(posts=(Post(text="good", language="en"),)), made)
    assert calls(made) == ["comprehend:BatchDetectSentiment"]


def test_sixty_posts_are_three_batches() -> None:
    """Of 25 at most."""
    made = ports()
    found = judge_posts(posts(*["all is good"] * 60), made)
    assert len(found.posts) == 60
    assert calls(made).count("comprehend:BatchDetectSentiment") == 3


def failing(times: int) -> Any:
    """The first item fails so many times."""
    left = [times]

    def answer(given: Mapping[str, Any]) -> Mapping[str, Any]:
        found = dict(sentiments(given))
        if left[0] > 0:
            left[0] -= 1
            found["ResultList"] = found["ResultList"][1:]
            found["ErrorList"] = [
                {"Index": 0, "ErrorCode": "INTERNAL_SERVER_ERROR", "ErrorMessage": "m"}
            ]
        return found

    return answer


def test_items_that_fail_are_asked_again() -> None:
    """And only those."""
    made = ports(BatchDetectSentiment=failing(1))
    assert len(judge_posts(posts("one is good", "two is bad"), made).posts) == 2
    assert isinstance(made.calls, FakeCalls)
    asked = [p["TextList"] for name, p in made.calls.asked if name.endswith("Sentiment")]
    assert asked == [["one is good", "two is bad"], ["one is good"]]


def test_items_that_go_on_failing_fail_the_call() -> None:
    """Which is worth another try later."""
    with pytest.raises(CallFailedError):
        judge_posts(posts("one is good"), ports(BatchDetectSentiment=failing(99)))


def test_a_language_nobody_translates_is_refused_if_it_was_told() -> None:
    """And taken for the default's, if it was only detected."""

    def refuse(_given: Any) -> Any:
        code = "UnsupportedLanguagePairException"
        raise CallRefusedError(operation="translate:TranslateText", code=code, message="")

    made = fake_ports(
        KIND,
        {**ANSWERS, "translate:TranslateText": refuse},
        settings=ComprehendSettings(languages=("en",)),
    )
    with pytest.raises(ProblemError) as caught:
        judge_posts(Posts(posts=(Post(text="hi", language="yo"),)), made)
    assert caught.value.status == 422
    assert judge_posts(posts("für alle"), made).posts[0].language == "en"


def test_entities_and_redaction_of_one_text() -> None:
    """Places are of the text that is answered."""
    assert find_entities(Text(text="Anna is here"), ports()).entities[0].text == "Anna"
    clean = redact(Text(text="Dear Anna, hello"), ports())
    assert (clean.text, clean.found) == ("Dear [NAME], hello", ("NAME",))


def test_types_that_may_stay_stay() -> None:
    """The project file names them."""
    kept = ports(ComprehendSettings(languages=("en",), keep_types=("NAME",)))
    assert redact(Text(text="Dear Anna"), kept).text == "Dear Anna"


SPANS = st.lists(
    st.tuples(st.integers(0, 20), st.integers(1, 8)).map(
        lambda s: {"Type": "X", "BeginOffset": s[0], "EndOffset": s[0] + s[1]}
    ),
    max_size=5,
)


@given(spans=SPANS)
def test_nothing_that_was_found_is_left(spans: list[dict[str, Any]]) -> None:
    """However places overlap, and nothing else is lost."""
    text = "abcdefghijklmnopqrstuvwxyzab"
    clean = without(text, spans)
    hidden = {place for s in spans for place in range(s["BeginOffset"], s["EndOffset"])}
    left = "".join(letter for place, letter in enumerate(text) if place not in hidden)
    assert clean.replace("[X]", "") == left


def arrived(content: str, made: ServicePorts) -> Arrived:
    """A file that came."""
    assert isinstance(made.files, FakeFiles)
    made.files.content["in/posts/a.jsonl"] = content.encode()
    return Arrived(key="in/posts/a.jsonl", name="a.jsonl", size=len(content), work="w")


def test_a_file_is_judged_and_stored_without_personal_data() -> None:
    """Lines are posts, or texts alone."""
    made = ports()
    file = arrived('{"text": "Anna is bad", "id": "p"}\n\n"all is good"\n', made)
    found = begin(file, made)
    assert isinstance(found, Done)
    assert (found.result.posts, found.result.negative_percent) == (2, 50.0)
    assert found.result.personal_data == {"NAME": 1}
    lines = [json.loads(line) for line in made.files.read(found.result.judged[0]).splitlines()]
    assert [(line.get("id"), line["text"]) for line in lines] == [
        ("p", "[NAME] is bad"),
        (None, "all is good"),
    ]


def test_large_files_are_judged_in_portions() -> None:
    """Each look is short, and killed in between nothing is done twice."""
    made = ports()
    file = arrived('"all is good"\n' * (PORTION + 1), made)
    first = begin(file, made)
    assert first == Waiting(state={"next": PORTION}, seconds=0)
    begin(file, made)
    assert isinstance(first, Waiting)
    last = look(file, first.state, made)
    assert isinstance(last, Done)
    assert last.result.posts == PORTION + 1
    assert isinstance(made.metrics, FakeMetrics)
    assert len(made.metrics.values["NegativePercent"]) == PORTION + 1


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        ("{no json}", "line 1 is no JSON"),
        ('{"txt": "a"}', "line 1: unknown field 'txt': did you mean text?"),
        ("[1]", "line 1: post is [1], must be an object with text, id, language"),
    ],
)
def test_a_file_with_faults_is_refused(content: str, fault: str) -> None:
    """All lines are named, and nothing was asked."""
    made = ports()
    with pytest.raises(ProblemError) as caught:
        begin(arrived(content, made), made)
    assert caught.value.faults[0] == fault
    assert calls(made) == []


def test_english_is_needed() -> None:
    """Whatever is translated becomes it."""
    assert faults(ComprehendSettings(languages=("de",))) != ()
    assert faults(ComprehendSettings()) == ()


@pytest.mark.parametrize("code", ["bte-WH", "e", "EN", "en-gb", "english"])
def test_codes_that_no_service_takes_are_refused_at_the_door(code: str) -> None:
    """Translate's codes have five characters at most."""
    with pytest.raises(InvalidValueError):
        read(Text, {"text": "a", "language": code}, what="the request")


@pytest.mark.parametrize("code", ["en", "zh-TW", "haw"])
def test_codes_that_a_service_may_take_are_taken(code: str) -> None:
    """Of two letters, of three, with a region."""
    assert read(Text, {"text": "a", "language": code}, what="the request").language == code
