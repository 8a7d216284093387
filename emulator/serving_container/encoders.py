"""How the container reads and writes arrays when the user's code leaves that to it.

Media types and messages are those of AWS's `sagemaker-containers` toolkit, which the scikit-learn
container is built on.
"""

import csv
import io
import json
from collections.abc import Callable
from typing import Any

import numpy as np

JSON = "application/json"
CSV = "text/csv"
NPY = "application/x-npy"
ANY = "*/*"
UTF8_TYPES = (JSON, CSV)
"""Bodies of exactly these media types reach the user's code as text, all others as bytes."""


class ClientError(Exception):
    """The user's code, or what it was given, failed; the toolkit wraps its errors in this."""


class UnsupportedFormatError(Exception):
    """No default coder knows the media type."""

    def __init__(self, content_type: str) -> None:
        super().__init__(
            f"Content type {content_type} is not supported by this framework.\n\n"
            "Please implement input_fn to to deserialize the request data or an output_fn to\n"
            "serialize the response. For more information, see the SageMaker Python SDK README."
        )


def decode(body: Any, content_type: str) -> Any:
    """The body as an array; UnsupportedFormatError names a media type that has no decoder."""
    decoder = _DECODERS.get(content_type)
    if decoder is None:
        raise UnsupportedFormatError(content_type)
    return decoder(body)


def encode(array_like: Any, content_type: str) -> Any:
    """The array as a body; UnsupportedFormatError names a media type that has no encoder."""
    encoder = _ENCODERS.get(content_type)
    if encoder is None:
        raise UnsupportedFormatError(content_type)
    return encoder(array_like)


def _array_from_json(text: str) -> Any:
    return np.array(json.loads(text))


def _array_from_csv(text: str) -> Any:
    try:
        rows = list(csv.reader(io.StringIO(text), strict=True))
    except csv.Error as error:
        raise ClientError(f"Error while decoding csv: {error}") from error
    array = np.array(rows).squeeze()
    try:
        return array.astype(None)
    except ValueError:
        return array


def _array_from_npy(body: bytes) -> Any:
    return np.load(io.BytesIO(body), allow_pickle=True)


def _json_from_array(array_like: Any) -> str:
    return json.dumps(array_like, default=_plain)


def _plain(value: Any) -> Any:
    if hasattr(value, "tolist"):
        return value.tolist()
    raise TypeError(f"Object of type {type(value).__name__} is not JSON serializable")


def _csv_from_array(array_like: Any) -> str:
    array = np.array(array_like)
    if array.ndim == 1:
        array = array.reshape(-1, 1)
    stream = io.StringIO()
    csv.writer(stream, lineterminator="\n", strict=True).writerows(array)
    return stream.getvalue()


def _npy_from_array(array_like: Any) -> bytes:
    stream = io.BytesIO()
    np.save(stream, array_like)
    return stream.getvalue()


_DECODERS: dict[str, Callable[[Any], Any]] = {
    JSON: _array_from_json,
    CSV: _array_from_csv,
    NPY: _array_from_npy,
}
_ENCODERS: dict[str, Callable[[Any], Any]] = {
    JSON: _json_from_array,
    CSV: _csv_from_array,
    NPY: _npy_from_array,
}
