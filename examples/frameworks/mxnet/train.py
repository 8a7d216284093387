"""The program behind `train`: learns with Gluon, and exports the model twice.

As MXNet's own files for this container, and as model.onnx, which examples/frameworks/onnx serves
without MXNet. SageMaker gives an own container its hyperparameters in a file, not as arguments.
"""

import json
from pathlib import Path
from typing import Any

import mxnet as mx
import numpy as np
from mxnet import autograd, gluon

BASE = Path("/opt/ml")


class Scale(gluon.nn.HybridBlock):
    """Puts every column on one scale."""

    def __init__(self, mean: np.ndarray, deviation: np.ndarray) -> None:
        super().__init__()
        with self.name_scope():
            self.mean = self.params.get_constant("mean", mx.nd.array(mean))
            self.deviation = self.params.get_constant("deviation", mx.nd.array(deviation))

    def hybrid_forward(self, F: Any, rows: Any, mean: Any, deviation: Any) -> Any:  # noqa: N803
        """The rows, scaled; Gluon gives its operators as F."""
        return F.broadcast_div(F.broadcast_sub(rows, mean), deviation)


def network(rows: np.ndarray) -> gluon.nn.HybridSequential:
    """Rows of numbers in, a chance out."""
    net = gluon.nn.HybridSequential()
    net.add(Scale(rows.mean(0), rows.std(0).clip(min=1e-6)))
    net.add(gluon.nn.Dense(32, activation="relu"), gluon.nn.Dense(16, activation="relu"))
    net.add(gluon.nn.Dense(1, activation="sigmoid"))
    net.initialize(mx.init.Xavier())
    net.hybridize()
    return net


def main() -> None:
    """Both exports are in /opt/ml/model."""
    parameters = json.loads((BASE / "input/config/hyperparameters.json").read_text())
    table = np.loadtxt(BASE / "input/data/train/train.csv", delimiter=",", dtype=np.float32)
    rows, late = table[:, 1:], table[:, :1]
    mx.random.seed(7)
    net, loss_of = network(rows), gluon.loss.SigmoidBCELoss(from_sigmoid=True)
    trainer = gluon.Trainer(net.collect_params(), "adam")
    data = gluon.data.DataLoader(gluon.data.ArrayDataset(rows, late), batch_size=128, shuffle=True)
    for _ in range(int(parameters.get("epochs", "6"))):
        for some, wanted in data:
            with autograd.record():
                loss = loss_of(net(some), wanted)
            loss.backward()
            trainer.step(len(some))
    net.export(str(BASE / "model/model"))
    mx.onnx.export_model(
        str(BASE / "model/model-symbol.json"),
        str(BASE / "model/model-0000.params"),
        [(1, rows.shape[1])],
        np.float32,
        str(BASE / "model/model.onnx"),
        dynamic=True,
        dynamic_input_shapes=[("rows", rows.shape[1])],
    )


if __name__ == "__main__":
    main()
