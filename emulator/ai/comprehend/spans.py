"""Stretches of a text that rules find; where two overlap, the rule that comes first has it."""

import bisect
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

CHECKED = 1.0
"""The score of what has check digits that hold, or a form that nothing else has."""
CUED = 0.9
"""The score of what has its form beside a word that says what it is."""
SHAPED = 0.8
"""The score of what has its form alone."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Span:
    """What was found from `begin` to before `end`, in code points as AWS counts them.

    `score` says how strict the rule was, it is no probability.
    """

    kind: str
    begin: int
    end: int
    score: float

    def of(self, text: str) -> str:
        """Its stretch of the text."""
        return text[self.begin : self.end]


def _always(_text: str) -> bool:
    return True


@dataclass(frozen=True, kw_only=True, slots=True)
class Rule:
    """A form of text, and what has to hold for it to be of that kind.

    The span is the pattern's group `it`, or all that it matched if it has none.
    """

    kind: str
    pattern: re.Pattern[str]
    score: float
    holds: Callable[[str], object] = _always

    def spans(self, text: str) -> Iterator[Span]:
        """All that it finds in the text, in order."""
        group: int | str = "it" if "it" in self.pattern.groupindex else 0
        for match in self.pattern.finditer(text):
            if self.holds(match[group]):
                begin, end = match.span(group)
                yield Span(kind=self.kind, begin=begin, end=end, score=self.score)


def first_come(spans: Iterable[Span]) -> list[Span]:
    """Those spans that overlap none before them, in the order of the text."""
    kept: list[Span] = []
    for span in spans:
        place = bisect.bisect_left(kept, span.begin, key=lambda other: other.begin)
        after_previous = place == 0 or kept[place - 1].end <= span.begin
        before_next = place == len(kept) or span.end <= kept[place].begin
        if after_previous and before_next:
            kept.insert(place, span)
    return kept


def found_by(rules: Sequence[Rule], text: str) -> Iterator[Span]:
    """What the rules find, rule by rule."""
    for rule in rules:
        yield from rule.spans(text)


def pattern(source: str) -> re.Pattern[str]:
    """The verbose pattern, which takes no account of case."""
    return re.compile(source, re.IGNORECASE | re.VERBOSE)


def cased(source: str) -> re.Pattern[str]:
    """The verbose pattern, in which capitals count."""
    return re.compile(source, re.VERBOSE)
