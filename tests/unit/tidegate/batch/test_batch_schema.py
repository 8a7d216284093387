"""What records must look like: the quick check and the words of the slow one agree."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.batch_fakes import FakeBatch, numbered, plan_of
from tidegate.batch.lines import LongLineError, blocks, split
from tidegate.batch.run import Status
from tidegate.batch.schema import Column, ColumnType, RecordFormat, checker, quick_check

COLUMNS = (
    Column(name="store", type=ColumnType.INTEGER, least=0, most=99),
    Column(name="price", type=ColumnType.NUMBER, required=False),
    Column(name="kind", type=ColumnType.TEXT, values=("new", "old")),
    Column(name="note", type=ColumnType.TEXT, required=False),
    Column(name="open", type=ColumnType.BOOLEAN),
)


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        ("1,2.5,new,fine,true", None),
        ("1,,old,,false", None),
        ('7,-1e3,new,"a, b",true', None),
        ("1,2,new,x", "it has 4 columns, 5 are wanted"),
        ("", "the line is empty"),
        ("x,2,new,a,true", "store is 'x', must be a whole number"),
        (",2,new,a,true", "store is empty"),
        ("100,2,new,a,true", "store is 100, must be at most 99"),
        ("-1,2,new,a,true", "store is -1, must be at least 0"),
        ("1,nan,new,a,true", "price is 'nan', must be a number"),
        ("1,2,neu,a,true", "kind is 'neu', must be one of new, old"),
        ("1,2,new,a,yes", "open is 'yes', must be true or false"),
        ("1,2,new,a,true\r", "the line ends with a carriage return"),
        ('1,2,new,"a,true', "it is not CSV"),
    ],
)
def test_a_row_of_csv_is_told_by_its_columns(line: str, fault: str | None):
    """Every kind of fault in a sentence; none for a good row."""
    said = checker(RecordFormat.CSV, COLUMNS)(line.encode())

    assert said is None if fault is None else (said is not None and fault in said)


@pytest.mark.parametrize(
    ("record", "fault"),
    [
        ({"store": 1, "kind": "new", "open": True}, None),
        ({"store": 1, "price": 2, "kind": "new", "note": "", "open": False}, None),
        ({"store": True, "kind": "new", "open": True}, "store is 'true', must be a whole number"),
        ({"store": 1, "kind": "new"}, "open is missing"),
        ({"store": 1, "kind": "new", "open": True, "z": 1}, "unknown key 'z'"),
        ({"store": 1, "kind": 3, "open": True}, "kind is '3', must be text"),
        ([1], "must be a JSON object"),
    ],
)
def test_a_line_of_json_is_told_by_its_keys(record: object, fault: str | None):
    """The same for JSON Lines."""
    said = checker(RecordFormat.JSON_LINES, COLUMNS)(json.dumps(record).encode())

    assert said is None if fault is None else (said is not None and fault in said)


@given(st.text(alphabet='019,.-+eE" abx\r', max_size=24))
def test_the_quick_check_and_the_slow_one_agree(text: str):
    """A row is good for the regular expression just where no column has a fault."""
    columns = (Column(name="a"), Column(name="b", type=ColumnType.TEXT, required=False))
    bounded = (Column(name="a", least=-1e300, most=1e300), columns[1])
    quick, slow = checker(RecordFormat.CSV, columns), checker(RecordFormat.CSV, bounded)

    assert (quick(text.encode()) is None) == (slow(text.encode()) is None)


@given(st.text(alphabet='019,.-+eE" abx\r\n', max_size=40))
def test_the_quick_check_of_a_text_passes_no_faulty_record(text: str):
    """Whatever it takes, the check of each line takes; and it takes what most records are like."""
    columns = (Column(name="a"), Column(name="b", type=ColumnType.TEXT, required=False))
    slow = checker(RecordFormat.CSV, columns)
    quick = quick_check(RecordFormat.CSV, columns)
    assert quick is not None
    assert quick(b'-1.5,x\n3,\n0.,"a,b"') is not None

    if quick(text.encode()) is not None:
        assert [slow(line) for line in split(text.encode()) if slow(line) is not None] == []


@given(st.lists(st.binary(max_size=20).filter(lambda b: b"\n" not in b)), st.integers(1, 9))
def test_blocks_are_the_lines_whatever_the_parts(lines: list[bytes], size: int):
    """No line is lost or cut where a part ends."""
    body = b"".join(line + b"\n" for line in lines)
    parts = [body[start : start + size] for start in range(0, len(body), size)]

    assert [line for block in blocks(parts, longest=100) for line in block] == lines


def test_a_line_beyond_the_payload_is_named():
    """By its number, before it fills the memory."""
    with pytest.raises(LongLineError, match="line 2 is longer than 10 bytes"):
        list(blocks([b"short\n", b"x" * 8, b"x" * 8], longest=10))


def test_all_faults_of_a_data_set_come_at_once_and_nothing_is_paid_for():
    """Each with its object and line; no job is made."""
    batch = FakeBatch(plan_of())
    batch.put("bad.csv", "1,2\nx,3\n4\n")
    batch.put("empty.csv", "")
    batch.put("header.csv", "store,price\n1,2\n")
    batch.put("packed.csv", "\x1f\x8b")
    batch.objects.content["own", "input/packed.csv"] = b"\x1f\x8bxxxx"
    batch.put("other.csv", "1,2\n", content_type="application/json")
    batch.put("good.csv", numbered(4))
    batch.put("_SUCCESS", "")

    record = batch.run({"run": "r1", "because": "a test"})

    assert record.status is Status.REFUSED
    assert batch.jobs.jobs == {}
    faults = batch.document("runs/r1/faults.json")
    where = [(one["object"].rpartition("/")[2], one["line"]) for one in faults["faults"]]
    assert where == [
        ("bad.csv", 2),
        ("bad.csv", 3),
        ("empty.csv", None),
        ("header.csv", 1),
        ("other.csv", None),
        ("packed.csv", None),
    ]
    assert faults["count"] == len(where)


def test_a_place_without_objects_is_a_fault():
    """There is nothing to transform."""
    batch = FakeBatch()

    record = batch.run({"run": "r1", "because": "a test"})

    assert record.status is Status.REFUSED
    (fault,) = batch.document("runs/r1/faults.json")["faults"]
    assert "there is no object" in fault["fault"]
