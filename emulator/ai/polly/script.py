"""What is to be spoken: characters of the input with their places in it, and how they are spoken.

Places are bytes of the input in UTF-8, as Polly's speech marks count them.
"""

import itertools
import re
from collections.abc import Iterator
from dataclasses import dataclass, field

_ENDS = ".!?\u2026\u3002\uff01\uff1f"
_CLOSES = "\"')\\]\u201d\u2019"
_SENTENCE_END = re.compile(rf"[{_ENDS}]+[{_CLOSES}]*(?=\s|$)|\n\s*\n")
_WORD = re.compile(r"\w+(?:['.\u2019-]\w+)*")


@dataclass(frozen=True, kw_only=True, slots=True)
class Style:
    """How a run of characters is spoken; rate and pitch are multiples of the voice's own."""

    language: str | None = None
    alias: str | None = None
    """What is spoken in place of the characters."""
    spelled: bool = False
    whispered: bool = False
    rate: float = 1.0
    pitch: float = 1.0
    decibels: float = 0.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Stop:
    """At the character's place speech stops: for a pause, a sentence's end or a mark by name."""

    at: int
    seconds: float = 0.0
    ends_sentence: bool = False
    name: str | None = None
    begin: int = 0
    end: int = 0


@dataclass(frozen=True, kw_only=True, slots=True)
class Word:
    """A word of the input."""

    text: str
    begin: int
    end: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Utterance:
    """Characters that are spoken in one breath, in one style."""

    text: str
    style: Style
    words: tuple[Word, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Sentence:
    """Where a sentence begins, before its first utterance."""

    text: str
    begin: int
    end: int


Part = Utterance | Sentence | Stop


@dataclass(kw_only=True, slots=True)
class Script:
    """The input, character by character; `begins` and `ends` are each one's bytes."""

    text: str = ""
    begins: list[int] = field(default_factory=list)
    ends: list[int] = field(default_factory=list)
    styles: list[tuple[int, Style]] = field(default_factory=list)
    """From which character on which style is spoken."""
    stops: list[Stop] = field(default_factory=list)

    @classmethod
    def plain(cls, text: str) -> "Script":
        """The script of a text without markup."""
        script = cls()
        script.add(text, begin=0, style=Style())
        return script

    def add(self, text: str, *, begin: int, style: Style, size: int | None = None) -> None:
        """The characters are spoken next; `size` is the bytes of one that was written otherwise."""
        if not self.styles or self.styles[-1][1] != style:
            self.styles.append((len(self.text), style))
        place = begin
        for sign in text:
            width = len(sign.encode("utf-8", errors="surrogatepass")) if size is None else size
            self.begins.append(place)
            self.ends.append(place + width)
            place += width if size is None else 0
        self.text += text

    def parts(self) -> Iterator[Part]:
        """Everything in its order: each sentence before what is said in it."""
        stops = sorted(self.stops, key=lambda stop: stop.at)
        for begin, end in self._sentences():
            if _WORD.search(self.text, begin, end):
                yield self._sentence(begin, end)
            last = end == len(self.text)
            inside = [stop for stop in stops if begin <= stop.at < end or (last and stop.at == end)]
            yield from self._spoken(begin, end, inside)
        if not self.text:
            yield from stops

    def _sentences(self) -> list[tuple[int, int]]:
        cuts = {match.end() for match in _SENTENCE_END.finditer(self.text)}
        cuts |= {stop.at for stop in self.stops if stop.ends_sentence}
        bounds = sorted({0, len(self.text), *cuts})
        return list(itertools.pairwise(bounds))

    def _sentence(self, begin: int, end: int) -> Sentence:
        text = self.text[begin:end]
        first = begin + len(text) - len(text.lstrip())
        last = begin + len(text.rstrip()) - 1
        return Sentence(
            text=self.text[first : last + 1], begin=self.begins[first], end=self.ends[last]
        )

    def _spoken(self, begin: int, end: int, stops: list[Stop]) -> Iterator[Part]:
        cuts = {stop.at for stop in stops}
        cuts |= {place for place, _ in self.styles if begin < place < end}
        bounds = sorted({begin, end, *cuts})
        for here, there in zip(bounds, [*bounds[1:], end], strict=True):
            yield from (stop for stop in stops if stop.at == here)
            if self.text[here:there].strip():
                yield self._utterance(here, there)

    def _utterance(self, begin: int, end: int) -> Utterance:
        words = tuple(
            Word(text=match[0], begin=self.begins[match.start()], end=self.ends[match.end() - 1])
            for match in _WORD.finditer(self.text, begin, end)
        )
        style = next(style for place, style in reversed(self.styles) if place <= begin)
        return Utterance(text=self.text[begin:end], style=style, words=words)
