"""The size of an image in pixels, from its first bytes.

PNG: W3C, "Portable Network Graphics (PNG) Specification", 11.2.2. JPEG: ITU-T T.81, B.2.2; the
frame's header is behind any marker SOF0 to SOF15 that is none of DHT, JPG and DAC.
"""

import struct
from collections.abc import Mapping

MEDIA: Mapping[str, str] = {"png": "image/png", "jpg": "image/jpeg", "jpeg": "image/jpeg"}
_PNG = b"\x89PNG\r\n\x1a\n"
_NO_FRAMES = frozenset({0xC4, 0xC8, 0xCC})


def size_of(content: bytes) -> tuple[int, int] | None:
    """Width and height; None where it is neither PNG nor JPEG, or damaged."""
    if content.startswith(_PNG):
        return _real(struct.unpack(">II", content[16:24])) if len(content) >= 24 else None
    if content.startswith(b"\xff\xd8"):
        return _of_jpeg(content)
    return None


def _of_jpeg(content: bytes) -> tuple[int, int] | None:
    at = 2
    while at + 9 <= len(content) and content[at] == 0xFF:
        marker = content[at + 1]
        if marker == 0xFF:
            at += 1
            continue
        (length,) = struct.unpack(">H", content[at + 2 : at + 4])
        if 0xC0 <= marker <= 0xCF and marker not in _NO_FRAMES:
            height, width = struct.unpack(">HH", content[at + 5 : at + 9])
            return _real((width, height))
        at += 2 + length
    return None


def _real(sides: tuple[int, ...]) -> tuple[int, int] | None:
    width, height = sides
    return (width, height) if width and height else None
