"""Trains with scikit-learn and writes ONNX, which any framework's models can be turned into.

Data in the channel `train`, hyperparameters as arguments, the model into SM_MODEL_DIR.
"""

import argparse
import os
from pathlib import Path

import numpy as np
from skl2onnx import to_onnx
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler


def main() -> None:
    """model.onnx is in the folder: rows of numbers in, a chance for each label out."""
    options = argparse.ArgumentParser()
    options.add_argument("--rounds", type=int, default=400)
    options.add_argument("--train", type=Path, default=os.environ.get("SM_CHANNEL_TRAIN"))
    options.add_argument("--model-dir", type=Path, default=os.environ.get("SM_MODEL_DIR"))
    given, _ = options.parse_known_args()
    table = np.loadtxt(given.train / "train.csv", delimiter=",").astype(np.float32)
    rows, late = table[:, 1:], table[:, 0].astype(int)
    model = make_pipeline(StandardScaler(), LogisticRegression(max_iter=given.rounds))
    model.fit(rows, late)
    # Without ZipMap the answer is an array and no list of dictionaries.
    exported = to_onnx(model, rows[:1], options={"zipmap": False}, target_opset=17)
    (given.model_dir / "model.onnx").write_bytes(exported.SerializeToString())
    print(f"train_accuracy: {model.score(rows, late):.4f}")


if __name__ == "__main__":
    main()
