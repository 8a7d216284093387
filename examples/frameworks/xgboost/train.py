"""Trains with XGBoost, as SageMaker's container runs a training script (framework mode).

Data in the channel `train`, hyperparameters as arguments, the model into SM_MODEL_DIR.
"""

import argparse
import os
from pathlib import Path

import numpy as np
import xgboost


def main() -> None:
    """The booster is in the folder, in XGBoost's own format."""
    options = argparse.ArgumentParser()
    options.add_argument("--rounds", type=int, default=100)
    options.add_argument("--train", type=Path, default=os.environ.get("SM_CHANNEL_TRAIN"))
    options.add_argument("--model-dir", type=Path, default=os.environ.get("SM_MODEL_DIR"))
    given, _ = options.parse_known_args()
    table = np.loadtxt(given.train / "train.csv", delimiter=",")
    data = xgboost.DMatrix(table[:, 1:], label=table[:, 0])
    booster = xgboost.train(
        {"objective": "binary:logistic", "max_depth": 5, "eta": 0.2, "seed": 7, "nthread": 1},
        data,
        num_boost_round=given.rounds,
    )
    booster.save_model(given.model_dir / "model.ubj")
    print(f"train_error: {booster.eval(data)}")


if __name__ == "__main__":
    main()
