"""Texts and pages in another language: cut in parts, translated once, kept by their content."""

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from tidegate.ai.ports import ServicePorts
from tidegate.ai.translate.markup import (
    Block,
    Kind,
    Piece,
    as_markup,
    blocks_of,
    has_words,
    incoming,
    merged,
    outgoing,
)
from tidegate.ai.translate.parts import PART_BYTES, parts_of, size_of
from tidegate.ai.translate.settings import TranslateSettings
from tidegate.errors import NotFoundError

CACHE = "cache/"
"""What keys of translated parts begin with."""
_FORMAT = 1
"""Of the cached parts: another one begins when parts are made otherwise."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Localised:
    """A text in another language, of so many parts, some of which had been translated before."""

    text: str
    parts: int
    cached: int


@dataclass(kw_only=True, slots=True)
class Localiser:
    """Translates parts to one language, each once; `most_new` more, then PausedError."""

    ports: ServicePorts
    language: str
    most_new: int | None = None
    parts: int = 0
    cached: int = 0

    def page(self, document: str) -> Localised:
        """The page with the same tree of tags."""
        made = "".join(self._group(group) for group in _groups(blocks_of(document)))
        return Localised(text=made, parts=self.parts, cached=self.cached)

    def text(self, text: str) -> Localised:
        """The text, its spaces and lines where they were."""
        made = "".join(self._words(part) for part in parts_of(text))
        return Localised(text=made, parts=self.parts, cached=self.cached)

    def _group(self, group: Sequence[Block]) -> str:
        """Blocks that are sent together, and apart if they come back otherwise than they went."""
        if not any(has_words(block) for block in group):
            return "".join(piece.raw for block in group for piece in block)
        joined = [piece for block in group for piece in block]
        return self._kept("page", joined, lambda: self._translated(group))

    def _translated(self, group: Sequence[Block]) -> str:
        pieces = merged(piece for block in group for piece in block)
        sent = outgoing(pieces)
        if size_of(sent) <= PART_BYTES:
            found = incoming(pieces, self._asked(sent))
            if found is not None:
                return found
        if len(group) > 1:
            return "".join(self._translated([block]) for block in group)
        return "".join(self._piece(piece) for piece in pieces)

    def _piece(self, piece: Piece) -> str:
        """Words alone: nothing of the markup is sent."""
        if not piece.has_words:
            return piece.raw
        return "".join(as_markup(self._spaced(part)) for part in parts_of(outgoing([piece])))

    def _words(self, text: str) -> str:
        if not any(sign.isalpha() for sign in text):
            return text
        whole = [Piece(raw=text, kind=Kind.WORDS)]
        return self._kept("text", whole, lambda: self._spaced(text))

    def _spaced(self, text: str) -> str:
        """The translation with the spaces around the text."""
        core = text.strip()
        if not core:
            return text
        before, _, after = text.partition(core)
        return f"{before}{self._asked(core)}{after}"

    def _kept(self, what: str, pieces: Sequence[Piece], make: Callable[[], str]) -> str:
        """What is in the cache for these pieces, or is from now on."""
        self.parts += 1
        key = _cache_key(what, [piece.raw for piece in pieces], self.language, self.ports)
        try:
            found = self.ports.files.read(key).decode()
        except NotFoundError:
            if self.most_new == 0:
                raise PausedError from None
            made = make()
            self.ports.files.write(key, made.encode(), content_type="text/plain; charset=utf-8")
            if self.most_new is not None:
                self.most_new -= 1
            return made
        self.cached += 1
        return found

    def _asked(self, text: str) -> str:
        settings: TranslateSettings = self.ports.settings
        terms = {} if settings.terms is None else {"TerminologyNames": [self._terms(settings)]}
        answer = self.ports.calls.call(
            "translate",
            "TranslateText",
            Text=text,
            SourceLanguageCode=settings.source_language,
            TargetLanguageCode=self.language,
            **terms,
        )
        return str(answer["TranslatedText"])

    def _terms(self, settings: TranslateSettings) -> str:
        return self.ports.resources[settings.applies]


class PausedError(Exception):
    """As many parts as may be were translated; those are cached, the rest is for another time."""


def _groups(blocks: Sequence[Block]) -> list[list[Block]]:
    """Neighbouring blocks, as many as one call takes."""
    groups: list[list[Block]] = []
    size = PART_BYTES + 1
    for block in blocks:
        # A placeholder's number may get longer among others: six bytes are enough for 100,000.
        width = size_of(outgoing(merged(block))) + 6 * len(block)
        if size + width > PART_BYTES:
            groups.append([])
            size = 0
        groups[-1].append(block)
        size += width
    return groups


def _cache_key(what: str, raws: Sequence[str], language: str, ports: ServicePorts) -> str:
    settings: TranslateSettings = ports.settings
    named = [_FORMAT, what, settings.source_language, language, settings.terms, *raws]
    digest = hashlib.sha256(json.dumps(named).encode()).hexdigest()
    return f"{CACHE}{language}/{digest}"
