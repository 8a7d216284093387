"""Ranks passages for a question by the full-text index of SQLite (FTS5) and its Okapi BM25.

BM25 with k1 = 1.2 and b = 0.75 (https://www.sqlite.org/fts5.html, "The bm25() function"), over
words stemmed by Porter's rules; a word in the title counts like one in the passage. The words of
a question are alternatives: a passage that has one of them is found. In small collections SQLite's
BM25 is close to zero for words that half of the passages have, so the share of the question's words
that a passage has decides with it.
"""

import re
import sqlite3
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

ENGINE = "sqlite-fts5-bm25"

_WORD = re.compile(r"\w+")
_OPEN, _CLOSE = "\x02", "\x03"
_IN_EVERY_QUESTION = frozenset(
    re.findall(
        r"\w+",
        "a an and are as at be by can could do does for from has have how i in is it its me my"
        " of on or our should that the their there they this to was we were what when where which"
        " who why will with would you your",
    )
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Ranked:
    """A passage that was found: `number` counts a document's passages from 0.

    `coverage` is the share of the question's words that title or passage have. `score`, above 0
    and 1 at most, is coverage * (1 + BM25 / the best BM25 that was found) / 2. `highlights` are the
    places of the found words in the passage.
    """

    document: str
    number: int
    text: str
    score: float
    coverage: float
    highlights: tuple[tuple[int, int], ...]


class PassageIndex:
    """The passages of one index; documents are put and deleted whole. Safe from many threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._rows = sqlite3.connect(":memory:", check_same_thread=False)
        self._rows.execute(
            "CREATE VIRTUAL TABLE passages USING fts5"
            "(title, text, document UNINDEXED, number UNINDEXED, tokenize='porter unicode61')"
        )

    def put(self, document: str, title: str, passages: Sequence[str]) -> None:
        """The document has these passages, and no others."""
        with self._lock, self._rows:
            self._rows.execute("DELETE FROM passages WHERE document = ?", (document,))
            self._rows.executemany(
                "INSERT INTO passages (title, text, document, number) VALUES (?, ?, ?, ?)",
                [(title, text, document, number) for number, text in enumerate(passages)],
            )

    def delete(self, document: str) -> None:
        """The document has no passages."""
        with self._lock, self._rows:
            self._rows.execute("DELETE FROM passages WHERE document = ?", (document,))

    def ranked(self, question: str, visible: Callable[[str], bool]) -> list[Ranked]:
        """The passages of visible documents that have a word of the question, best first."""
        words = _words(question)
        if not words:
            return []
        with self._lock:
            having = [self._having(word) for word in words]
            rows = self._rows.execute(
                "SELECT rowid, document, number, text, highlight(passages, 1, ?, ?),"
                " bm25(passages) FROM passages WHERE passages MATCH ?",
                (_OPEN, _CLOSE, " OR ".join(map(_quoted, words))),
            ).fetchall()
        seen = [row for row in rows if visible(row[1])]
        best = max((-row[5] for row in seen), default=0.0)
        found = [
            _ranked(row, coverage=sum(row[0] in ids for ids in having) / len(words), best=best)
            for row in seen
        ]
        return sorted(found, key=lambda each: (-each.score, each.document, each.number))

    def _having(self, word: str) -> frozenset[int]:
        rows = self._rows.execute(
            "SELECT rowid FROM passages WHERE passages MATCH ?", (_quoted(word),)
        )
        return frozenset(row for (row,) in rows)


def _ranked(row: tuple[Any, ...], *, coverage: float, best: float) -> Ranked:
    _, document, number, text, marked, negated = row
    share = -negated / best if best > 0.0 else 0.0
    return Ranked(
        document=document,
        number=number,
        text=text,
        score=coverage * (1.0 + max(share, 0.0)) / 2.0,
        coverage=coverage,
        highlights=_places(marked),
    )


def _words(question: str) -> list[str]:
    """The question's words without those that every question has, unless it has no others."""
    words = list(dict.fromkeys(_WORD.findall(question.lower())))
    telling = [word for word in words if word not in _IN_EVERY_QUESTION]
    return telling or words


def _quoted(word: str) -> str:
    return '"' + word.replace('"', '""') + '"'


def _places(marked: str) -> tuple[tuple[int, int], ...]:
    places, begin, position = [], 0, 0
    for sign in marked:
        if sign == _OPEN:
            begin = position
        elif sign == _CLOSE:
            places.append((begin, position))
        else:
            position += 1
    return tuple(places)
