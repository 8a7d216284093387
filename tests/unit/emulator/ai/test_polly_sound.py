"""Sound of the emulated Polly: telephone codes, rates, formats, notes and the timeline."""

import hashlib
import io
import json
import shutil
from typing import Any

import numpy as np
import pytest
import soundfile

from emulator import apimodels
from emulator.ai.polly import g711
from emulator.ai.polly.encoding import resampled
from emulator.ai.polly.lexicons import Lexicons
from emulator.ai.polly.operations import Polly
from emulator.ai.polly.speaking import RATE, Espeak, Mouth, Tones, espeak_language
from emulator.ai.polly.voices import VOICES
from emulator.ai.spoken import Note, Spoken, note_in
from emulator.jsonapi import RefusedRequestError
from tests.unit.emulator.ai.sites import TENANT, Town

LINE = "Mary had a little lamb. Its fleece was white as snow."


def polly(mouth: Mouth | None = None) -> Polly:
    """Of a town, with tones unless told otherwise."""
    return Polly(lexicons=Lexicons(site=Town().site()), mouth=Tones() if mouth is None else mouth)


def sound(text: str = LINE, made: Polly | None = None, **request: Any) -> bytes:
    """What is answered to a request of Joanna."""
    speaker = polly() if made is None else made
    wanted = {"OutputFormat": "pcm", "VoiceId": "Joanna", "Text": text, **request}
    return speaker.fulfilled(speaker.wish(wanted, TENANT, most=6_000))


def marks(text: str, *kinds: str, **request: Any) -> list[dict[str, Any]]:
    """The speech marks of those kinds."""
    lines = sound(text, OutputFormat="json", SpeechMarkTypes=list(kinds), **request)
    return [json.loads(line) for line in lines.decode().splitlines()]


@pytest.mark.parametrize(
    ("samples", "mulaw", "alaw"),
    [
        ([0, -1], "ff7e", "d555"),
        ([32_767, -32_768], "8000", "aa2a"),
        ([1_000, -1_000, 100, 8], "ce4ef2fe", "fa7ad3d5"),
    ],
)
def test_telephone_codes_have_their_known_values(samples: list[int], mulaw: str, alaw: str):
    """Silence, the loudest, and between (ITU-T G.711)."""
    made = np.array(samples, np.int16)
    assert (g711.mulaw(made).hex(), g711.alaw(made).hex()) == (mulaw, alaw)


@pytest.mark.parametrize(
    ("code", "digest"),
    [
        (g711.mulaw, "81d633c9e6972a18c74a58720b96cb8ca0bdd096d4060b646dd708c3b846019a"),
        (g711.alaw, "38488f6fd710f4686360edc4d38639f96c491595ef93f8eb8d62d5e07ca6ce7b"),
    ],
)
def test_every_sample_is_coded_as_pythons_audioop_did(code: Any, digest: str):
    """The digest is of what `audioop` of Python 3.11 made of all 65,536."""
    every = np.arange(-32_768, 32_768, dtype=np.int32).astype(np.int16)
    assert hashlib.sha256(code(every)).hexdigest() == digest


def test_another_rate_keeps_tones_and_drops_what_it_cannot_hold():
    """A tone of 1 kHz stays, one of 9 kHz is gone at 8,000 samples a second."""
    time = np.arange(RATE) / RATE
    low, high = np.sin(2 * np.pi * 1_000 * time), np.sin(2 * np.pi * 9_000 * time)
    made = resampled((8_000 * (low + high)).astype(np.int16), RATE, 8_000)
    expected = 8_000 * np.sin(2 * np.pi * 1_000 * np.arange(8_000) / 8_000)
    assert len(made) == 8_000
    assert np.abs(made - expected).max() < 40


@pytest.mark.parametrize(
    ("request_", "seconds_a_byte"),
    [
        ({"OutputFormat": "pcm"}, 1 / 32_000),
        ({"OutputFormat": "pcm", "SampleRate": "8000"}, 1 / 16_000),
        ({"OutputFormat": "mulaw"}, 1 / 8_000),
        ({"OutputFormat": "alaw"}, 1 / 8_000),
    ],
)
def test_raw_formats_are_as_long_as_the_speech(request_: dict[str, Any], seconds_a_byte: float):
    """By their rates and widths."""
    whole = len(sound()) / 32_000
    assert abs(len(sound(**request_)) * seconds_a_byte - whole) < 0.001


@pytest.mark.parametrize(
    ("request_", "rate"),
    [
        ({"OutputFormat": "mp3"}, 22_050),
        ({"OutputFormat": "mp3", "Engine": "neural"}, 24_000),
        ({"OutputFormat": "ogg_vorbis", "SampleRate": "16000"}, 16_000),
        ({"OutputFormat": "ogg_opus"}, 48_000),
    ],
)
def test_files_are_read_by_another_program_and_say_what_is_spoken(
    request_: dict[str, Any], rate: int
):
    """At the rate that was asked for, with the note."""
    made = sound(**request_)
    read, found = soundfile.read(io.BytesIO(made))
    assert found == rate
    assert abs(len(read) / rate - len(sound()) / 32_000) < 0.1
    assert note_in(made).read() == Spoken(language="en-US", text=LINE)


def test_a_text_that_is_too_long_for_a_note_leaves_none():
    """And a file without one says nothing."""
    noise = hashlib.shake_256(b"x").hexdigest(100_000)
    assert Note.of(Spoken(language="en-US", text=noise)).text == ""
    assert note_in(b"RIFF....WAVE").read() is None
    assert note_in(b"OggS but no more").read() is None


def test_marks_name_places_and_times():
    """Bytes of the input, and milliseconds that never go back."""
    text = "Größe zählt. Ja!"
    found = marks(text, "sentence", "word")
    assert [mark["value"] for mark in found] == [
        *("Größe zählt.", "Größe", "zählt"),
        *("Ja!", "Ja"),
    ]
    for mark in found:
        assert text.encode()[mark["start"] : mark["end"]].decode() == mark["value"]
    assert [mark["time"] for mark in found] == sorted(mark["time"] for mark in found)


SSML = (
    '<speak>A <mark name="here"/><sub alias="web">WWW</sub> &amp; more.'
    '<break time="2s"/><p>End</p></speak>'
)


def test_marks_of_ssml_name_places_in_the_markup():
    """Also behind a character reference, and after a pause."""
    found = {
        mark["value"]: mark
        for mark in marks(SSML, "sentence", "word", "ssml", TextType="ssml", VoiceId="Joanna")
    }
    places = {value: SSML[mark["start"] : mark["end"]] for value, mark in found.items()}
    assert places["here"] == '<mark name="here"/>'
    assert places["WWW"] == "WWW"
    assert places["more"] == "more"
    assert found["End"]["time"] >= found["more"]["time"] + 2_000


def test_aliases_and_lexicons_are_what_is_spoken():
    """Whole words, of the voice's language only, the first lexicon before the second."""
    made = polly()
    for name, language, alias in (
        ("first", "en-US", "consortium"),
        ("second", "en-US", "nobody"),
        ("other", "de-DE", "niemand"),
    ):
        made.lexicons.put(TENANT, name, lexicon(language, "W3C", alias))
    told = sound(
        "The W3C, not W3Cs.", made, OutputFormat="mp3", LexiconNames=["other", "first", "second"]
    )
    note = note_in(told).read()
    assert note is not None
    assert note.text == "The consortium, not W3Cs."
    spoken = note_in(sound(SSML, OutputFormat="mp3", TextType="ssml")).read()
    assert spoken is not None
    assert "web" in spoken.text.split()


def lexicon(language: str, grapheme: str, alias: str, alphabet: str = "ipa") -> str:
    """A document with one lexeme."""
    return (
        '<lexicon version="1.0" xmlns="http://www.w3.org/2005/01/pronunciation-lexicon"'
        f' alphabet="{alphabet}" xml:lang="{language}"><lexeme>'
        f"<grapheme>{grapheme}</grapheme><alias>{alias}</alias></lexeme></lexicon>"
    )


@pytest.mark.parametrize(
    ("content", "code"),
    [
        ("<lexicon/>", "InvalidLexiconException"),
        ("no xml", "InvalidLexiconException"),
        (
            f'<!DOCTYPE x [<!ENTITY a "b">]>{lexicon("en-US", "a", "b")}',
            "InvalidLexiconException",
        ),
        (lexicon("en-US", "", "b"), "InvalidLexiconException"),
        (lexicon("xx-XX", "a", "b"), "UnsupportedPlsLanguageException"),
        (lexicon("en-US", "a", "b", "words"), "UnsupportedPlsAlphabetException"),
        (lexicon("en-US", "a", "b" * 101), "MaxLexemeLengthExceededException"),
        (lexicon("en-US", "a" * 4_000, "b"), "LexiconSizeExceededException"),
    ],
)
def test_what_is_no_lexicon_is_refused(content: str, code: str):
    """By the service's own errors."""
    with pytest.raises(RefusedRequestError) as caught:
        polly().lexicons.put(TENANT, "x", content)
    assert caught.value.code == code


def test_prosody_changes_the_sound():
    """Slower is longer, louder is louder."""
    plain, slow, loud = (
        np.frombuffer(sound(f"<speak>{text}</speak>", TextType="ssml"), "<i2")
        for text in (
            "one two",
            '<prosody rate="50%">one two</prosody>',
            '<prosody volume="+6dB">one two</prosody>',
        )
    )
    assert len(slow) == pytest.approx(2 * len(plain), rel=0.01)
    assert np.abs(loud).max() == pytest.approx(2 * np.abs(plain).max(), rel=0.02)


def test_the_table_has_every_voice_of_the_model():
    """With a language that the model knows, and an engine."""
    model = apimodels.service_model("polly")
    assert set(VOICES) == set(model.shape_for("VoiceId").metadata["enum"])
    languages = set(model.shape_for("LanguageCode").metadata["enum"])
    assert all(languages.issuperset(voice.languages) for voice in VOICES.values())
    engines = set(model.shape_for("Engine").metadata["enum"])
    assert all(voice.engines and engines.issuperset(voice.engines) for voice in VOICES.values())


@pytest.mark.parametrize(
    ("code", "name"), [("en-US", "en-us"), ("en-AU", "en-gb"), ("de-AT", "de"), ("arb", "ar")]
)
def test_languages_have_names_of_espeak(code: str, name: str):
    """Of the nearest that it has."""
    assert espeak_language(code) == name


@pytest.mark.skipif(shutil.which("espeak-ng") is None, reason="espeak-ng is not installed")
def test_espeak_speaks_when_it_is_installed():
    """As long as speech is, and louder than nothing."""
    program = shutil.which("espeak-ng")
    assert program is not None
    made = np.frombuffer(sound(LINE, polly(Espeak(program=program))), "<i2")
    assert 2 < len(made) / 16_000 < 8
    assert np.abs(made).max() > 5_000
