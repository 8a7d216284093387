"""Trees of tags of HTML pages, to compare; and real pages of installed packages."""

import sysconfig
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

_PLACES = (Path(sysconfig.get_path("purelib")), Path("/usr/share/doc"))
"""Python packages have some pages; Debian's documentation has hundreds where it is installed."""


def tree_of(document: str) -> list[Any]:
    """Every tag with its attributes, comment and declaration, in their order."""
    reader = _Reader()
    reader.feed(document)
    reader.close()
    return reader.found


class _Reader(HTMLParser):
    """Notes everything but words."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.found: list[Any] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """A tag opens."""
        self.found.append((tag, attrs))

    def handle_endtag(self, tag: str) -> None:
        """A tag closes."""
        self.found.append(f"/{tag}")

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """A tag does both."""
        self.found.append((tag, attrs, "/"))

    def handle_comment(self, data: str) -> None:
        """A comment."""
        self.found.append(("comment", data))

    def handle_decl(self, decl: str) -> None:
        """A document type."""
        self.found.append(("declaration", decl))


def installed_pages() -> Iterator[tuple[Path, str]]:
    """Pages of installed packages that are UTF-8."""
    for place in _PLACES:
        for path in sorted(place.rglob("*.html")):
            try:
                yield path, path.read_text(encoding="utf-8")
            except (UnicodeDecodeError, OSError):
                continue
