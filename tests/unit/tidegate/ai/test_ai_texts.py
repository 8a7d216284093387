"""Files as they arrive: text of a size, faults told together, rows with a header."""

from collections.abc import Mapping, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.ai_fakes import fake_ports
from tidegate.ai.comprehend import KIND
from tidegate.ai.kind import Arrived
from tidegate.ai.ports import ServicePorts
from tidegate.ai.problems import ProblemError
from tidegate.ai.tables import keep_rows, rows_of
from tidegate.ai.texts import refuse, text_of

FILE = Arrived(key="in/x/a.csv", name="a.csv", size=3, work="0" * 32)


def ports_with(content: bytes) -> ServicePorts:
    """A service whose bucket has the file."""
    ports = fake_ports(KIND)
    ports.files.write(FILE.key, content, content_type="text/plain")
    return ports


def row(given: Mapping[str, str | None]) -> Sequence[str] | str:
    """Both columns as they are; an empty first one is wrong."""
    a, b = given["a"], given["b"]
    return "a must be something" if not a else (a, "" if b is None else b)


@pytest.mark.parametrize(
    ("advice", "told"),
    [
        ("send it in parts", "the file has 3 bytes, at most 2: send it in parts"),
        (None, "the file has 3 bytes, at most 2"),
    ],
)
def test_a_file_that_is_too_large_is_not_read(advice: str | None, told: str) -> None:
    """The refusal has both sizes, and the advice if there is any."""
    with pytest.raises(ProblemError) as caught:
        text_of(FILE, fake_ports(KIND), most_bytes=2, advice=advice)
    assert caught.value.faults == (told,)


def test_a_mark_of_spreadsheets_is_no_text_where_it_is_expected() -> None:
    """It begins the text of other files, as it was sent."""
    ports = ports_with("\ufeffa".encode())
    assert text_of(FILE, ports, most_bytes=9, encoding="utf-8-sig") == "a"
    assert text_of(FILE, ports, most_bytes=9) == "\ufeffa"


def test_bytes_that_are_no_utf8_are_refused() -> None:
    """No part of such a file is taken."""
    with pytest.raises(ProblemError, match="the file is not UTF-8"):
        text_of(FILE, ports_with(b"\xff"), most_bytes=9)


@given(number=st.integers(min_value=0, max_value=60))
def test_the_first_twenty_faults_are_told_and_how_many_are_left(number: int) -> None:
    """No fault at all is no refusal."""
    faults = [f"line {line}" for line in range(number)]
    if not faults:
        refuse(faults)
        return
    with pytest.raises(ProblemError) as caught:
        refuse(faults)
    beside = (f"and {number - 20} more",) if number > 20 else ()
    assert caught.value.faults == (*faults[:20], *beside)


@pytest.mark.parametrize(
    ("text", "faults"),
    [
        ("a\n1\n", ("the file has no column b",)),
        ("", ("the file has no column a, b",)),
        ("a,b\n", ("the file has no rows",)),
        ("a,b\n,1\nx,2\n,3\n", ("line 2: a must be something", "line 4: a must be something")),
    ],
)
def test_rows_are_refused_by_column_and_by_line(text: str, faults: Sequence[str]) -> None:
    """All wrong lines are told at once."""
    with pytest.raises(ProblemError) as caught:
        rows_of(text, needed=("a", "b"), read=row)
    assert caught.value.faults == faults


CELLS = st.text(
    st.characters(exclude_categories=["Cs", "Cc"], include_characters=',"\n'), min_size=1
)


@given(rows=st.lists(st.tuples(CELLS, CELLS), min_size=1))
def test_kept_rows_are_read_again_as_they_were(rows: list[tuple[str, str]]) -> None:
    """Whatever characters values have, and without a header of their own."""
    ports = fake_ports(KIND)
    keep_rows(FILE.key, rows, ports)
    text = f"a,b\n{ports.files.read(FILE.key).decode()}"
    assert rows_of(text, needed=("a", "b"), read=row) == rows
