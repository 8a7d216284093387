"""Texts are localized word by word; their markup stays byte for byte."""

from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emulator.ai.translate.markup import pieces, with_words
from emulator.ai.translate.pseudo import Localizer


class Tags(HTMLParser):
    """The tags of a page in order."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.seen: list[object] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """A tag opens."""
        self.seen.append((tag, attrs))

    def handle_endtag(self, tag: str) -> None:
        """A tag closes."""
        self.seen.append(tag)


PAGE = """<!DOCTYPE html><!-- not a word --><html><head><style>p { color: red }</style>
<script>if (a < b && c > d) { say("hello") }</script></head>
<body><p title="a > b">Hello <b>world</b> &amp; all<br>of you</p>
<p translate="no">Tide<b>gate</b></p><p>Bye</p></body></html>"""


def test_a_page_keeps_its_tags():
    """As another parser sees them, attributes and all."""
    localized = Localizer(target="de", terms={}).localized(PAGE)
    assert Tags(localized).seen == Tags(PAGE).seen
    assert localized != PAGE


def test_only_words_are_words():
    """Neither scripts, styles, comments, references, nor what is not to be translated."""
    words = [piece.text.strip() for piece in pieces(PAGE) if piece.is_words]
    assert [word for word in words if word] == ["Hello", "world", "all", "of you", "Bye"]


texts = st.lists(
    st.sampled_from(
        ["<p>", "</p>", "<b translate=no>", "</b>", "<br>", "<", ">", "&amp;", "a", " "]
    )
).map("".join)


@given(texts)
def test_the_pieces_are_the_text(text: str):
    """Nothing is lost or added, whatever is open or closed."""
    assert "".join(piece.text for piece in pieces(text)) == text
    assert with_words(text, lambda words: words) == text


@pytest.mark.parametrize(
    ("text", "localized"),
    [
        ("Hello", "[de] Hélló"),
        ("  Hello \n", "  [de] Hélló \n"),
        ("12 + 3", "12 + 3"),
        ("The Cart, cart, carts", "[de] Thé Warenkorb, çárt, çárts"),
        ("Cart page: Cart", "[de] Warenkorbseite: Warenkorb"),
    ],
)
def test_words_are_accented_and_terms_translated(text: str, localized: str):
    """Terms are whole words in their own case, the longest first."""
    terms = {"Cart": "Warenkorb", "Cart page": "Warenkorbseite"}
    assert Localizer(target="de", terms=terms).localized(text) == localized
