"""Learns what the first container of the pipeline needs: what to put where a number is missing.

Data in the channel `train`, the result into SM_MODEL_DIR.
"""

import argparse
import json
import os
from pathlib import Path

import numpy as np


def main() -> None:
    """medians.json is in the folder."""
    options = argparse.ArgumentParser()
    options.add_argument("--train", type=Path, default=os.environ.get("SM_CHANNEL_TRAIN"))
    options.add_argument("--model-dir", type=Path, default=os.environ.get("SM_MODEL_DIR"))
    given, _ = options.parse_known_args()
    table = np.loadtxt(given.train / "train.csv", delimiter=",")
    medians = np.median(table[:, 1:], axis=0).tolist()
    (given.model_dir / "medians.json").write_text(json.dumps(medians))
    print(f"medians of {len(medians)} columns")


if __name__ == "__main__":
    main()
