"""Cuts a text into passages that can be found and cited, at the ends of sentences."""

import re
from collections.abc import Iterator, Sequence

_SENTENCE_END = re.compile(r"(?<=[.!?])\s+|\n\s*\n")


def passages_of(text: str, *, words: int, overlap: float = 0.0) -> list[str]:
    """Passages of at most so many words; each begins with the last sentences of the one before.

    `overlap` is the share of `words` (0 to under 1) that is repeated at most. A sentence that is
    longer is cut between words. A text without words has no passages.
    """
    if words < 1 or not 0.0 <= overlap < 1.0:
        raise ValueError(f"words must be >= 1 and overlap in [0, 1), got {words} and {overlap}")
    passages: list[str] = []
    current: list[str] = []
    for sentence in _sentences(text, words):
        if current and _count(current) + len(sentence.split()) > words:
            passages.append(" ".join(current))
            current = _tail(current, int(words * overlap), words - len(sentence.split()))
        current.append(sentence)
    if current:
        passages.append(" ".join(current))
    return passages


def _sentences(text: str, words: int) -> Iterator[str]:
    for sentence in _SENTENCE_END.split(text):
        found = sentence.split()
        for start in range(0, len(found), words):
            yield " ".join(found[start : start + words])


def _tail(sentences: Sequence[str], most: int, room: int) -> list[str]:
    """The last sentences that together have at most so many words."""
    kept: list[str] = []
    for sentence in reversed(sentences):
        if _count([*kept, sentence]) > min(most, room):
            break
        kept.insert(0, sentence)
    return kept


def _count(sentences: Sequence[str]) -> int:
    return sum(len(sentence.split()) for sentence in sentences)
