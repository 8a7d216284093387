"""Long texts in parts that a translator takes: no sentence, tag or character is cut in two."""

import re
from collections.abc import Iterable, Iterator, Sequence

PART_BYTES = 9_000
"""Of UTF-8. TranslateText takes 10,000 (API reference); placeholders need some of them."""
_PARAGRAPH = re.compile(r"(?<=\n)(?=\s*\n)|(?<=\n\n)")
_SENTENCE = re.compile(r"(?<=[.!?\u2026\u3002\uff01\uff1f])(?=\s)|(?<=\n)")
_WORD = re.compile(r"(?<=\s)(?=\S)")


def size_of(text: str) -> int:
    """Bytes of UTF-8."""
    return len(text.encode())


def parts_of(text: str, most: int = PART_BYTES) -> list[str]:
    """The text in parts of at most so many bytes, which joined are the text.

    Cut between paragraphs, else between sentences, else between words; a word that is longer than
    a part is cut between characters.
    """
    return list(_packed(_small_enough(text, most, (_PARAGRAPH, _SENTENCE, _WORD)), most))


def _small_enough(text: str, most: int, cuts: Sequence[re.Pattern[str]]) -> Iterator[str]:
    if size_of(text) <= most:
        yield text
    elif cuts:
        for piece in cuts[0].split(text):
            yield from _small_enough(piece, most, cuts[1:])
    else:
        yield from _by_characters(text, most)


def _by_characters(text: str, most: int) -> Iterator[str]:
    start, size = 0, 0
    for place, sign in enumerate(text):
        width = len(sign.encode())
        if size + width > most:
            yield text[start:place]
            start, size = place, 0
        size += width
    yield text[start:]


def _packed(pieces: Iterable[str], most: int) -> Iterator[str]:
    """Neighbours together, as many as fit."""
    held = ""
    for piece in pieces:
        if held and size_of(held) + size_of(piece) > most:
            yield held
            held = ""
        held += piece
    if held:
        yield held
