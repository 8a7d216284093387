"""What the scikit-learn container runs for both models: rows of CSV in, one number a row out.

`kind.json` beside it says which model it is and how its rows are read; `features.py` is that of
the flights' model. Only the container's own libraries may be imported here.
"""

import csv
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import features  # type: ignore[import-not-found]  # beside this file in the artifact
import joblib
import numpy as np

CSV = "text/csv"
Model = Mapping[str, Any]


def model_fn(model_dir: str) -> Model:
    """The model is in memory, with what its rows are made of."""
    folder = Path(model_dir)
    kind = json.loads((folder / "code" / "kind.json").read_text())
    return {**joblib.load(folder / "model.joblib"), **kind}


def transform_fn(model: Model, body: str | bytes, content_type: str, _accept: str) -> Any:
    """A line an answer: the chance of landing late, or the minutes."""
    if content_type.partition(";")[0].strip() != CSV:
        raise ValueError(f"content type {content_type!r} cannot be read: send {CSV}")
    text = body if isinstance(body, str) else body.decode()
    rows = list(csv.reader(text.splitlines(), strict=True))
    answers = predicted(model, np.array([vector(model, row) for row in rows], dtype=float))
    return "".join(f"{answer:.5f}\n" for answer in answers), CSV


def vector(model: Model, row: Sequence[str]) -> list[float]:
    """A row as numbers: the flight's features, then what other models said of it."""
    columns, texts = model["columns"], model["texts"]
    flight = {
        name: cell if name in texts else float(cell)
        for name, cell in zip(columns, row, strict=False)
    }
    for clock in ("sched_dep", "dep", "sched_arr"):
        flight[clock] = int(flight[clock])
    fed = [float(cell) for cell in row[len(columns) :]]
    return [*features.vector(flight, model["tables"]), *fed]


def predicted(model: Model, rows: Any) -> Any:
    """Chances of a classifier, numbers of a regressor."""
    estimator = model["estimator"]
    if model["kind"] == "chance":
        return estimator.predict_proba(rows)[:, 1]
    return estimator.predict(rows)
