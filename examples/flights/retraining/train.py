"""Training step: fits the model and leaves an artifact that serves by itself.

Runs in SageMaker's scikit-learn container: hyperparameters are arguments, `SM_CHANNEL_TRAIN` is the
data, what is in `SM_MODEL_DIR` becomes model.tar.gz.
"""

import argparse
import json
import os
import shutil
import sys
from pathlib import Path
from statistics import median
from typing import Any

import joblib
import numpy as np
import sklearn
from sklearn.ensemble import GradientBoostingClassifier

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE / "serving"))

import features  # type: ignore[import-not-found]  # noqa: E402 - laid out beside this file

Row = dict[str, Any]
SEED = 2


def read(folder: Path) -> list[Row]:
    """The flights of the channel."""
    lines = (folder / "flights.jsonl").read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines]


def tables_of(rows: list[Row]) -> dict[str, Any]:
    """What features are looked up in: categories, and usual minutes in the air."""
    minutes: dict[str, list[int]] = {}
    for row in rows:
        minutes.setdefault(row["features"]["dest"], []).append(row["air_minutes"])
    return {
        "origins": sorted({row["features"]["origin"] for row in rows}),
        "carriers": sorted({row["features"]["carrier"] for row in rows}),
        "air_minutes": {name: median(values) for name, values in sorted(minutes.items())},
    }


def fit(rows: list[Row], tables: dict[str, Any], given: argparse.Namespace) -> Any:
    """The estimator."""
    estimator = GradientBoostingClassifier(
        n_estimators=given.trees,
        learning_rate=given.learning_rate,
        max_depth=given.depth,
        max_features=0.4,
        min_samples_leaf=20,
        subsample=0.7,
        random_state=SEED,
    )
    vectors = np.array([features.vector(row["features"], tables) for row in rows])
    return estimator.fit(vectors, np.array([row["label"] == "late" for row in rows]))


def main() -> None:
    """The artifact is in the model's folder."""
    options = argparse.ArgumentParser()
    options.add_argument("--trees", type=int, default=150)
    options.add_argument("--depth", type=int, default=4)
    options.add_argument("--learning-rate", type=float, default=0.06)
    given = options.parse_args()
    rows = read(Path(os.environ["SM_CHANNEL_TRAIN"]))
    folder = Path(os.environ["SM_MODEL_DIR"])
    tables = tables_of(rows)
    model = {"estimator": fit(rows, tables, given), "tables": tables}
    joblib.dump(model, folder / "model.joblib", compress=3)
    about = {"rows": len(rows), "scikit_learn": sklearn.__version__}
    (folder / "model.json").write_text(json.dumps(about, sort_keys=True) + "\n")
    shutil.copytree(HERE / "serving", folder / "code", ignore=shutil.ignore_patterns("__pycache__"))
    print(f"rows={len(rows)};")


if __name__ == "__main__":
    main()
