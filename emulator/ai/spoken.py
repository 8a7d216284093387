"""A note in files of sound that says what is spoken in them.

The emulated Polly leaves it, so that the emulated Transcribe can give the text back without a
recognizer. AWS leaves none.
"""

import base64
import io
import json
import zlib
from dataclasses import dataclass

_MARK = "emulated-speech:"
_MOST_BYTES = 60_000
"""More than that fits into no page of an Ogg file; longer texts are left out."""
_ID3 = b"ID3\x04\x00\x00"
_FRAME = b"TXXX"
_UTF8 = b"\x03"


@dataclass(frozen=True, kw_only=True, slots=True)
class Spoken:
    """A text, and the code of the language in which it is spoken."""

    language: str
    text: str


@dataclass(frozen=True, slots=True)
class Note:
    """The note as text; empty if what was spoken is too long for one."""

    text: str

    @classmethod
    def of(cls, spoken: Spoken) -> "Note":
        """The note about it."""
        plain = json.dumps({"language": spoken.language, "text": spoken.text})
        packed = base64.b64encode(zlib.compress(plain.encode())).decode()
        return cls(f"{_MARK}{packed}" if len(packed) <= _MOST_BYTES else "")

    def in_mp3(self) -> bytes:
        """The tag that goes before the first frame (ID3 2.4, a frame TXXX); nothing without."""
        if not self.text:
            return b""
        body = _UTF8 + b"emulated-speech\x00" + self.text.encode()
        frame = _FRAME + _syncsafe(len(body)) + b"\x00\x00" + body
        return _ID3 + _syncsafe(len(frame)) + frame

    def read(self) -> Spoken | None:
        """What it says."""
        _, found, packed = self.text.partition(_MARK)
        if not found:
            return None
        told = json.loads(zlib.decompress(base64.b64decode(packed.rstrip("\x00"))))
        return Spoken(language=told["language"], text=told["text"])


def note_in(sound: bytes) -> Note:
    """The note in a file of sound, an empty one if there is none or the format has no place."""
    if sound[:6] == _ID3:
        size = _of_syncsafe(sound[6:10])
        return Note(sound[10 : 10 + size].decode("utf-8", errors="replace"))
    if sound[:4] != b"OggS":
        return Note("")
    import soundfile  # noqa: PLC0415 - loads a library when first used

    try:
        with soundfile.SoundFile(io.BytesIO(sound)) as file:
            return Note(str(file.comment))
    except soundfile.LibsndfileError:
        return Note("")


def _syncsafe(size: int) -> bytes:
    """Seven bits a byte, as ID3 writes sizes."""
    return bytes((size >> shift) & 0x7F for shift in (21, 14, 7, 0))


def _of_syncsafe(written: bytes) -> int:
    return sum(part << shift for part, shift in zip(written, (21, 14, 7, 0), strict=True))
