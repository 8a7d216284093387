"""Lines of a file that is read in parts: never more than one part and one line in memory."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

LONGEST_BYTES = 16_384
"""A line is at most this long; of a longer one only the beginning is kept."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A line without its end. `end` is the position in the file after it, `whole` all of it."""

    content: bytes
    end: int
    whole: bool = True


def lines_of(parts: Iterable[bytes], *, position: int = 0) -> Iterator[Line]:
    """The lines of a file from a position on, which is the beginning of a line."""
    kept, length, at = b"", 0, position
    for part in parts:
        pieces = part.split(b"\n")
        for piece in pieces[:-1]:
            length += len(piece)
            at += length + 1
            yield _line(kept + piece[: LONGEST_BYTES + 1 - len(kept)], at, length)
            kept, length = b"", 0
        kept += pieces[-1][: LONGEST_BYTES + 1 - len(kept)]
        length += len(pieces[-1])
    if length:
        yield _line(kept, at + length, length)


def _line(content: bytes, end: int, length: int) -> Line:
    whole = length <= LONGEST_BYTES
    return Line(content=content.removesuffix(b"\r"), end=end, whole=whole)
