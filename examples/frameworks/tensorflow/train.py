"""Trains with Keras on TensorFlow and exports what TensorFlow Serving loads.

Data in the channel `train`, hyperparameters as arguments, the model into SM_MODEL_DIR as
`1/saved_model.pb` and its variables: the number is the version for TensorFlow Serving.
"""

import argparse
import os
from pathlib import Path

import keras
import numpy as np


def main() -> None:
    """The SavedModel is in the folder; it takes rows as they are and scales them itself."""
    options = argparse.ArgumentParser()
    options.add_argument("--epochs", type=int, default=6)
    options.add_argument("--train", type=Path, default=os.environ.get("SM_CHANNEL_TRAIN"))
    options.add_argument("--model-dir", type=Path, default=os.environ.get("SM_MODEL_DIR"))
    given, _ = options.parse_known_args()
    keras.utils.set_random_seed(7)
    table = np.loadtxt(given.train / "train.csv", delimiter=",").astype(np.float32)
    rows, late = table[:, 1:], table[:, 0]
    scale = keras.layers.Normalization()
    scale.adapt(rows)
    model = keras.Sequential(
        [
            keras.layers.Input((rows.shape[1],)),
            scale,
            keras.layers.Dense(32, activation="relu"),
            keras.layers.Dense(16, activation="relu"),
            keras.layers.Dense(1, activation="sigmoid", name="late"),
        ]
    )
    model.compile(optimizer="adam", loss="binary_crossentropy", metrics=["accuracy"])
    found = model.fit(rows, late, batch_size=128, epochs=given.epochs, verbose=0)
    model.export(given.model_dir / "1", verbose=False)
    print(f"train_accuracy: {found.history['accuracy'][-1]:.4f}")


if __name__ == "__main__":
    main()
