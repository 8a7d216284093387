"""Makes sound of a script: by espeak-ng where it is installed, else by tones as long as the words.

The timeline tells when each sentence, word and mark comes. The sound of an utterance is measured;
the words in it share its time by their lengths.
"""

import hashlib
import re
import shutil
import subprocess
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

import numpy as np

from emulator.ai.polly.g711 import Samples
from emulator.ai.polly.script import Script, Sentence, Stop, Style, Utterance
from emulator.ai.polly.voices import Voice

RATE = 22_050
"""Samples a second of what is spoken, before it is encoded."""
TONE_ENGINE, ESPEAK_ENGINE = "tone", "espeak-ng"

_WAV_HEADER_BYTES = 44
_TIMEOUT_SECONDS = 120.0
_WORDS_A_MINUTE = 175
_SENTENCE_PAUSE_SECONDS = 0.3

_ESPEAK_LANGUAGES = {
    "arb": "ar",
    "ar-AE": "ar",
    "cmn-CN": "cmn",
    "en-US": "en-us",
    "es-MX": "es-419",
    "es-US": "es-419",
    "fr-BE": "fr-be",
    "fr-CA": "fr-fr",
    "fr-FR": "fr-fr",
    "pt-BR": "pt-br",
    "yue-CN": "yue",
}
"""Where the name is not the part before the hyphen; English is `en-gb` elsewhere."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Moment:
    """What comes at a time of the sound: a sentence, a word or a mark of SSML."""

    seconds: float
    kind: str
    value: str
    begin: int
    end: int


@dataclass(kw_only=True, slots=True)
class Speech:
    """The sound, at `RATE`, and what comes when in it."""

    sounds: list[Samples] = field(default_factory=list)
    said: list[str] = field(default_factory=list)
    """What was spoken, aliases in place of what was written."""
    timeline: list[Moment] = field(default_factory=list)
    count: int = 0

    @property
    def samples(self) -> Samples:
        """All of it."""
        return np.concatenate(self.sounds) if self.sounds else np.zeros(0, np.int16)

    @property
    def seconds(self) -> float:
        """How long it is so far."""
        return self.count / RATE

    def add(self, sound: Samples) -> None:
        """The sound follows."""
        self.sounds.append(sound)
        self.count += len(sound)


class Mouth(Protocol):
    """What makes sound of words."""

    @property
    def engine(self) -> str:
        """What the answers name."""
        ...

    def say(self, text: str, voice: Voice, *, style: Style) -> Samples:
        """The sound of the text, at `RATE`."""
        ...


def best_mouth() -> Mouth:
    """espeak-ng if this machine has it."""
    program = shutil.which("espeak-ng")
    return Tones() if program is None else Espeak(program=program)


def spoken(
    script: Script, voice: Voice, mouth: Mouth, *, language: str, rewrite: Callable[[str, str], str]
) -> Speech:
    """The script by the voice; `rewrite(text, language)` is what lexicons make of a text."""
    speech = Speech()
    for part in script.parts():
        if isinstance(part, Stop):
            _stop(speech, part)
        elif isinstance(part, Sentence):
            if speech.sounds:
                speech.add(_silence(_SENTENCE_PAUSE_SECONDS))
            speech.timeline.append(_moment(speech, "sentence", part))
        else:
            style = replace(part.style, language=part.style.language or language)
            _say(speech, replace(part, style=style), voice, mouth=mouth, rewrite=rewrite)
    return speech


def _moment(speech: Speech, kind: str, part: Any) -> Moment:
    return Moment(
        seconds=speech.seconds, kind=kind, value=part.text, begin=part.begin, end=part.end
    )


def _stop(speech: Speech, stop: Stop) -> None:
    if stop.name is not None:
        moment = Moment(
            seconds=speech.seconds, kind="ssml", value=stop.name, begin=stop.begin, end=stop.end
        )
        speech.timeline.append(moment)
    if stop.seconds > 0:
        speech.add(_silence(stop.seconds))


def _say(
    speech: Speech,
    part: Utterance,
    voice: Voice,
    *,
    mouth: Mouth,
    rewrite: Callable[[str, str], str],
) -> None:
    language = part.style.language or voice.language
    text = part.style.alias if part.style.alias is not None else rewrite(part.text, language)
    told = " ".join(re.sub(r"\s+", "", text)) if part.style.spelled else text
    sound = _louder(mouth.say(told, voice, style=part.style), part.style.decibels)
    start, seconds = speech.seconds, len(sound) / RATE
    letters = sum(len(word.text) for word in part.words)
    before = 0
    for word in part.words:
        moment = Moment(
            seconds=start + seconds * before / letters,
            kind="word",
            value=word.text,
            begin=word.begin,
            end=word.end,
        )
        speech.timeline.append(moment)
        before += len(word.text)
    speech.add(sound)
    speech.said.append(text.strip())


def _louder(sound: Samples, decibels: float) -> Samples:
    if decibels == 0.0:
        return sound
    scaled = sound.astype(np.float64) * 10 ** (decibels / 20)
    return np.clip(scaled, -32_768, 32_767).astype(np.int16)


def _silence(seconds: float) -> Samples:
    return np.zeros(round(seconds * RATE), np.int16)


class Tones:
    """A tone for each word, as long as the word: no speech, but of a length that fits the text."""

    engine = TONE_ENGINE
    _seconds_a_letter = 0.065
    _gap_seconds = 0.06

    def say(self, text: str, voice: Voice, *, style: Style) -> Samples:
        """Higher for women, for each word another one, the same each time."""
        base = (220.0 if voice.gender == "Female" else 130.0) * style.pitch
        words = re.findall(r"\w+", text)
        return np.concatenate(
            [np.zeros(0, np.int16), *(self._tone(word, base, style.rate) for word in words)]
        )

    def _tone(self, word: str, base: float, rate: float) -> Samples:
        seconds = len(word) * self._seconds_a_letter / rate
        time = np.arange(round(seconds * RATE)) / RATE
        frequency = base * (1 + (sum(word.encode()) % 24) / 24)
        envelope = np.minimum(1.0, np.minimum(time, seconds - time) / 0.01)
        tone = (9_000 * envelope * np.sin(2 * np.pi * frequency * time)).astype(np.int16)
        return np.concatenate([tone, _silence(self._gap_seconds / rate)])


@dataclass(frozen=True, kw_only=True, slots=True)
class Espeak:
    """espeak-ng, a program of Debian: real speech, of a machine."""

    program: str
    engine: str = ESPEAK_ENGINE

    def say(self, text: str, voice: Voice, *, style: Style) -> Samples:
        """By the voice's language and sex; each voice of Polly's is a variant of its own."""
        command = [self.program, *_espeak_options(voice, style), "--stdin", "--stdout"]
        done = subprocess.run(
            command, input=text.encode(), capture_output=True, check=True, timeout=_TIMEOUT_SECONDS
        )
        sound = done.stdout[_WAV_HEADER_BYTES:]
        return np.frombuffer(sound[: len(sound) // 2 * 2], dtype="<i2").astype(np.int16)


def _espeak_options(voice: Voice, style: Style) -> Sequence[str]:
    return (
        "-v",
        f"{espeak_language(style.language or voice.language)}+{_variant(voice, style)}",
        "-s",
        str(round(_WORDS_A_MINUTE * style.rate)),
        "-p",
        str(min(99, round(50 * style.pitch))),
    )


def espeak_language(code: str) -> str:
    """What espeak-ng calls a language of Polly's."""
    if code in _ESPEAK_LANGUAGES:
        return _ESPEAK_LANGUAGES[code]
    language = code.partition("-")[0]
    return "en-gb" if language == "en" else language


def _variant(voice: Voice, style: Style) -> str:
    if style.whispered:
        return "whisper" if voice.gender == "Male" else "whisperf"
    number = int.from_bytes(hashlib.sha256(voice.id.encode()).digest()[:2], "big")
    return f"f{1 + number % 5}" if voice.gender == "Female" else f"m{1 + number % 7}"
