"""Filters and joins of records."""

import csv
import io
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emulator.sagemaker.transform import jsonpath
from emulator.sagemaker.transform.processing import (
    BadRecordError,
    Format,
    Join,
    Processing,
    Records,
)


def processing(kind: Format = Format.CSV, **members: Any) -> Processing:
    """A processing of one format; filters as texts."""
    paths = {name: members.pop(name, "$") for name in ("input_filter", "output_filter")}
    return Processing(
        **{
            "input_format": kind,
            "output_format": kind,
            "records": Records.LINES,
            "join": Join.NONE,
            **{name: jsonpath.parse(text) for name, text in paths.items()},
            **members,
        }
    )


def test_columns_are_kept_from_the_model():
    """InputFilter `$[1:]` takes the first column of every row away."""
    assert processing(input_filter="$[1:]").request(b"a,1,2\nb,3,4\n") == b"1,2\n3,4\n"


def test_one_column_is_a_row_of_one():
    """`$[1]` selects a text; the model gets rows all the same."""
    assert processing(input_filter="$[1]").request(b"a,1\nb,2") == b"1\n2\n"


def test_rows_are_joined_with_their_answers():
    """The input follows first, byte for byte, then the answer."""
    joining = processing(input_filter="$[1:]", join=Join.INPUT)
    assert joining.answer(b'"a, b",1.0\r\nc,2', b"0.5\n0.25\n") == b'"a, b",1.0,0.5\nc,2,0.25\n'


def test_the_joined_row_is_filtered():
    """OutputFilter `$[0,-1]`: id and prediction."""
    joining = processing(join=Join.INPUT, output_filter="$[0,-1]")
    assert joining.answer(b"a,1,2\nb,3,4\n", b"0.5\n0.25\n") == b"a,0.5\nb,0.25\n"


def test_an_answer_is_filtered_without_a_join():
    """The filter then is applied to what the model said."""
    assert processing(output_filter="$[0]").answer(b"ignored", b"1,2\n3,4\n") == b"1\n3\n"


def test_objects_get_an_attribute():
    """JSON lines: the answer is `SageMakerOutput` of the record as it was."""
    joining = processing(Format.JSON, input_filter="$.x", join=Join.INPUT)
    batch = b'{"id":1,"x":[1]}\n{"id":2,"x":[2]}\n'
    assert joining.request(batch) == b"[1]\n[2]\n"
    assert joining.answer(batch, b"0.5\n[7]\n") == (
        b'{"id":1,"x":[1],"SageMakerOutput":0.5}\n{"id":2,"x":[2],"SageMakerOutput":[7]}\n'
    )


def test_what_is_no_object_becomes_one():
    """Arrays stand under `SageMakerInput` beside `SageMakerOutput`."""
    joining = processing(Format.JSON, join=Join.INPUT)
    assert joining.answer(b"[1,2]\n", b'{"a":1}\n') == (
        b'{"SageMakerInput":[1,2],"SageMakerOutput":{"a":1}}\n'
    )


def test_an_unsplit_document_is_one_record():
    """The whole payload is filtered and joined, over its line breaks."""
    whole = processing(
        Format.JSON,
        records=Records.PAYLOAD,
        join=Join.INPUT,
        output_filter="$['id','SageMakerOutput']",
    )
    assert whole.answer(b'{"id": 1,\n "x": 2}', b'{"y":\n 3}') == (
        b'{"id":1,"SageMakerOutput":{"y":3}}'
    )


def test_text_beyond_ascii_stays_readable():
    """UTF-8 comes out as it went in."""
    joining = processing(Format.JSON, join=Join.INPUT)
    assert "größe".encode() in joining.answer('{"name":"größe"}'.encode(), b"1")


def test_formats_may_differ_without_a_join():
    """CSV in, JSON out, each filtered in its own way."""
    mixed = processing(output_format=Format.JSON, input_filter="$[1:]", output_filter="$.p")
    assert mixed.request(b"a,1\n") == b"1\n"
    assert mixed.answer(b"a,1\n", b'{"p":0.5}\n') == b"0.5\n"


@pytest.mark.parametrize("kind", list(Format))
def test_answers_that_do_not_match_are_not_joined(kind: Format):
    """Two answers to three records can't be told apart."""
    joining = processing(kind, join=Join.INPUT)
    with pytest.raises(BadRecordError, match="answered 2 records to 3"):
        joining.answer(b"1\n2\n3\n", b"1\n2\n")


@pytest.mark.parametrize(
    ("members", "batch", "words"),
    [
        (
            {"kind": Format.JSON, "input_filter": "$.x"},
            b"{not json",
            "the input can't be processed",
        ),
        ({"kind": Format.JSON, "input_filter": "$.x"}, b'{"y":1}', "there is no 'x'"),
        ({"input_filter": "$[3]"}, b"1,2\n", "no element 3"),
        ({"input_filter": "$[0]"}, b'"open,2\n', "the input can't be processed"),
        ({"input_filter": "$[0]"}, b"\xff\n", "the input can't be processed"),
    ],
)
def test_a_bad_record_is_told(members: dict[str, Any], batch: bytes, words: str):
    """With where it was met and why."""
    with pytest.raises(BadRecordError, match=words):
        processing(**members).request(batch)


CELLS = st.text(
    st.characters(codec="utf-8", exclude_characters="\r\n\0", exclude_categories=("Cs",)),
    max_size=5,
)
TABLES = st.lists(st.lists(CELLS, min_size=2, max_size=2), min_size=1, max_size=5)


@given(TABLES)
def test_any_table_is_filtered_cell_by_cell(table: list[list[str]]):
    """Quotes and commas inside cells survive the filter."""
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(table)
    got = processing(input_filter="$[1,0]").request(text.getvalue().encode()).decode()
    assert list(csv.reader(io.StringIO(got))) == [[second, first] for first, second in table]


@given(st.lists(st.dictionaries(st.text(max_size=3), st.integers()), min_size=1, max_size=5))
def test_any_record_is_joined_once(records: list[dict[str, int]]):
    """Each record keeps its members and gets its own answer."""
    batch = "".join(json.dumps(record) + "\n" for record in records).encode()
    body = "".join(f"{number}\n" for number in range(len(records))).encode()
    got = processing(Format.JSON, join=Join.INPUT).answer(batch, body).decode()
    assert [json.loads(line) for line in got.split("\n")[:-1]] == [
        {**record, "SageMakerOutput": number} for number, record in enumerate(records)
    ]
