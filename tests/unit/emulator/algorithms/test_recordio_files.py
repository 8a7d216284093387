"""RecordIO files of protobuf records: read as AWS's own SDK writes them, and back."""

import struct

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from emulator.algorithms import formats, recordio
from emulator.algorithms.hyperparameters import CustomerError

FLOATS = st.floats(-1e6, 1e6, width=32)
RECORDIO = "application/x-recordio-protobuf"


@given(st.lists(st.lists(FLOATS, min_size=3, max_size=3), min_size=1, max_size=8), st.data())
def test_rows_and_labels_come_back(rows: list[list[float]], data: st.DataObject):
    """As 32-bit floats, in their order."""
    labels = data.draw(st.lists(FLOATS, min_size=len(rows), max_size=len(rows)))
    found = [*recordio.read(recordio.write_rows(rows, labels))]
    assert [list(each.features.values) for each in found] == rows
    assert [each.label[0] for each in found] == labels


def _field(number: int, body: bytes) -> bytes:
    return bytes([number << 3 | 2, len(body)]) + body


def test_sparse_records_have_keys_and_a_shape():
    """A float32 tensor whose keys and shape are packed varints."""
    tensor = _field(1, struct.pack("<2f", 1.5, 2.0)) + _field(2, b"\x01\x03") + _field(3, b"\x05")
    features = _field(1, _field(1, b"values") + _field(2, _field(2, tensor)))
    body = struct.pack("<II", 0xCED7230A, len(features)) + features + bytes(-len(features) % 4)
    (found,) = recordio.read(body)
    assert (found.features.keys, found.features.size) == ([1, 3], 5)
    matrix = formats.training_table(body, RECORDIO).rows.toarray()
    assert matrix.tolist() == [[0.0, 1.5, 0.0, 2.0, 0.0]]


@pytest.mark.parametrize("body", [b"abc", struct.pack("<II", 0xCED7230A, 900), b"\0" * 12])
def test_what_is_no_whole_file_is_refused(body: bytes):
    """Cut off, of another magic, or of a length that is not there."""
    with pytest.raises(recordio.BadRecordError):
        list(recordio.read(body))
    with pytest.raises(CustomerError):
        formats.training_table(body, RECORDIO)


def test_csv_has_its_label_first_unless_it_has_none():
    """As `label_size` says; an empty cell is missing."""
    labelled = formats.training_table(b"1,2,3\n0,4,\n", "text/csv")
    assert labelled.labels.tolist() == [1.0, 0.0]
    assert np.isnan(labelled.rows[1, 1])
    assert formats.training_table(b"1,2\n", "text/csv;label_size=0").rows.tolist() == [[1.0, 2.0]]


@pytest.mark.parametrize(
    ("body", "told"),
    [(b"1,2\n3\n", "different numbers of columns"), (b"a,b\n1,2\n", "no header")],
)
def test_csv_that_is_none_is_told(body: bytes, told: str):
    """In the customer's words."""
    with pytest.raises(CustomerError, match=told):
        formats.training_table(body, "text/csv")


def test_json_requests_may_be_dense_or_sparse():
    """`features`, or `data.features.values` with keys; a line a request in JSON Lines."""
    dense = formats.request_rows(b'{"instances":[{"features":[1,2]}]}', "application/json")
    assert dense.tolist() == [[1.0, 2.0]]
    one = b'{"data":{"features":{"keys":[1],"shape":[3],"values":[7]}}}'
    sparse = formats.request_rows(one + b"\n" + one, "application/jsonlines", columns=3)
    assert sparse.toarray().tolist() == [[0.0, 7.0, 0.0]] * 2
    with pytest.raises(ValueError, match="not supported"):
        formats.request_rows(b"", "image/png")
