"""Trains with scikit-learn and writes ONNX, which any framework's models can be turned into.

Data in the channel `train`, hyperparameters as arguments, the model into SM_MODEL_DIR.
"""

import argparse
import os
from pathlib import Path

import numpy as np
from skl2onnx import to_onnx
from sklearn.ensemble import GradientBoostingClassifier


def main() -> None:
    """model.onnx is in the folder: rows of numbers in, a chance for each label out."""
    options = argparse.ArgumentParser()
    options.add_argument("--trees", type=int, default=60)
    options.add_argument("--train", type=Path, default=os.environ.get("SM_CHANNEL_TRAIN"))
    options.add_argument("--model-dir", type=Path, default=os.environ.get("SM_MODEL_DIR"))
    given, _ = options.parse_known_args()
    table = np.loadtxt(given.train / "train.csv", delimiter=",").astype(np.float32)
    rows, late = table[:, 1:], table[:, 0].astype(int)
    model = GradientBoostingClassifier(n_estimators=given.trees, random_state=7)
    model.fit(rows, late)
    # Without ZipMap the answer is an array and no list of dictionaries.
    exported = to_onnx(model, rows[:1], options={"zipmap": False}, target_opset=17)
    (given.model_dir / "model.onnx").write_bytes(exported.SerializeToString())
    print(f"train_accuracy: {model.score(rows, late):.4f}")


if __name__ == "__main__":
    main()
