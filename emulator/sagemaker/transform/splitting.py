"""Cuts the bytes of an object into mini-batches. Pure: no more than a mini-batch is held.

Lines are kept as they are, each with its newline; one mini-batch after the other is the object
again. That is how the local mode of the SageMaker SDK splits, which AWS wrote.
"""

from collections.abc import Iterable, Iterator

NEWLINE = b"\n"


class TooMuchDataError(ValueError):
    """A record, or an object that is not split, is larger than the largest payload."""

    def __init__(self, limit: int) -> None:
        super().__init__(f"Too much data for max payload size ({limit} bytes)")


def whole(chunks: Iterable[bytes], limit: int) -> Iterator[bytes]:
    """The object as one mini-batch (SplitType None); none for an empty one."""
    parts, size = [], 0
    for chunk in chunks:
        parts.append(chunk)
        size += len(chunk)
        if size > limit:
            raise TooMuchDataError(limit)
    if size > 0:
        yield b"".join(parts)


def lines(chunks: Iterable[bytes], limit: int) -> Iterator[bytes]:
    """A line a mini-batch (SingleRecord)."""
    rest = b""
    for chunk in chunks:
        *ended, rest = (rest + chunk).split(NEWLINE)
        for line in ended:
            yield _within(line + NEWLINE, limit)
        _within(rest, limit)
    if rest:
        yield rest


def full_batches(chunks: Iterable[bytes], limit: int) -> Iterator[bytes]:
    """As many whole lines a mini-batch as fit (MultiRecord)."""
    buffer = bytearray()
    for chunk in chunks:
        buffer += chunk
        while len(buffer) > limit:
            end = buffer.rfind(NEWLINE, 0, limit) + 1
            if end == 0:
                raise TooMuchDataError(limit)
            yield bytes(buffer[:end])
            del buffer[:end]
    if buffer:
        yield bytes(buffer)


def _within(line: bytes, limit: int) -> bytes:
    if len(line) > limit:
        raise TooMuchDataError(limit)
    return line
