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


def blocks(parts: Iterable[bytes], *, longest: int) -> Iterator[list[bytes]]:
    """Whole lines without their ends, as many at once as a part has; a last one may lack its end.

    LongLineError for a line beyond `longest` bytes.
    """
    rest, count = b"", 0
    for part in parts:
        lines = (rest + part).split(NEWLINE)
        rest = lines.pop()
        if lines:
            _within(lines, count, longest)
            count += len(lines)
            yield lines
        if len(rest) > longest:
            raise LongLineError(before=count, limit=longest)
    if rest:
        _within([rest], count, longest)
        yield [rest]


def _within(lines: list[bytes], before: int, longest: int) -> None:
    if max(map(len, lines)) < longest:
        return
    for position, line in enumerate(lines):
        if len(line) + len(NEWLINE) > longest:
            raise LongLineError(before=before + position, limit=longest)


def lines(parts: Iterable[bytes], *, longest: int) -> Iterator[bytes]:
    """The same, a line at a time."""
    for block in blocks(parts, longest=longest):
        yield from block
