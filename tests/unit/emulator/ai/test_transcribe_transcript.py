"""Transcripts and subtitles of the emulated Transcribe."""

from typing import Any

import pysubs2
import pytest

from emulator.ai.jobs import JobFailedError
from emulator.ai.recordings import Recordings, digest_of
from emulator.ai.transcribe import hearing, requests, subtitles, transcript
from emulator.ai.transcribe.hearing import (
    Heard,
    Segment,
    check_recording,
    heard,
    media_format,
    transcribe_code,
)
from emulator.jsonapi import RefusedRequestError

TALK = Heard(
    language="en-US",
    engine="recorded",
    segments=(
        Segment(speaker="Ann", start=0.0, end=2.0, text="Hi, all. It's tidegate."),
        Segment(speaker="Bob", start=2.5, end=4.5, text="New york is damn wet!"),
        Segment(speaker="Ann", start=5.0, end=6.0, text="Thanks."),
    ),
)


def results(most_speakers: int | None = None, **changes: Any) -> dict[str, Any]:
    """The results of the talk."""
    items = transcript.items_of(TALK)
    items = transcript.spelled(items, changes.get("phrases", ()))
    items = transcript.filtered(items, changes.get("chosen"))
    return transcript.results_of(
        items, language="en-US", most_speakers=most_speakers, identified=False
    )


def test_items_are_words_with_times_and_marks_without():
    """The words of a segment share its time by their lengths."""
    found = results()["items"]
    contents = [item["alternatives"][0]["content"] for item in found]
    assert contents[:6] == ["Hi", ",", "all", ".", "It's", "tidegate"]
    assert found[0]["start_time"] == "0.000"
    assert found[2]["end_time"] == found[4]["start_time"]
    assert found[5]["end_time"] == "2.000"
    assert [("start_time" in item) for item in found[:2]] == [True, False]


def test_the_transcript_is_the_sentences():
    """Without spaces before marks, whole and by segment."""
    found = results()
    text = "Hi, all. It's tidegate. New york is damn wet! Thanks."
    assert found["transcripts"] == [{"transcript": text}]
    assert [segment["transcript"] for segment in found["audio_segments"]] == [
        segment.text for segment in TALK.segments
    ]
    assert "speaker_labels" not in found


def test_speakers_are_labelled_in_the_order_in_which_they_speak():
    """Each segment and each word of it."""
    found = results(5)
    labels = [segment["speaker_label"] for segment in found["speaker_labels"]["segments"]]
    assert labels == ["spk_0", "spk_1", "spk_0"]
    assert found["speaker_labels"]["speakers"] == 2
    assert found["items"][-1]["speaker_label"] == "spk_0"


def test_more_speakers_than_labels_share_the_last():
    """As many as the request allows."""
    three = tuple(
        Segment(speaker=name, start=float(at), end=at + 1.0, text="Hi")
        for at, name in enumerate("abc")
    )
    items = transcript.items_of(Heard(language="en-US", segments=three, engine="recorded"))
    made = transcript.results_of(items, language="en-US", most_speakers=2, identified=False)
    labels = [segment["speaker_label"] for segment in made["speaker_labels"]["segments"]]
    assert labels == ["spk_0", "spk_1", "spk_1"]


def test_a_vocabulary_spells_its_words():
    """Also those of several parts."""
    text = results(phrases=["TideGate", "New-York"])["transcripts"][0]["transcript"]
    assert "It's TideGate." in text
    assert "New York is" in text


@pytest.mark.parametrize(
    ("method", "expected"),
    [("mask", "New york is *** wet!"), ("remove", "New york is wet!"), ("tag", "is damn wet!")],
)
def test_a_filter_hides_its_words(method: str, expected: str):
    """By its method; a tagged word is shown."""
    chosen = transcript.Filter(words=frozenset({"damn"}), method=method)
    found = results(chosen=chosen)
    assert expected in found["transcripts"][0]["transcript"]
    tagged = [item for item in found["items"] if item.get("vocabularyFilterMatch")]
    assert len(tagged) == (1 if method == "tag" else 0)


@pytest.mark.parametrize("name", ["vtt", "srt"])
def test_subtitles_are_read_by_another_program(name: str):
    """Times and texts as they were spoken, one cue a sentence."""
    cues = subtitles.cues_of(transcript.items_of(TALK))
    read = pysubs2.SSAFile.from_string(subtitles.WRITERS[name](cues, 1), format_=name)
    assert [event.plaintext for event in read] == [
        *("Hi, all.", "It's tidegate.", "New york is damn wet!", "Thanks."),
    ]
    assert (read[2].start, read[2].end) == (2_500, 4_500)


def test_long_sentences_are_parted():
    """No subtitle is longer than two lines or seven seconds."""
    words = " ".join(f"word{number}" for number in range(60))
    talk = Heard(
        language="en-US",
        engine="recorded",
        segments=(Segment(speaker="a", start=0.0, end=60.0, text=words),),
    )
    cues = subtitles.cues_of(transcript.items_of(talk))
    assert " ".join(cue.text for cue in cues) == words
    assert max(len(cue.text) for cue in cues) <= 80
    assert max(cue.end - cue.start for cue in cues) <= 7.0


def test_times_have_hours():
    """Of a long talk."""
    cue = subtitles.Cue(start=3_725.25, end=3_726.0, text="x")
    assert "01:02:05.250 --> 01:02:06.000" in subtitles.vtt([cue], 0)
    assert subtitles.srt([cue], 0).startswith("0\n01:02:05,250")


def test_a_recording_is_what_is_heard():
    """Found by the bytes of the file."""
    recordings = Recordings(checks={hearing.SERVICE: check_recording})
    told = {
        "language": "en-GB",
        "segments": [{"speaker": "a", "start": 0, "end": 1, "text": "Hello"}],
    }
    with pytest.raises(JobFailedError, match="record its transcript"):
        heard(b"RIFF0000WAVE", recordings)
    recordings.put("transcribe", digest_of(b"RIFF0000WAVE"), told)
    found = heard(b"RIFF0000WAVE", recordings)
    assert (found.language, found.segments[0].text, found.engine) == ("en-GB", "Hello", "recorded")


def test_a_wrong_recording_is_refused_with_all_its_faults():
    """Before it is kept."""
    with pytest.raises(ValueError, match="language is a code") as caught:
        check_recording({"segments": [{"speaker": "", "start": 2, "end": 1, "text": "x"}]})
    assert "segment 1: speaker is a text" in str(caught.value)
    assert "start is before end" in str(caught.value)


def test_languages_of_polly_have_names_of_transcribe():
    """Mandarin is `zh-CN`, English stays `en-US`."""
    codes = [transcribe_code(code) for code in ("cmn-CN", "nb-NO", "en-US")]
    assert codes == ["zh-CN", "no-NO", "en-US"]


@pytest.mark.parametrize(
    ("start", "name"),
    [
        (b"RIFF0000WAVE", "wav"),
        (b"0000ftypM4A ", "m4a"),
        (b"0000ftypisom", "mp4"),
        (b"ID3\x04", "mp3"),
        (b"\xff\xf3\x80\xc4", "mp3"),
        (b"fLaC", "flac"),
        (b"OggS", "ogg"),
        (b"#!AMR\n", "amr"),
        (b"\x1a\x45\xdf\xa3", "webm"),
        (b"hello", None),
    ],
)
def test_formats_are_known_by_their_first_bytes(start: bytes, name: str | None):
    """Of each that Transcribe takes."""
    assert media_format(start) == name


def request(**changes: Any) -> dict[str, Any]:
    """A request for a job that is right but for the changes."""
    return {
        "TranscriptionJobName": "talk",
        "Media": {"MediaFileUri": "s3://in/talk.mp3"},
        "OutputBucketName": "out",
        **changes,
    }


def test_all_that_is_wrong_is_told_at_once():
    """By the service's own error."""
    wrong = request(
        LanguageOptions=["en-US"],
        Media={"MediaFileUri": "https://example.com/x"},
        Settings={"ShowSpeakerLabels": True, "VocabularyFilterName": "x"},
    )
    with pytest.raises(RefusedRequestError) as caught:
        requests.check(wrong)
    assert caught.value.code == "BadRequestException"
    for part in ("exactly one of", "at least two", "s3://", "MaxSpeakerLabels", "FilterMethod"):
        assert part in caught.value.message


def test_what_is_not_emulated_is_named():
    """A bucket of the service's own among it."""
    wrong = request(LanguageCode="en-US", ContentRedaction={"RedactionType": "PII"})
    del wrong["OutputBucketName"]
    with pytest.raises(RefusedRequestError) as caught:
        requests.check(wrong)
    assert caught.value.code == "NotEmulatedException"
    assert "ContentRedaction" in caught.value.message
    assert "OutputBucketName" in caught.value.message


@pytest.mark.parametrize(
    ("key", "expected"),
    [
        (None, ("talk.json", "talk.vtt", ".write_access_check_file.temp")),
        ("a/", ("a/talk.json", "a/talk.vtt", "a/.write_access_check_file.temp")),
        ("a/b.json", ("a/b.json", "a/b.vtt", "a/.write_access_check_file.temp")),
    ],
)
def test_outputs_lie_where_transcribe_puts_them(key: str | None, expected: tuple[str, ...]):
    """Transcript, subtitles, and the object that tries the bucket."""
    asked = request() if key is None else request(OutputKey=key)
    made = (
        requests.output_key(asked),
        requests.subtitle_key(asked, "vtt"),
        requests.check_key(asked),
    )
    assert made == expected
