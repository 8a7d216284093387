"""Recordings: the job that is asked for, what becomes of it, and the text that people read."""

import json
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from tests.ai_fakes import PLACE, FakeCalls, FakeFiles, FakeMetrics, fake_ports
from tidegate.ai.files import Wanted
from tidegate.ai.kind import Arrived, Done, Waiting
from tidegate.ai.ledger import WorkRecord, WorkState
from tidegate.ai.ports import ServicePorts
from tidegate.ai.problems import CallFailedError, CallRefusedError, ProblemError
from tidegate.ai.transcribe import KIND
from tidegate.ai.transcribe.jobs import EVENTS, NOBODYS, resources
from tidegate.ai.transcribe.links import talk_links
from tidegate.ai.transcribe.reading import readable, transcript_of
from tidegate.ai.transcribe.settings import (
    TranscribeSettings,
    faults,
    phrases,
    vocabulary_faults,
)
from tidegate.ai.transcribe.talks import begin, look
from tidegate.ai.typed import to_json

WORK = "0123456789abcdef0123456789abcdef"
TALK = Arrived(key="in/talks/a.mp3", name="a.mp3", size=9, work=WORK)
START, GET = "transcribe:StartTranscriptionJob", "transcribe:GetTranscriptionJob"
Answers = Mapping[str, Callable[[Mapping[str, Any]], Mapping[str, Any]]]


def job(status: str = "IN_PROGRESS", reason: str | None = None) -> Answers:
    """Jobs are started, and are in that state."""
    told: dict[str, Any] = {"TranscriptionJobStatus": status}
    if reason is not None:
        told["FailureReason"] = reason
    answer = {"TranscriptionJob": told}
    return {START: lambda _given: answer, GET: lambda _given: answer}


def ports(settings: TranscribeSettings | None = None, answers: Answers | None = None) -> Any:
    """A service whose jobs go on, unless told otherwise."""
    chosen = TranscribeSettings() if settings is None else settings
    told = dict(resources(chosen, PLACE).told)
    given = job() if answers is None else answers
    return fake_ports(KIND, given, settings=chosen, resources=told)


def asked(made: ServicePorts, name: str) -> list[Mapping[str, Any]]:
    """The requests of an operation, in order."""
    assert isinstance(made.calls, FakeCalls)
    return [parameters for called, parameters in made.calls.asked if called == name]


def test_a_recording_starts_a_job_under_the_name_of_its_work() -> None:
    """With speakers and subtitles; its files go where nothing else is."""
    made = ports()
    assert begin(TALK, made) == Waiting(state={"attempt": 1}, seconds=60)
    (request,) = asked(made, START)
    assert request["TranscriptionJobName"] == f"{PLACE.prefix}-{WORK}-1"
    assert request["Media"] == {"MediaFileUri": "s3://files/in/talks/a.mp3"}
    assert (request["OutputBucketName"], request["LanguageCode"]) == ("files", "en-US")
    assert request["OutputKey"] == f"transcripts/{WORK}/talk.json"
    assert request["Settings"] == {"ShowSpeakerLabels": True, "MaxSpeakerLabels": 5}
    assert request["Subtitles"] == {"Formats": ["vtt", "srt"], "OutputStartIndex": 1}


def test_several_languages_are_told_apart() -> None:
    """By Transcribe, among those that are spoken."""
    made = ports(TranscribeSettings(languages=("en-US", "de-DE"), most_speakers=None, subtitles=()))
    begin(TALK, made)
    (request,) = asked(made, START)
    assert request["IdentifyLanguage"] is True
    assert request["LanguageOptions"] == ["en-US", "de-DE"]
    assert "LanguageCode" not in request
    assert "Subtitles" not in request
    assert request["Settings"] == {}


def test_a_vocabulary_and_hidden_words_are_resources_that_jobs_name() -> None:
    """Under the service's own name."""
    settings = TranscribeSettings(vocabulary="Tidegate\nLos Angeles\n", hidden_words=("darn",))
    made = resources(settings, PLACE)
    vocabulary = made.templates["Vocabulary"]["Properties"]
    assert vocabulary["Phrases"] == ["Tidegate", "Los-Angeles"]
    assert made.templates["HiddenWords"]["Properties"]["Words"] == ["darn"]
    asking = ports(settings)
    begin(TALK, asking)
    (request,) = asked(asking, START)
    assert request["Settings"]["VocabularyName"] == vocabulary["VocabularyName"] == PLACE.prefix
    assert request["Settings"]["VocabularyFilterMethod"] == "mask"


def refusing(code: str) -> Any:
    """Every start is refused so."""

    def refuse(_given: Any) -> Any:
        raise CallRefusedError(operation=START, code=code, message="m")

    return refuse


def test_a_job_that_was_started_before_is_waited_for() -> None:
    """The function was killed behind its start."""
    made = ports(answers={**job(), START: refusing("ConflictException")})
    assert begin(TALK, made) == Waiting(state={"attempt": 1}, seconds=60)
    other = ports(answers={**job(), START: refusing("BadRequestException")})
    with pytest.raises(CallRefusedError):
        begin(TALK, other)


def test_a_file_that_is_too_large_is_refused() -> None:
    """Before anything is asked."""
    made = ports()
    with pytest.raises(ProblemError, match="at most 2000000000"):
        begin(Arrived(key=TALK.key, name="a.mp3", size=2_000_000_001, work=WORK), made)
    assert asked(made, START) == []


def test_a_job_that_goes_on_is_looked_at_again() -> None:
    """Under the same attempt."""
    assert look(TALK, {"attempt": 2}, ports()) == Waiting(state={"attempt": 2}, seconds=60)


@pytest.mark.parametrize(
    "reason",
    [
        "The media format provided does not match the detected media format.",
        "Invalid sample rate for audio file.",
        "Unsupported media format.",
        "Invalid file size: file size too large.",
    ],
)
def test_a_recording_that_transcribe_cannot_use_is_refused(reason: str) -> None:
    """With AWS's reason."""
    with pytest.raises(ProblemError, match="cannot use the recording"):
        look(TALK, {"attempt": 1}, ports(answers=job("FAILED", reason)))


def test_a_job_that_aws_failed_is_tried_again_and_then_given_up() -> None:
    """Three times, each under a name of its own."""
    made = ports(answers=job("FAILED", "Internal service failure."))
    assert look(TALK, {"attempt": 1}, made) == Waiting(state={"attempt": 2}, seconds=60)
    (again,) = asked(made, START)
    assert again["TranscriptionJobName"].endswith(f"{WORK}-2")
    with pytest.raises(CallFailedError):
        look(TALK, {"attempt": 3}, made)


def word(text: str, start: float, speaker: str = "spk_0") -> dict[str, Any]:
    """A word of half a second."""
    return {
        "type": "pronunciation",
        "alternatives": [{"content": text, "confidence": "0.9"}],
        "start_time": str(start),
        "end_time": str(start + 0.5),
        "speaker_label": speaker,
    }


DOCUMENT = {
    "results": {
        "language_code": "en-US",
        "speaker_labels": {"speakers": 2},
        "items": [
            word("Hello", 0.0),
            {"type": "punctuation", "alternatives": [{"content": ".", "confidence": "0.0"}]},
            word("Ann", 1.0),
            word("Yes", 3_661.0, "spk_1"),
        ],
        "audio_segments": [
            {"transcript": "Hello.", "start_time": "0.0", "speaker_label": "spk_0"},
            {"transcript": "Ann?", "start_time": "1.0", "speaker_label": "spk_0"},
            {"transcript": "Yes", "start_time": "3661.0", "speaker_label": "spk_1"},
        ],
    }
}


def done(made: Any) -> Done:
    """What comes of the job whose transcript is in the bucket."""
    assert isinstance(made.files, FakeFiles)
    made.files.content[f"transcripts/{WORK}/talk.json"] = json.dumps(DOCUMENT).encode()
    found = look(TALK, {"attempt": 1}, made)
    assert isinstance(found, Done)
    return found


def test_a_transcript_becomes_a_text_by_speaker() -> None:
    """Once, however often it is looked at; its seconds are counted."""
    made = ports(answers=job("COMPLETED"))
    first, second = done(made), done(made)
    assert first == second
    result = first.result
    assert (result.language, result.words, result.speakers) == ("en-US", 3, 2)
    assert (result.seconds, result.confidence) == (3_661.5, 0.9)
    text = made.files.read(result.text).decode()
    assert text == "[0:00:00] Speaker 1: Hello. Ann?\n\n[1:01:01] Speaker 2: Yes\n\n"
    assert result.subtitles["srt"] == f"transcripts/{WORK}/talk.srt"
    assert isinstance(made.metrics, FakeMetrics)
    assert made.metrics.values["AudioSeconds"] == [3_661.5]


def test_a_silent_recording_has_an_empty_text() -> None:
    """And no confidence."""
    empty = {"results": {"language_code": "en-US", "items": [], "audio_segments": []}}
    found = transcript_of(empty)
    assert (found.words, found.seconds, found.confidence) == (0, 0.0, None)
    assert readable(found) == ""


def test_without_speakers_a_text_has_times_only() -> None:
    """As the settings have it."""
    segment = {"transcript": "Hello.", "start_time": "61.2"}
    results = {"language_code": "en-US", "items": [], "audio_segments": [segment]}
    assert readable(transcript_of({"results": results})) == "[0:01:01] Hello.\n\n"


def known(made: Any, state: WorkState, result: str | None = None) -> None:
    """The recording's work is in that state."""
    record = WorkRecord(
        work=WORK, key=TALK.key, size=9, state=state, holder="m", touched_at=0.0, result=result
    )
    made.ledger.save_work(record, after=None)


def test_links_lead_to_the_text_and_subtitles() -> None:
    """Once the recording is done."""
    made = ports(answers=job("COMPLETED"))
    document = {"result": to_json(done(made).result)}
    made.files.content["results/r.json"] = json.dumps(document).encode()
    known(made, WorkState.DONE, "results/r.json")
    found = talk_links(Wanted(key=TALK.key), made)
    assert (found.language, found.speakers) == ("en-US", 2)
    assert sorted(found.links) == ["srt", "text", "transcript", "vtt"]
    assert found.links["vtt"] == f"https://files.example/transcripts/{WORK}/talk.vtt?get"


def test_links_of_a_recording_under_way_are_not_there() -> None:
    """The problem says its status."""
    made = ports()
    known(made, WorkState.OPEN)
    with pytest.raises(ProblemError, match="status is open"):
        talk_links(Wanted(key=TALK.key), made)


@pytest.mark.parametrize(
    ("name", "work"),
    [
        (f"helpers-test-talks-{WORK}-2", WORK),
        ("somebody-elses-job", NOBODYS),
        (WORK, NOBODYS),
    ],
)
def test_an_event_names_the_work_of_its_job(name: str, work: str) -> None:
    """Jobs of others in the account are nobody's work; what is no event is unknown."""
    event = {"source": "aws.transcribe", "detail": {"TranscriptionJobName": name}}
    assert EVENTS.work(event) == work
    assert EVENTS.work({}) is None


def test_settings_that_do_not_fit_are_told() -> None:
    """Vocabularies and filters are of one language, and have words."""
    several = TranscribeSettings(
        languages=("en-US", "de-DE"), vocabulary="Tidegate", hidden_words=("darn",)
    )
    assert [fault.split()[0] for fault in faults(several)] == ["vocabulary", "hidden_words"]
    assert faults(TranscribeSettings()) == ()
    assert vocabulary_faults("\n \n") == ("no phrase is in it",)
    assert "line 2" in vocabulary_faults(f"ok\n{'x' * 257}")[0]
    assert phrases("New York\nNew  York\nTidegate") == ("New-York", "Tidegate")
