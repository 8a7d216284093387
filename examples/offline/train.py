"""Trains the two offline models: `python -m examples.offline.train --model late --version v2 ...`.

`late` says how likely a flight lands late: versions v1 and v2 of the flights' model, asked about
rows of CSV. `minutes` says how many minutes late nine of ten such flights land at most; one of its
features is what `late` said, learned from answers to flights that `late` had not seen.
"""

import argparse
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.base import clone
from sklearn.ensemble import HistGradientBoostingRegressor
from sklearn.model_selection import cross_val_predict
from threadpoolctl import threadpool_limits

from examples.flights import artifact
from examples.flights.dataset import LATE, training_flights
from examples.flights.train import RECIPES
from examples.flights.training import Trained
from examples.flights.versions.v2 import features as v2_features
from examples.offline.records import COLUMNS, TEXTS

HERE = Path(__file__).parent
MODELS = {"late": ("v1", "v2"), "minutes": ("v1",)}
KINDS = {"late": "chance", "minutes": "number"}
LIMIT_QUANTILE = 0.9
"""Share of flights that are to land within the minutes that `minutes` says."""

FOLDS = 5
SEED = 9


def build(model: str, version: str, folder: Path) -> Trained:
    """The version is trained and its artifact lies in the folder."""
    if version not in MODELS[model]:
        raise SystemExit(f"{model} has no {version}: it has {', '.join(MODELS[model])}")
    flights = training_flights()
    base = RECIPES[version if model == "late" else "v2"]
    trained = base.train(flights)
    if model == "minutes":
        # Twelve thousand rows are too few for threads: on a busy machine they wait for one another.
        with threadpool_limits(limits=1):
            trained = minutes(trained)
    artifact.write_artifact(
        folder, version=f"{model}-{version}", trained=trained, served=base.SERVED
    )
    kind = {"kind": KINDS[model], "columns": list(COLUMNS), "texts": sorted(TEXTS)}
    (folder / "code" / "kind.json").write_text(json.dumps(kind, sort_keys=True) + "\n")
    serving = (HERE / "serving" / "inference.py").read_text()
    (folder / "code" / "inference.py").write_text(serving)
    return trained


def minutes(late: Trained) -> Trained:
    """A quantile regression on the flight and on what `late` says of it, out of its folds."""
    flights = training_flights()
    rows = np.array([v2_features.vector(f.features, late.tables) for f in flights], dtype=float)
    is_late = np.array([flight.label == LATE for flight in flights])
    landed = np.array([flight.arr_delay_minutes for flight in flights], dtype=float)
    fresh: Any = clone(late.estimator)
    said = cross_val_predict(fresh, rows, is_late, cv=FOLDS, method="predict_proba")[:, 1]
    fed = np.column_stack([rows, said])
    learn = len(fed) * 4 // 5
    estimator = HistGradientBoostingRegressor(
        loss="quantile", quantile=LIMIT_QUANTILE, max_iter=200, random_state=SEED
    )
    estimator.fit(fed[:learn], landed[:learn])
    beyond = float(np.mean(landed[learn:] > estimator.predict(fed[learn:])))
    return Trained(
        estimator=estimator,
        tables=late.tables,
        offline_rows=len(fed) - learn,
        offline_wrong_share=beyond,
    )


def main(arguments: Sequence[str] | None = None) -> None:
    """The artifact asked for is written; prints what its own evaluation says."""
    options = argparse.ArgumentParser(prog="python -m examples.offline.train")
    options.add_argument("--model", choices=sorted(MODELS), required=True)
    options.add_argument("--version", choices=("v1", "v2"), required=True)
    options.add_argument("--output", type=Path, required=True, help="the artifact's folder")
    chosen = options.parse_args(arguments)
    trained = build(chosen.model, chosen.version, chosen.output)
    what = "wrong on" if chosen.model == "late" else "later than it says:"
    print(
        f"{chosen.model} {chosen.version}: {chosen.output}, {what} "
        f"{trained.offline_wrong_share:.1%} of the {trained.offline_rows} rows of its own "
        "evaluation"
    )


if __name__ == "__main__":
    main()
