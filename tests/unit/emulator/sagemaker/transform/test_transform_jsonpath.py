"""The JSONPath that SageMaker documents, with what its guide gives as examples."""

import contextlib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emulator.sagemaker.transform.jsonpath import SelectionError, UnsupportedPathError, parse

ROW = ["id", 1, 2, 3, 4, 5, "last"]
RECORD = {"id": 7, "features": [1, 2], "deep": {"a": {"b": 3}, "c": 4}, "SageMakerOutput": 0.5}


def selected(expression: str, value: Any) -> Any:
    """The part of the value."""
    path = parse(expression)
    assert path is not None
    return path.select(value)


@pytest.mark.parametrize(
    ("expression", "part"),
    [
        ("$[0]", "id"),
        ("$[-1]", "last"),
        ("$[1:]", [1, 2, 3, 4, 5, "last"]),
        ("$[:-1]", ["id", 1, 2, 3, 4, 5]),
        ("$[2:4]", [2, 3]),
        ("$[0,-1]", ["id", "last"]),
        ("$[0,5:]", ["id", 5, "last"]),
        ("$[*]", ROW),
        ("$.*", ROW),
    ],
)
def test_parts_of_a_row(expression: str, part: Any):
    """Indexes, arrays of them, slices and both mixed; the shape is kept."""
    assert selected(expression, ROW) == part


@pytest.mark.parametrize(
    ("expression", "part"),
    [
        ("$.features", [1, 2]),
        ("$['features']", [1, 2]),
        ('$["id"]', 7),
        ("$['id','SageMakerOutput']", {"id": 7, "SageMakerOutput": 0.5}),
        ("$.['id', 'features']", {"id": 7, "features": [1, 2]}),
        ("$.deep.a.b", 3),
        ("$.features[0]", 1),
        ("$.features.[1:]", [2]),
        ("$.deep['a','c']", {"a": {"b": 3}, "c": 4}),
    ],
)
def test_parts_of_a_record(expression: str, part: Any):
    """Children by either notation, several as an object."""
    assert selected(expression, RECORD) == part


def test_what_follows_many_is_applied_to_each():
    """A wildcard or slice goes on with each element."""
    table = [{"x": [1, 2]}, {"x": [3, 4]}]
    assert selected("$[*].x", table) == [[1, 2], [3, 4]]
    assert selected("$[0:].x[0]", table) == [1, 3]
    assert selected("$[*].x[*]", table) == [1, 2, 3, 4]


def test_everything_needs_no_path():
    """`$` keeps the value as it is."""
    assert parse("$") is None


@pytest.mark.parametrize(
    "expression",
    ["", "id", "$..id", "$[?(@.x)]", "$[0:4:2]", "$['a", "$[a]", "$.", "$[]", "$['a','b'].c", "$x"],
)
def test_other_operators_are_refused_by_name(expression: str):
    """The sentence names what was met and what is allowed."""
    with pytest.raises(UnsupportedPathError, match=r"got|not supported"):
        parse(expression)


@pytest.mark.parametrize(
    ("expression", "value", "words"),
    [
        ("$[7]", ROW, "no element 7 in an array of 7"),
        ("$[-8]", ROW, "no element -8"),
        ("$[0,9]", ROW, "no element 9"),
        ("$.nothing", RECORD, "there is no 'nothing', there is 'id', 'features'"),
        ("$.id", ROW, "'id' was expected in an array"),
        ("$[0]", RECORD, "an array was expected, got an object"),
        ("$.*", 3, "an array was expected, got 3"),
    ],
)
def test_a_part_that_is_not_there_is_told(expression: str, value: Any, words: str):
    """Indexes beyond the record are an error, as the API reference says."""
    with pytest.raises(SelectionError, match=words):
        selected(expression, value)


@given(st.text(max_size=63))
def test_any_text_is_a_path_or_refused(text: str):
    """Nothing else is raised, whatever is written."""
    with contextlib.suppress(UnsupportedPathError):
        path = parse("$" + text)
        assert (path is None) == (text == "")


@given(st.lists(st.integers()), st.integers(-5, 5), st.integers(-5, 5))
def test_slices_are_pythons(row: list[int], start: int, end: int):
    """`[start:end]` as JavaScript's `slice` and Python have it."""
    assert selected(f"$[{start}:{end}]", row) == row[start:end]
