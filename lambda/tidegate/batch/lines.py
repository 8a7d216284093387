"""Blocks of lines of an object that is read in parts: no more than a part and a line in memory."""

from collections.abc import Iterable, Iterator

from tidegate.errors import TidegateError

NEWLINE = b"\n"


class LongLineError(TidegateError):
    """A line is longer than any payload may be; `before` is how many lines came before it."""

    def __init__(self, *, before: int, limit: int) -> None:
        self.before = before
        super().__init__(
            f"line {before + 1} is longer than {limit:,} bytes, the largest payload: nothing after "
            "it was looked at; split the record or raise max_payload_mb"
        )


def texts(parts: Iterable[bytes], *, longest: int) -> Iterator[bytes]:
    """Whole lines with their ends, as many at once as a part has; a last one may lack its end.

    LongLineError for a line beyond `longest` bytes.
    """
    rest, count = b"", 0
    for part in parts:
        end = part.rfind(NEWLINE) + 1
        if end > 0:
            text = rest + part[:end]
            _within(text, count, longest)
            yield text
            count += text.count(NEWLINE)
            rest = part[end:]
        else:
            rest += part
        if len(rest) > longest:
            raise LongLineError(before=count, limit=longest)
    if rest:
        _within(rest + NEWLINE, count, longest)
        yield rest


def split(text: bytes) -> list[bytes]:
    """The lines of a text without their ends."""
    found = text.split(NEWLINE)
    if found[-1] == b"":
        found.pop()
    return found


def blocks(parts: Iterable[bytes], *, longest: int) -> Iterator[list[bytes]]:
    """The same, each text in lines without their ends."""
    return map(split, texts(parts, longest=longest))


def _within(text: bytes, before: int, longest: int) -> None:
    if len(text) <= longest:
        return
    for position, line in enumerate(split(text)):
        if len(line) + len(NEWLINE) > longest:
            raise LongLineError(before=before + position, limit=longest)


def paired(
    first: Iterator[list[bytes]], second: Iterator[list[bytes]]
) -> Iterator[tuple[list[bytes], list[bytes]]]:
    """Lines of both side by side, as many of one as of the other; what one has more comes last."""
    left: list[bytes] = []
    right: list[bytes] = []
    while True:
        left = left or next(first, [])
        right = right or next(second, [])
        count = min(len(left), len(right))
        if count == 0:
            break
        yield left[:count], right[:count]
        left, right = left[count:], right[count:]
    if left or right:
        yield left, right


def lines(parts: Iterable[bytes], *, longest: int) -> Iterator[bytes]:
    """The same, a line at a time."""
    for block in blocks(parts, longest=longest):
        yield from block
