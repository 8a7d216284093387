"""What is said in a file of sound: by a recording, by the emulated Polly's note, or a recognizer.

pocketsphinx hears English where it is installed. What none of them knows is a failed job, never
made up.
"""

import importlib.util
import io
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from emulator.ai import spoken
from emulator.ai.jobs import JobFailedError
from emulator.ai.recordings import Recordings

RECORDED, SPHINX = "recorded", "pocketsphinx"
SERVICE = "transcribe"
_SPHINX_RATE = 16_000

_OF_POLLY = {
    "arb": "ar-SA",
    "cmn-CN": "zh-CN",
    "de-AT": "de-DE",
    "en-GB-WLS": "en-WL",
    "en-SG": "en-GB",
    "fr-BE": "fr-FR",
    "nb-NO": "no-NO",
    "nl-BE": "nl-NL",
    "yue-CN": "zh-HK",
}
"""Languages that Transcribe calls otherwise than Polly."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Segment:
    """What one speaker says without a break, in seconds of the sound."""

    speaker: str
    start: float
    end: float
    text: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Heard:
    """Everything that is said, in which language, and who heard it."""

    language: str
    segments: tuple[Segment, ...]
    engine: str


def check_recording(answer: Mapping[str, Any]) -> None:
    """ValueError, with every fault, unless it is `{"language", "segments"}` of a transcript."""
    faults = []
    segments = answer.get("segments")
    if not isinstance(answer.get("language"), str):
        faults.append(f"language is a code such as en-US, got {answer.get('language')!r}")
    if not isinstance(segments, list) or not segments:
        faults.append("segments is a list of at least one")
        segments = []
    for number, segment in enumerate(segments, start=1):
        faults += [f"segment {number}: {fault}" for fault in _segment_faults(segment)]
    if faults:
        raise ValueError("; ".join(faults))


def _segment_faults(segment: Any) -> list[str]:
    if not isinstance(segment, dict):
        return ["is an object with speaker, start, end and text"]
    faults = [
        f"{name} is a text, got {segment.get(name)!r}"
        for name in ("speaker", "text")
        if not isinstance(segment.get(name), str) or not segment[name]
    ]
    times = [segment.get("start"), segment.get("end")]
    if not all(isinstance(time, int | float) and math.isfinite(time) for time in times):
        faults.append(f"start and end are seconds, got {times}")
    elif not 0 <= segment["start"] < segment["end"]:
        faults.append(f"start is before end, got {times}")
    return faults


def heard(sound: bytes, recordings: Recordings) -> Heard:
    """What is said in the file; JobFailedError if nobody knows."""
    recorded = recordings.of(SERVICE, sound)
    if recorded is not None:
        segments = tuple(Segment(**segment) for segment in recorded["segments"])
        return Heard(language=recorded["language"], segments=segments, engine=RECORDED)
    note = spoken.note_in(sound).read()
    if note is not None:
        segment = Segment(speaker="polly", start=0.0, end=_seconds(sound), text=note.text)
        return Heard(language=transcribe_code(note.language), segments=(segment,), engine=RECORDED)
    if importlib.util.find_spec("pocketsphinx") is not None:
        return _recognized(sound)
    raise JobFailedError(
        "The embedded cloud does not know what is said in this file: record its transcript "
        "(EmbeddedCloud.record_answer), or install pocketsphinx for English"
    )


def transcribe_code(polly_code: str) -> str:
    """What Transcribe calls a language of Polly's."""
    return _OF_POLLY.get(polly_code, polly_code)


def media_format(sound: bytes) -> str | None:
    """The format by the first bytes, None if it is none of Transcribe's."""
    if sound[:4] == b"RIFF" and sound[8:12] == b"WAVE":
        return "wav"
    if sound[4:8] == b"ftyp":
        return "m4a" if sound[8:11] == b"M4A" else "mp4"
    if sound[:3] == b"ID3" or (sound[:1] == b"\xff" and sound[1:2] >= b"\xe0"):
        return "mp3"
    starts = {b"fLaC": "flac", b"OggS": "ogg", b"#!AM": "amr", b"\x1a\x45\xdf\xa3": "webm"}
    return starts.get(sound[:4])


def sample_rate(sound: bytes) -> int | None:
    """Samples a second, None where libsndfile can't read the file."""
    import soundfile  # noqa: PLC0415 - loads a library when first used

    try:
        return int(soundfile.info(io.BytesIO(sound)).samplerate)
    except soundfile.LibsndfileError:
        return None


def _seconds(sound: bytes) -> float:
    import soundfile  # noqa: PLC0415 - loads a library when first used

    return float(soundfile.info(io.BytesIO(sound)).duration)


def _recognized(sound: bytes) -> Heard:
    import numpy as np  # noqa: PLC0415 - takes a tenth of a second
    import soundfile  # noqa: PLC0415
    from pocketsphinx import Decoder  # noqa: PLC0415 - may not be installed

    from emulator.ai.polly.encoding import resampled  # noqa: PLC0415

    try:
        samples, rate = soundfile.read(io.BytesIO(sound), dtype="int16", always_2d=True)
    except soundfile.LibsndfileError as error:
        raise JobFailedError(f"libsndfile can't read this file: {error}") from error
    mono = resampled(samples.mean(axis=1).astype(np.int16), rate, _SPHINX_RATE)
    decoder = Decoder(samprate=_SPHINX_RATE)
    decoder.start_utt()
    decoder.process_raw(mono.astype("<i2").tobytes(), full_utt=True)
    decoder.end_utt()
    segments = _words(decoder.seg(), decoder.config["frate"])
    if not segments:
        raise JobFailedError("pocketsphinx hears no words in this file")
    return Heard(language="en-US", segments=tuple(segments), engine=SPHINX)


def _words(found: Any, frames_a_second: int) -> Sequence[Segment]:
    return [
        Segment(
            speaker="spk",
            start=word.start_frame / frames_a_second,
            end=(word.end_frame + 1) / frames_a_second,
            text=word.word.partition("(")[0],
        )
        for word in found
        if word.word[:1] not in "<[+"
    ]
