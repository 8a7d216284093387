"""The text of a document, taken from the bytes that an application stored."""

import csv
import io
import json
import re
from html.parser import HTMLParser
from typing import Any

PLAIN, MARKDOWN, HTML, CSV, JSON = "PLAIN_TEXT", "MD", "HTML", "CSV", "JSON"
KINDS = (PLAIN, MARKDOWN, HTML, CSV, JSON)

_BY_SUFFIX = {
    "txt": PLAIN,
    "md": MARKDOWN,
    "markdown": MARKDOWN,
    "html": HTML,
    "htm": HTML,
    "csv": CSV,
    "json": JSON,
}
_SILENT = frozenset({"script", "style", "template", "noscript", "head"})
_BREAKING = frozenset(
    re.findall(
        r"\w+",
        "address article blockquote br dd div dl dt h1 h2 h3 h4 h5 h6 li ol p pre section table td"
        " th tr ul",
    )
)


class UnreadableTextError(ValueError):
    """A document whose text cannot be taken; the sentence says why."""


def kind_of(key: str) -> str | None:
    """What a document is, by the end of its name; None if this cloud cannot read it."""
    return _BY_SUFFIX.get(key.rpartition(".")[2].lower())


def text_of(content: bytes, kind: str) -> tuple[str, str | None]:
    """The document's text and the title that it gives itself, None without one.

    UnreadableTextError if it is not UTF-8, not JSON, or of a kind that this cloud cannot read.
    """
    if kind not in KINDS:
        raise UnreadableTextError(
            f"The embedded cloud reads {', '.join(KINDS)}, got {kind}: convert it first"
        )
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise UnreadableTextError(f"The document must be text in UTF-8: {error}") from error
    if kind == HTML:
        return _of_html(text)
    if kind == MARKDOWN:
        first = text.lstrip().partition("\n")[0]
        return text, first.lstrip("# ").strip() if first.startswith("#") else None
    if kind == CSV:
        rows = csv.reader(io.StringIO(text))
        return "\n\n".join(", ".join(row) for row in rows if row), None
    return (_of_json(text) if kind == JSON else text), None


def _of_json(text: str) -> str:
    try:
        value = json.loads(text)
    except ValueError as error:
        raise UnreadableTextError(f"The document must be JSON: {error}") from error
    return "\n\n".join(_texts(value))


def _texts(value: Any) -> list[str]:
    if isinstance(value, dict):
        return [text for each in value.values() for text in _texts(each)]
    if isinstance(value, list):
        return [text for each in value for text in _texts(each)]
    return [] if value is None else [str(value)]


class _Reader(HTMLParser):
    """Collects what a reader of the page would read, a paragraph for every block."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self.title: list[str] = []
        self._open: list[str] = []

    def handle_starttag(self, tag: str, _attrs: list[tuple[str, str | None]]) -> None:
        """A block begins a paragraph; what is inside of silent elements is no text."""
        if tag in _BREAKING:
            self.parts.append("\n\n")
        if tag in _SILENT or tag == "title":
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        """A block ends its paragraph."""
        if tag in _BREAKING:
            self.parts.append("\n\n")
        if tag in self._open:
            while self._open.pop() != tag:
                pass

    def handle_data(self, data: str) -> None:
        """Text of the page, or its title."""
        if self._open and self._open[-1] == "title":
            self.title.append(data)
        elif not self._open:
            self.parts.append(data)


def _of_html(page: str) -> tuple[str, str | None]:
    reader = _Reader()
    reader.feed(page)
    reader.close()
    paragraphs = (" ".join(part.split()) for part in "".join(reader.parts).split("\n\n"))
    title = " ".join("".join(reader.title).split())
    return "\n\n".join(p for p in paragraphs if p), title or None
