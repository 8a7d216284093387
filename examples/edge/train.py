"""Trains the inspector and writes it as ONNX: `model.onnx` in a folder that is an artifact.

Versions: v1 knows few parts, v2 learnt from many; v3 takes logarithms first, which is fine in the
laboratory, where no value is below zero, and no number for one part in four on the line; v4 does
not load at all on a device, because its file was cut off.
"""

import argparse
import math
from collections.abc import Callable
from pathlib import Path

import numpy as np
from onnx import ModelProto, TensorProto, checker, helper, numpy_helper
from sklearn.linear_model import LogisticRegression

from examples.edge.parts import BANDS, Parts, parts

_SEED = 7
_OPSET, _IR = 17, 8


def fitted(known: Parts) -> LogisticRegression:
    """A model of these parts."""
    return LogisticRegression().fit(known.rows, known.faulty)


def as_onnx(model: LogisticRegression, *, logarithms: bool = False) -> ModelProto:
    """The model as a graph: rows of bands in, log odds and chance that a part is faulty out."""
    weights = [
        numpy_helper.from_array(model.coef_.T.astype(np.float32), "weights"),
        numpy_helper.from_array(model.intercept_.astype(np.float32), "bias"),
    ]
    first = [helper.make_node("Log", ["bands"], ["scaled"])] if logarithms else []
    nodes = [
        *first,
        helper.make_node("MatMul", ["scaled" if logarithms else "bands", "weights"], ["product"]),
        helper.make_node("Add", ["product", "bias"], ["score"]),
        helper.make_node("Sigmoid", ["score"], ["faulty"]),
    ]
    graph = helper.make_graph(
        nodes,
        "inspector",
        [helper.make_tensor_value_info("bands", TensorProto.FLOAT, ["parts", BANDS])],
        [
            helper.make_tensor_value_info(name, TensorProto.FLOAT, ["parts", 1])
            for name in ("faulty", "score")
        ],
        initializer=weights,
    )
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", _OPSET)], ir_version=_IR)
    checker.check_model(made)
    return made


def _logarithmic() -> bytes:
    known = parts(4_000, seed=_SEED)
    rows = np.log(np.abs(known.rows) + math.exp(-8))
    model = fitted(Parts(rows=rows, faulty=known.faulty))
    return bytes(as_onnx(model, logarithms=True).SerializeToString())


def _cut_off() -> bytes:
    whole = bytes(as_onnx(fitted(parts(4_000, seed=_SEED))).SerializeToString())
    return whole[: len(whole) // 2]


VERSIONS: dict[str, Callable[[], bytes]] = {
    "v1": lambda: bytes(as_onnx(fitted(parts(60, seed=_SEED))).SerializeToString()),
    "v2": lambda: bytes(as_onnx(fitted(parts(4_000, seed=_SEED))).SerializeToString()),
    "v3": _logarithmic,
    "v4": _cut_off,
}


def write(version: str, folder: Path) -> Path:
    """The artifact of a version is in the folder; its model's path."""
    folder.mkdir(parents=True, exist_ok=True)
    target = folder / "model.onnx"
    target.write_bytes(VERSIONS[version]())
    return target


def main() -> None:
    """`python -m examples.edge.train --version v1 --output build/edge/v1`."""
    parser = argparse.ArgumentParser(description="Train a version of the inspector.")
    parser.add_argument("--version", choices=sorted(VERSIONS), required=True)
    parser.add_argument("--output", type=Path, required=True)
    given = parser.parse_args()
    print(f"{write(given.version, given.output)}: version {given.version}")


if __name__ == "__main__":
    main()
