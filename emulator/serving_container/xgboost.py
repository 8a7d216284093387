"""What the XGBoost container does where the user's code leaves it to it (framework mode).

Follows `sagemaker-xgboost-container` (serving.py, encoder.py): requests become a DMatrix, whatever
their media type; RecordIO-protobuf is not read here.
"""

import csv
from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any

import numpy as np

from emulator.serving_container.encoders import CSV, UnsupportedFormatError
from emulator.serving_container.transformer import Defaults

_SNIFFED_CHARACTERS = 512


def default_input_fn(body: Any, content_type: str) -> Any:
    """A DMatrix of CSV or LIBSVM; UnsupportedFormatError names any other media type."""
    decoder = _DECODERS.get(content_type.partition(";")[0].strip())
    if decoder is None:
        raise UnsupportedFormatError(content_type)
    text = body if isinstance(body, str) else bytes(body).decode("utf-8")
    return import_module("xgboost").DMatrix(decoder(text))


def default_predict_fn(data: Any, model: Any) -> Any:
    """What the booster predicts, features not compared by their names."""
    return model.predict(data, validate_features=False)


XGBOOST = Defaults(input_fn=default_input_fn, predict_fn=default_predict_fn)


def _from_csv(text: str) -> Any:
    lines = text.split("\n")
    found = csv.Sniffer().sniff(lines[0][:_SNIFFED_CHARACTERS]).delimiter
    delimiter = "," if found.isalnum() else found
    cells = [[cell if cell != "" else "nan" for cell in line.split(delimiter)] for line in lines]
    return np.array(cells).astype(float)


def _from_libsvm(text: str) -> Any:
    rows = [dict(_pairs(line)) for line in text.strip().split("\n")]
    columns = [column for row in rows for column in row]
    if not columns:
        return np.empty((0, 0))
    offset = 1 if min(columns) >= 1 else 0
    dense = np.zeros((len(rows), max(columns) - offset + 1))
    for number, row in enumerate(rows):
        for column, value in row.items():
            dense[number, column - offset] = value
    return dense


def _pairs(line: str) -> list[tuple[int, float]]:
    parts = (token.split(":", 1) for token in line.split() if ":" in token)
    return [(int(column), float(value)) for column, value in parts]


_DECODERS: Mapping[str, Callable[[str], Any]] = {
    CSV: _from_csv,
    "text/libsvm": _from_libsvm,
    "text/x-libsvm": _from_libsvm,
}
