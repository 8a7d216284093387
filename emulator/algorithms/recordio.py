"""RecordIO files of SageMaker's `Record` messages (application/x-recordio-protobuf), both ways.

A frame is a magic number, a length and a body padded to four bytes (MXNet's RecordIO). The message
is that of aws/sagemaker-containers, `record.proto`: features and labels are maps from names to
tensors, of which the one named `values` counts. Written by hand: five fields need no library.
"""

import struct
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

_MAGIC = 0xCED7230A
_FEATURES, _LABEL = 1, 2
_TENSORS: Mapping[int, str] = {2: "<f4", 3: "<f8", 7: "varint"}
"""Field of `Value` to how its numbers are written: float32, float64, int32."""
_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5


class BadRecordError(ValueError):
    """The bytes are no records."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tensor:
    """Numbers; `keys` are their places in a vector of `size`, None where it is dense."""

    values: Sequence[float]
    keys: Sequence[int] | None = None
    size: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """What is known of one thing: features, and labels where there are any."""

    features: Tensor
    label: Sequence[float] = ()


def read(body: bytes) -> Iterator[Record]:
    """Every record of a file; BadRecordError for one that is not whole."""
    offset = 0
    while offset < len(body):
        if offset + 8 > len(body):
            raise BadRecordError("a frame is cut off")
        magic, length = struct.unpack_from("<II", body, offset)
        end = offset + 8 + length
        if magic != _MAGIC or end > len(body):
            raise BadRecordError(f"no whole frame of RecordIO begins at byte {offset}")
        yield _record(body[offset + 8 : end])
        offset = end + -length % 4


def write(named: Sequence[Mapping[str, Sequence[float]]]) -> bytes:
    """Records whose labels are float32 tensors of these names: how algorithms answer."""
    return b"".join(_framed(_labels(each)) for each in named)


def write_rows(rows: Sequence[Sequence[float]], labels: Sequence[float] | None = None) -> bytes:
    """Dense training data: a record a row, its label if there are labels."""
    frames = []
    for number, row in enumerate(rows):
        body = _entry(_FEATURES, "values", row)
        if labels is not None:
            body += _entry(_LABEL, "values", [labels[number]])
        frames.append(_framed(body))
    return b"".join(frames)


def _record(body: bytes) -> Record:
    features, label = Tensor(values=()), Tensor(values=())
    for field, _, value in _fields(body):
        if field in {_FEATURES, _LABEL}:
            name, tensor = _named(value)
            if name == "values" and field == _FEATURES:
                features = tensor
            elif name == "values":
                label = tensor
    return Record(features=features, label=label.values)


def _named(entry: bytes) -> tuple[str, Tensor]:
    name, tensor = "", Tensor(values=())
    for field, _, value in _fields(entry):
        if field == 1:
            name = value.decode("utf-8")
        elif field == 2:
            tensor = next((_tensor(f, inner) for f, _, inner in _fields(value)), tensor)
    return name, tensor


def _tensor(kind: int, body: bytes) -> Tensor:
    if kind not in _TENSORS:
        raise BadRecordError(f"a value of kind {kind} is no tensor of numbers")
    values: list[float] = []
    keys: list[int] = []
    shape: list[int] = []
    for field, wire, value in _fields(body):
        if field == 1:
            values += _numbers(_TENSORS[kind], wire, value)
        elif field == 2:
            keys += _varints(value) if wire == _BYTES else [int.from_bytes(value, "little")]
        elif field == 3:
            shape += _varints(value) if wire == _BYTES else [int.from_bytes(value, "little")]
    return Tensor(values=values, keys=keys or None, size=shape[0] if shape else None)


def _numbers(form: str, wire: int, value: bytes) -> list[float]:
    if form != "varint":
        return [float(each) for each in np.frombuffer(value, dtype=form)]
    found = _varints(value) if wire == _BYTES else [int.from_bytes(value, "little")]
    return [float(each - (1 << 64) if each >= 1 << 63 else each) for each in found]


def _fields(body: bytes) -> Iterator[tuple[int, int, bytes]]:
    """Number, wire type and bytes of each field; a varint comes as eight little-endian bytes."""
    offset = 0
    while offset < len(body):
        tag, offset = _varint(body, offset)
        field, wire = tag >> 3, tag & 7
        if wire == _VARINT:
            number, offset = _varint(body, offset)
            yield field, wire, number.to_bytes(8, "little")
            continue
        if wire == _BYTES:
            length, offset = _varint(body, offset)
        elif wire in {_FIXED32, _FIXED64}:
            length = 4 if wire == _FIXED32 else 8
        else:
            raise BadRecordError(f"wire type {wire} is not of protobuf 3")
        if offset + length > len(body):
            raise BadRecordError("a field is cut off")
        yield field, wire, body[offset : offset + length]
        offset += length


def _varint(body: bytes, offset: int) -> tuple[int, int]:
    number = shift = 0
    while True:
        if offset >= len(body) or shift > 63:
            raise BadRecordError("a number is cut off")
        byte = body[offset]
        number |= (byte & 0x7F) << shift
        offset, shift = offset + 1, shift + 7
        if byte < 0x80:
            return number, offset


def _varints(body: bytes) -> list[int]:
    found, offset = [], 0
    while offset < len(body):
        number, offset = _varint(body, offset)
        found.append(number)
    return found


def _framed(body: bytes) -> bytes:
    return struct.pack("<II", _MAGIC, len(body)) + body + bytes(-len(body) % 4)


def _labels(named: Mapping[str, Sequence[float]]) -> bytes:
    return b"".join(_entry(_LABEL, name, values) for name, values in named.items())


def _entry(field: int, name: str, values: Sequence[float]) -> bytes:
    """One entry of a map: a name and a float32 tensor."""
    packed = np.asarray(values, dtype="<f4").tobytes()
    tensor = _delimited(2, _delimited(1, packed))
    return _delimited(field, _delimited(1, name.encode()) + _delimited(2, tensor))


def _delimited(field: int, body: bytes) -> bytes:
    return _encoded(field << 3 | _BYTES) + _encoded(len(body)) + body


def _encoded(number: int) -> bytes:
    found = bytearray()
    while number > 0x7F:
        found.append(number & 0x7F | 0x80)
        number >>= 7
    found.append(number)
    return bytes(found)
