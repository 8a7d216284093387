"""Loads what train.py exported; the only file that needs MXNet to serve."""

from collections.abc import Sequence
from pathlib import Path

import mxnet as mx
import routes  # type: ignore[import-not-found]  # beside this file in the container
from mxnet import gluon


def load(model_dir: str) -> routes.Predict:
    """A function from rows of numbers to the chance of each."""
    folder = Path(model_dir)
    net = gluon.SymbolBlock.imports(
        str(folder / "model-symbol.json"), ["data"], str(folder / "model-0000.params")
    )

    def predict(rows: Sequence[Sequence[float]]) -> Sequence[float]:
        chances: list[float] = net(mx.nd.array(rows)).reshape(-1).asnumpy().tolist()
        return chances

    return predict
