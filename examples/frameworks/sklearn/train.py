"""Trains with scikit-learn, as SageMaker's container runs a training script.

Data in the channel `train`, hyperparameters as arguments, the model into SM_MODEL_DIR.
"""

import argparse
import os
from pathlib import Path

import joblib
import numpy as np
from sklearn.ensemble import HistGradientBoostingClassifier


def main() -> None:
    """The model is in the folder."""
    options = argparse.ArgumentParser()
    options.add_argument("--trees", type=int, default=100)
    options.add_argument("--train", type=Path, default=os.environ.get("SM_CHANNEL_TRAIN"))
    options.add_argument("--model-dir", type=Path, default=os.environ.get("SM_MODEL_DIR"))
    given, _ = options.parse_known_args()
    table = np.loadtxt(given.train / "train.csv", delimiter=",")
    model = HistGradientBoostingClassifier(max_iter=given.trees, random_state=7)
    model.fit(table[:, 1:], table[:, 0])
    joblib.dump(model, given.model_dir / "model.joblib", compress=3)
    print(f"train_accuracy: {model.score(table[:, 1:], table[:, 0]):.4f}")


if __name__ == "__main__":
    main()
