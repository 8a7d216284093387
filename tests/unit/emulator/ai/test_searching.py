"""Texts of documents, their passages, and how passages are ranked."""

import pytest

from emulator.ai.searching.passages import passages_of
from emulator.ai.searching.ranking import PassageIndex
from emulator.ai.searching.texts import UnreadableTextError, kind_of, text_of

PAGE = b"""<html><head><title>Travel &amp; costs</title><style>p {}</style></head>
<body><h1>Trains</h1><p>Book <b>second</b> class.</p><script>var x</script></body></html>"""


@pytest.mark.parametrize(
    ("content", "kind", "expected"),
    [
        (b"\xef\xbb\xbfHello", "PLAIN_TEXT", ("Hello", None)),
        (b"# Leave\n\nThirty days.", "MD", ("# Leave\n\nThirty days.", "Leave")),
        (PAGE, "HTML", ("Trains\n\nBook second class.", "Travel & costs")),
        (b"city,price\nBern,10\n", "CSV", ("city, price\n\nBern, 10", None)),
        (b'{"a": ["x", 1], "b": null}', "JSON", ("x\n\n1", None)),
    ],
)
def test_a_document_has_a_text_and_perhaps_a_title(
    content: bytes, kind: str, expected: tuple[str, str | None]
):
    """Markup, scripts and styles are no text."""
    assert text_of(content, kind) == expected


@pytest.mark.parametrize(
    ("content", "kind"), [(b"%PDF", "PDF"), (b"\xff\xfe", "PLAIN_TEXT"), (b"{", "JSON")]
)
def test_what_cannot_be_read_is_no_text(content: bytes, kind: str):
    """Of another kind, not UTF-8, not JSON."""
    with pytest.raises(UnreadableTextError):
        text_of(content, kind)


def test_the_end_of_a_name_tells_the_kind():
    """Whatever its case."""
    assert [kind_of(key) for key in ("a/b.MD", "x.html", "x.docx", "x")] == [
        "MD",
        "HTML",
        None,
        None,
    ]


def test_passages_end_with_sentences_and_overlap():
    """A sentence is cut only if it is longer than a passage."""
    text = "One two three. Four five.\n\nSix seven eight nine. Ten."
    assert passages_of(text, words=5) == ["One two three. Four five.", "Six seven eight nine. Ten."]
    assert passages_of(text, words=6, overlap=0.4)[1] == "Four five. Six seven eight nine."
    assert passages_of("a b c d e", words=2) == ["a b", "c d", "e"]
    assert passages_of(" \n ", words=2) == []


def test_wrong_measures_of_passages_are_refused():
    """No words, or nothing but overlap."""
    for words, overlap in ((0, 0.0), (5, 1.0)):
        with pytest.raises(ValueError, match="words must be >= 1"):
            passages_of("x", words=words, overlap=overlap)


@pytest.fixture
def index() -> PassageIndex:
    """Three documents."""
    made = PassageIndex()
    made.put("leave", "Leave", ["Holidays are thirty days.", "They expire in March."])
    made.put("pay", "Pay", ["Bonuses are paid in March."])
    made.put("vpn", "VPN", ['Use your "token".'])
    return made


def test_the_passage_with_most_of_the_question_comes_first(index: PassageIndex):
    """Words are stemmed; those that every question has don't count."""
    found = index.ranked("When is the bonus paid in March?", lambda _: True)
    assert [(each.document, each.number) for each in found] == [("pay", 0), ("leave", 1)]
    assert found[0].score > found[1].score > 0.0
    assert found[0].score <= 1.0
    words = [found[0].text[begin:end] for begin, end in found[0].highlights]
    assert words == ["paid", "March"]


def test_nobody_finds_what_he_may_not_see(index: PassageIndex):
    """The best that he sees is the best."""
    found = index.ranked("March", lambda document: document != "pay")
    assert [each.document for each in found] == ["leave"]
    assert found[0].score == pytest.approx(1.0)


def test_documents_are_replaced_and_deleted_whole(index: PassageIndex):
    """All their passages."""
    index.put("leave", "Leave", ["Ask in April."])
    index.delete("pay")
    assert index.ranked("March", lambda _: True) == []
    assert index.ranked("April leave", lambda _: True)[0].coverage == pytest.approx(1.0)


@pytest.mark.parametrize("question", ["", "?!", 'to"ken" OR *', "NEAR(a b)"])
def test_any_text_is_a_question(index: PassageIndex, question: str):
    """The query language of the index is not the asker's."""
    index.ranked(question, lambda _: True)
