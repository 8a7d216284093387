"""Which stretches of a text are words to translate, and which are markup that stays as it is."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

_MARKUP = re.compile(
    r"""
      <!--.*?-->                                              # comments
    | <(?P<raw>script|style)\b[^>]*>.*?</(?P=raw)\s*>          # never words
    | <!\w[^>]*>                                              # doctype
    | <(?P<close>/?)(?P<name>[a-z][\w:-]*)(?P<rest>(?:"[^"]*"|'[^']*'|[^'">])*)>
    | &(?:\#\d+|\#x[0-9a-f]+|\w+);                            # character references
    """,
    re.IGNORECASE | re.VERBOSE | re.DOTALL,
)
_UNTRANSLATED = re.compile(r"""\btranslate\s*=\s*["']?no\b""", re.IGNORECASE)
_VOID = frozenset(
    {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "wbr"}
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Piece:
    """A stretch of the text; whether it is words."""

    text: str
    is_words: bool


def with_words(text: str, change: Callable[[str], str]) -> str:
    """The text with its words changed; every tag, comment and reference is the same as before."""
    return "".join(change(piece.text) if piece.is_words else piece.text for piece in pieces(text))


def pieces(text: str) -> Iterator[Piece]:
    """The stretches of the text, which put together are the text.

    What is inside an element of `translate="no"` is none of the words, as Amazon Translate has it.
    """
    kept: list[str] = []
    """The names of open elements, the outermost of which is not to be translated."""
    end = 0
    for match in _MARKUP.finditer(text):
        if match.start() > end:
            yield Piece(text=text[end : match.start()], is_words=not kept)
        yield Piece(text=match[0], is_words=False)
        _follow(match, kept)
        end = match.end()
    if end < len(text):
        yield Piece(text=text[end:], is_words=not kept)


def _follow(tag: re.Match[str], kept: list[str]) -> None:
    if tag["name"] is None:
        return
    name, rest = tag["name"].lower(), tag["rest"]
    if tag["close"]:
        if kept and name in kept:
            del kept[len(kept) - 1 - kept[::-1].index(name) :]
    elif name not in _VOID and not rest.endswith("/") and (kept or _UNTRANSLATED.search(rest)):
        kept.append(name)
