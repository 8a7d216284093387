"""Sound as the formats of Polly, with a note of what was spoken where the format has a place."""

import io
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from emulator.ai import spoken
from emulator.ai.polly import g711
from emulator.ai.polly.g711 import Samples
from emulator.ai.polly.speaking import RATE

_CHUNK_SAMPLES = 1 << 16


@dataclass(frozen=True, kw_only=True, slots=True)
class Format:
    """A format of sound: its media type, the name of its files, and its rates, in samples/s.

    `default` is the rate of standard voices; None where it depends on the engine.
    """

    media_type: str
    extension: str
    rates: tuple[int, ...]
    default: int | None = None


_COMMON = (8_000, 16_000, 22_050, 24_000, 44_100, 48_000)
FORMATS: Mapping[str, Format] = {
    "mp3": Format(media_type="audio/mpeg", extension="mp3", rates=_COMMON),
    "ogg_vorbis": Format(media_type="audio/ogg", extension="ogg", rates=_COMMON),
    "ogg_opus": Format(media_type="audio/ogg", extension="ogg", rates=(48_000,), default=48_000),
    "pcm": Format(media_type="audio/pcm", extension="pcm", rates=(8_000, 16_000), default=16_000),
    "mulaw": Format(media_type="audio/mulaw", extension="mulaw", rates=(8_000,), default=8_000),
    "alaw": Format(media_type="audio/alaw", extension="alaw", rates=(8_000,), default=8_000),
}
"""By the names of `OutputFormat` (API reference, SynthesizeSpeech)."""


def default_rate(name: str, engine: str) -> int:
    """Samples a second when a request names none."""
    found = FORMATS[name].default
    if found is not None:
        return found
    return 22_050 if engine == "standard" else 24_000


def encoded(samples: Samples, name: str, rate: int, *, note: spoken.Note) -> bytes:
    """The samples, which are at `speaking.RATE`, in the format at another rate."""
    sound = resampled(samples, RATE, rate)
    if name == "pcm":
        return sound.astype("<i2").tobytes()
    if name == "mulaw":
        return g711.mulaw(sound)
    if name == "alaw":
        return g711.alaw(sound)
    return _compressed(sound, name, rate, note)


def resampled(samples: Samples, here: int, there: int) -> Samples:
    """The sound at another rate, without what that rate can't hold (by Fourier's transform)."""
    if here == there:
        return samples
    whole = here * 30
    parts = [samples[start : start + whole] for start in range(0, len(samples), whole)]
    made = [_resampled_part(part, round(len(part) * there / here)) for part in parts]
    return np.concatenate([np.zeros(0, np.int16), *made])


def _resampled_part(part: Samples, count: int) -> Samples:
    if not count:
        return np.zeros(0, np.int16)
    spectrum = np.fft.rfft(part.astype(np.float64))
    kept = np.zeros(count // 2 + 1, np.complex128)
    shared = min(len(spectrum), len(kept))
    kept[:shared] = spectrum[:shared]
    sound = np.fft.irfft(kept, count) * (count / len(part))
    return np.clip(np.round(sound), -32_768, 32_767).astype(np.int16)


def _compressed(sound: Samples, name: str, rate: int, note: spoken.Note) -> bytes:
    import soundfile  # noqa: PLC0415 - loads a library when first used

    container, codec = {
        "mp3": ("MP3", "MPEG_LAYER_III"),
        "ogg_vorbis": ("OGG", "VORBIS"),
        "ogg_opus": ("OGG", "OPUS"),
    }[name]
    buffer = io.BytesIO()
    with soundfile.SoundFile(
        buffer, "w", samplerate=rate, channels=1, format=container, subtype=codec
    ) as file:
        if container == "OGG":
            file.comment = note.text
        # Whole minutes at once make libsndfile's encoders overflow their stack.
        for start in range(0, len(sound), _CHUNK_SAMPLES):
            file.write(sound[start : start + _CHUNK_SAMPLES])
    data = buffer.getvalue()
    return note.in_mp3() + data if container == "MP3" else data
