"""Lines of outcome files say one outcome each, or what is wrong with them."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tidegate.outcomefiles.formats import Format, Kind, Told, columns_of, format_of, told
from tidegate.outcomefiles.lines import LONGEST_BYTES, Line, lines_of


def line(content: str | bytes) -> Line:
    """A line with this content."""
    data = content.encode() if isinstance(content, str) else content
    return Line(content=data, end=len(data))


@given(
    content=st.binary(max_size=300).map(lambda b: b.replace(b"\r", b"")),
    size=st.integers(1, 50),
)
def test_parts_of_any_size_are_the_same_lines(content: bytes, size: int):
    """And reading on from any line's end gives the rest."""
    parts = [content[i : i + size] for i in range(0, len(content), size)]
    found = list(lines_of(parts))
    wanted = content.split(b"\n")
    assert [one.content for one in found] == (wanted if wanted[-1] else wanted[:-1])
    for place, one in enumerate(found):
        assert list(lines_of([content[one.end :]], position=one.end)) == found[place + 1 :]


def test_a_line_that_is_too_long_is_not_kept():
    """Memory is bounded, and the line after it is found."""
    found = list(lines_of([b"x" * 10_000] * 50 + [b"\nshort\n"]))
    assert [one.whole for one in found] == [False, True]
    assert len(found[0].content) == LONGEST_BYTES + 1
    assert found[1] == Line(content=b"short", end=500_007)


@pytest.mark.parametrize(
    ("name", "kind", "packed"),
    [
        ("a.csv", Kind.CSV, False),
        ("a/B.CSV.gz", Kind.CSV, True),
        ("a.jsonl", Kind.JSON_LINES, False),
        ("a.ndjson.gz", Kind.JSON_LINES, True),
    ],
)
def test_the_name_tells_the_format(name: str, kind: Kind, *, packed: bool):
    """As everywhere."""
    assert format_of(name) == Format(kind=kind, packed=packed)


@pytest.mark.parametrize("name", ["a", "a.gz", "a.json", "csv", "a.csv.zip"])
def test_other_names_tell_none(name: str):
    """Nothing is guessed from the content."""
    assert format_of(name) is None


@pytest.mark.parametrize(
    "text",
    [
        '{"prediction_id": "p.s", "wrong": true, "label": "a"}',
        '\ufeff{"prediction_id": "p.s", "wrong": true}',
    ],
)
def test_a_json_line_is_an_outcome(text: str):
    """Other members are not read."""
    assert told(line(text), None) == Told(prediction_id="p.s", wrong=True)


@pytest.mark.parametrize("wrong", ["true", " TRUE ", '"True"'])
def test_a_csv_line_is_an_outcome(wrong: str):
    """As spreadsheets write it; other columns are not read."""
    columns = columns_of(line("label,wrong,prediction_id"))
    assert columns == ("label", "wrong", "prediction_id")
    assert told(line(f'"a,b",{wrong},p.s'), columns) == Told(prediction_id="p.s", wrong=True)


@pytest.mark.parametrize("header", ["prediction_id", "wrong,Prediction_Id", "wrong,wrong", ""])
def test_a_header_must_name_both_columns_once(header: str):
    """The fault says which are missing."""
    fault = columns_of(line(header))
    assert isinstance(fault, str)
    assert "the header must name one column" in fault


@pytest.mark.parametrize(
    "content",
    [
        "[]",
        "s3cret",
        '{"prediction_id": 5, "wrong": false}',
        '{"prediction_id": "", "wrong": false}',
        '{"prediction_id": "s3cret", "wrong": 1}',
        '{"prediction_id": "s3cret"}',
        b"\xff\xfe",
    ],
)
def test_a_faulty_json_line_says_why_and_shows_nothing(content: str | bytes):
    """Results may be read by more people than the labels."""
    fault = told(line(content), None)
    assert isinstance(fault, str)
    assert "s3cret" not in fault


@pytest.mark.parametrize("content", ["s3cret", "s3cret,maybe", ",true", '"s3cret', "a,true,b"])
def test_a_faulty_csv_line_says_why_and_shows_nothing(content: str):
    """Each fault of it."""
    fault = told(line(content), ("prediction_id", "wrong"))
    assert isinstance(fault, str)
    assert "s3cret" not in fault


def test_every_fault_of_a_line_is_named():
    """At once."""
    fault = told(line(json.dumps({"prediction_id": None, "wrong": "no"})), None)
    assert "prediction_id must be text" in str(fault)
    assert "wrong must be true or false" in str(fault)
