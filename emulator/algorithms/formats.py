"""Rows as the built-in algorithms take them, and answers as they give them.

Sources: developer guide, "Common data formats for training" and "for inference".
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.sparse import csr_matrix

from emulator.algorithms import recordio
from emulator.algorithms.hyperparameters import CustomerError

CSV, JSON, JSON_LINES = "text/csv", "application/json", "application/jsonlines"
RECORDIO = "application/x-recordio-protobuf"
LIBSVM = ("text/libsvm", "text/x-libsvm")
Matrix = Any
"""A numpy array of two dimensions, or a sparse matrix."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """Rows of features, and a label each where the data has labels."""

    rows: Matrix
    labels: Any = None


def media_type(text: str) -> tuple[str, dict[str, str]]:
    """The media type in lower case, and its parameters."""
    kind, *rest = (part.strip() for part in text.split(";"))
    pairs = (part.partition("=") for part in rest)
    return kind.lower(), {name.lower(): value for name, _, value in pairs}


def training_table(body: bytes, content_type: str, *, columns: int | None = None) -> Table:
    """A file of a channel. CSV has its label first unless `label_size=0`."""
    kind, parameters = media_type(content_type)
    if kind == CSV:
        array = _csv(body)
        if parameters.get("label_size", "1") == "0":
            return Table(rows=array)
        return Table(rows=array[:, 1:], labels=array[:, 0])
    if kind == RECORDIO:
        return _records(body, columns)
    if kind in LIBSVM:
        return _libsvm(body, columns)
    raise CustomerError(
        f"the content type {content_type} is not read by the embedded cloud: use text/csv, "
        f"{LIBSVM[0]} or {RECORDIO}"
    )


def request_rows(body: bytes, content_type: str, *, columns: int | None = None) -> Matrix:
    """The rows of a request; ValueError for others than those that algorithms take."""
    kind, _ = media_type(content_type)
    if kind == CSV:
        return _csv(body)
    if kind == RECORDIO:
        return _records(body, columns).rows
    if kind in LIBSVM:
        return _libsvm(b"\n".join(b"0 " + line for line in body.splitlines()), columns).rows
    if kind == JSON:
        return _instances(json.loads(body)["instances"], columns)
    if kind == JSON_LINES:
        lines = [json.loads(line) for line in body.splitlines() if line.strip()]
        return _instances(lines, columns)
    raise ValueError(f"Content type {content_type} is not supported.")


def answer(key: str, records: Sequence[Mapping[str, Any]], accept: str) -> tuple[bytes, str]:
    """The body and its type: a JSON object, a line a record, or RecordIO; ValueError for others."""
    kind, _ = media_type(accept)
    if kind in {"", "*/*", JSON}:
        return json.dumps({key: list(records)}).encode(), JSON
    if kind == JSON_LINES:
        return "".join(f"{json.dumps(each)}\n" for each in records).encode(), JSON_LINES
    if kind == RECORDIO:
        named = [
            {name: np.ravel(value).tolist() for name, value in each.items()} for each in records
        ]
        return recordio.write(named), RECORDIO
    raise ValueError(f"Accept type {accept} is not supported.")


def _csv(body: bytes) -> Any:
    lines = [line for line in body.decode("utf-8").splitlines() if line.strip()]
    cells = [["nan" if cell.strip() == "" else cell for cell in line.split(",")] for line in lines]
    if len({len(row) for row in cells}) > 1:
        raise CustomerError("rows of the CSV have different numbers of columns")
    try:
        return np.array(cells, dtype=np.float64).reshape(len(cells), -1)
    except ValueError as error:
        raise CustomerError(
            f"the CSV has cells that are no numbers (no header, either): {error}"
        ) from error


def _records(body: bytes, columns: int | None) -> Table:
    try:
        found = [*recordio.read(body)]
    except recordio.BadRecordError as error:
        raise CustomerError(f"the RecordIO data can't be read: {error}") from error
    labelled = found and all(each.label for each in found)
    labels = np.array([each.label[0] for each in found]) if labelled else None
    if any(each.features.keys is not None for each in found):
        return Table(rows=_sparse([each.features for each in found], columns), labels=labels)
    widths = {len(each.features.values) for each in found}
    if len(widths) > 1:
        raise CustomerError(f"records have different numbers of features: {sorted(widths)}")
    return Table(rows=np.array([each.features.values for each in found]), labels=labels)


def _sparse(tensors: Sequence[recordio.Tensor], columns: int | None) -> Matrix:
    row, column, data = [], [], []
    for number, each in enumerate(tensors):
        keys = range(len(each.values)) if each.keys is None else each.keys
        row += [number] * len(each.values)
        column += [int(key) for key in keys]
        data += [float(value) for value in each.values]
    sizes = [each.size for each in tensors if each.size is not None]
    width = columns or max([*sizes, *(key + 1 for key in column), 1])
    return csr_matrix((data, (row, column)), shape=(len(tensors), width))


def _libsvm(body: bytes, columns: int | None) -> Table:
    labels, tensors = [], []
    for line in body.decode("utf-8").splitlines():
        if not line.strip():
            continue
        label, *cells = line.split()
        try:
            pairs = [cell.split(":") for cell in cells]
            keys, values = [int(key) for key, _ in pairs], [float(value) for _, value in pairs]
            labels.append(float(label.partition(":")[0]))
        except ValueError as error:
            raise CustomerError(f"no line of LIBSVM: {line[:50]!r}") from error
        tensors.append(recordio.Tensor(values=values, keys=keys))
    return Table(rows=_sparse(tensors, columns), labels=np.array(labels))


def _instances(listed: Sequence[Any], columns: int | None) -> Matrix:
    tensors = [_instance(each) for each in listed]
    if any(each.keys is not None for each in tensors):
        return _sparse(tensors, columns)
    if len({len(each.values) for each in tensors}) > 1:
        raise ValueError("instances have different numbers of features")
    return np.array([each.values for each in tensors], dtype=np.float64)


def _instance(given: Any) -> recordio.Tensor:
    """`{"features": [..]}`, or `{"data": {"features": {"values": [..]}}}` with keys if sparse."""
    if isinstance(given, dict) and "data" in given:
        given = given["data"]
    features = given["features"] if isinstance(given, dict) else given
    if isinstance(features, dict):
        shape = features.get("shape")
        return recordio.Tensor(
            values=features["values"],
            keys=features.get("keys"),
            size=None if not shape else int(shape[0]),
        )
    return recordio.Tensor(values=features)
