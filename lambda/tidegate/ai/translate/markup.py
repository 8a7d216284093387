"""HTML as words to translate and markup that stays byte for byte.

A document is cut into pieces; pieces that belong to one sentence (words and the inline elements
between them) are a block. Tags go to the translator as short placeholders, and come back as they
were, or the block is translated word by word: the tree of tags cannot change.
"""

import html
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import Enum

_TOKEN = re.compile(
    r"""
      (?P<kept><!--.*?(?:-->|\Z)
        | <(?P<raw>script|style|textarea|xmp|iframe|noembed|noframes)\b[^>]*>
          .*?(?:</(?P=raw)\s*>|\Z)
        | <![^>]*> | <\?[^>]*>)
    | <(?P<close>/?)(?P<name>[a-z][^\s/>]*)(?P<rest>(?:"[^"]*"|'[^']*'|[^'">])*)>
    """,
    re.IGNORECASE | re.VERBOSE | re.DOTALL,
)
_NO_TRANSLATION = re.compile(r"""\btranslate\s*=\s*["']?no\b""", re.IGNORECASE)
_VOID = frozenset(
    "area base br col embed hr img input link meta param source track wbr".split()  # noqa: SIM905
)
_INLINE = frozenset(
    "a abbr acronym b bdi bdo big br cite data del dfn em font i img ins label mark q "  # noqa: SIM905
    "s small span strike strong sub sup time tt u wbr".split()
)
_NEVER_WORDS = frozenset(
    "code kbd samp var pre svg math object canvas audio video select".split()  # noqa: SIM905
)


class Kind(Enum):
    """What a piece of a document is."""

    WORDS = "words"
    INLINE = "inline"
    """A tag, or something kept, that may stand inside a sentence."""
    BREAK = "break"
    """Whatever ends a block."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """A stretch of the document, exactly as it stands there."""

    raw: str
    kind: Kind

    @property
    def is_text(self) -> bool:
        """Whether it is part of what is read: words, figures, marks."""
        return self.kind is Kind.WORDS and bool(self.raw.strip())

    @property
    def has_words(self) -> bool:
        """Whether there is something to translate."""
        return self.kind is Kind.WORDS and any(sign.isalpha() for sign in html.unescape(self.raw))


Block = tuple[Piece, ...]


def blocks_of(document: str) -> list[Block]:
    """All of the document: joined, the pieces' `raw` are the document."""
    blocks: list[Block] = []
    run: list[Piece] = []
    for piece in _pieces(document):
        if piece.kind is Kind.BREAK:
            blocks += [tuple(run)] if run else []
            blocks.append((piece,))
            run = []
        else:
            run.append(piece)
    return [*blocks, tuple(run)] if run else blocks


def has_words(block: Block) -> bool:
    """Whether there is something to translate in it."""
    return any(piece.has_words for piece in block)


def _pieces(document: str) -> Iterator[Piece]:
    keeping, end = _Keeping(), 0
    for match in _TOKEN.finditer(document):
        if match.start() > end:
            yield from keeping.words(document[end : match.start()])
        yield from keeping.markup(match)
        end = match.end()
    if end < len(document):
        yield from keeping.words(document[end:])
    yield from keeping.rest()


class _Keeping:
    """Joins what is inside of an element that is never translated to one piece."""

    def __init__(self) -> None:
        self._open: list[str] = []
        """Names of open elements, the outermost of which is kept whole."""
        self._raw = ""

    def words(self, text: str) -> Iterator[Piece]:
        if self._open:
            self._raw += text
        else:
            yield Piece(raw=text, kind=Kind.WORDS)

    def markup(self, match: re.Match[str]) -> Iterator[Piece]:
        name = (match["name"] or "").lower()
        if self._open:
            self._raw += match[0]
            self._follow(name, match)
            if not self._open:
                yield from self.rest()
        elif not name:
            kind = Kind.INLINE if match[0].startswith("<!--") else Kind.BREAK
            yield Piece(raw=match[0], kind=kind)
        elif self._begins(name, match):
            self._open.append(name)
            self._raw = match[0]
        else:
            yield Piece(raw=match[0], kind=Kind.INLINE if name in _INLINE else Kind.BREAK)

    def rest(self) -> Iterator[Piece]:
        """What was kept so far; also of an element that nobody closed."""
        if self._raw:
            whole, self._raw = self._raw, ""
            yield Piece(raw=whole, kind=Kind.BREAK if _is_block(whole) else Kind.INLINE)

    @staticmethod
    def _begins(name: str, match: re.Match[str]) -> bool:
        if match["close"] or name in _VOID or match["rest"].endswith("/"):
            return False
        return name in _NEVER_WORDS or _NO_TRANSLATION.search(match["rest"]) is not None

    def _follow(self, name: str, match: re.Match[str]) -> None:
        if not name or name in _VOID or match["rest"].endswith("/"):
            return
        if not match["close"]:
            self._open.append(name)
        elif name in self._open:
            del self._open[len(self._open) - 1 - self._open[::-1].index(name) :]


def _is_block(raw: str) -> bool:
    """Whether a kept element stands for itself (a listing), not in a sentence (a name)."""
    return re.match(r"<(?:pre|svg|object|canvas|audio|video|select|div|p|table)\b", raw) is not None


def merged(pieces: Iterable[Piece]) -> list[Piece]:
    """The same with neighbours without text as one: there is less to send."""
    made: list[Piece] = []
    for piece in pieces:
        if made and not piece.is_text and made[-1].kind is Kind.INLINE:
            made[-1] = Piece(raw=made[-1].raw + piece.raw, kind=Kind.INLINE)
        else:
            made.append(piece if piece.is_text else Piece(raw=piece.raw, kind=Kind.INLINE))
    return made


def outgoing(pieces: Sequence[Piece]) -> str:
    """The pieces as they are sent: words as they are read, everything else a placeholder."""
    return "".join(
        html.escape(html.unescape(piece.raw), quote=False) if piece.is_text else f"<x{place}/>"
        for place, piece in enumerate(pieces)
    )


def incoming(pieces: Sequence[Piece], translated: str) -> str | None:
    """What came back, with its markup; None unless every placeholder is in its place."""
    wanted = [str(place) for place, piece in enumerate(pieces) if not piece.is_text]
    if _PLACEHOLDER.findall(translated) != wanted:
        return None
    made = []
    for slot, text in zip(_slots(pieces), _PLACEHOLDER.split(translated)[::2], strict=True):
        if _A_TAG.search(text) or (not slot.words and text.strip()):
            return None
        made += [_spaced(slot.words, as_markup(text)), slot.markup]
    return "".join(made)


_PLACEHOLDER = re.compile(r"<\s*x(\d+)\s*/\s*>")
_A_TAG = re.compile(r"</?[a-z]", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Slot:
    """Words, or none, before a stretch of markup; the last one has no markup."""

    words: str
    markup: str


def _slots(pieces: Sequence[Piece]) -> list[_Slot]:
    slots, words = [], ""
    for piece in pieces:
        if piece.is_text:
            words += piece.raw
        else:
            slots.append(_Slot(words=words, markup=piece.raw))
            words = ""
    return [*slots, _Slot(words=words, markup="")]


def _spaced(original: str, text: str) -> str:
    """The text with the spaces that the original had around it: they part it from its tags."""
    core = original.strip()
    before, _, after = original.partition(core) if core else (original, "", "")
    return f"{before}{text.strip()}{after}"


def as_markup(text: str) -> str:
    """A translated text as it stands in a document; references that came back are no texts."""
    return html.escape(html.unescape(text), quote=False)
