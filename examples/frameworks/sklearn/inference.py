"""What the scikit-learn container runs: rows of numbers in, the chance to be late out."""

import json
from pathlib import Path
from typing import Any

import joblib
import numpy as np


def model_fn(model_dir: str) -> Any:
    """The classifier."""
    return joblib.load(Path(model_dir) / "model.joblib")


def input_fn(body: str, content_type: str) -> Any:
    """The rows of `{"instances": [[...], ...]}`."""
    if content_type != "application/json":
        raise ValueError(f"content type {content_type!r} cannot be read: send application/json")
    return np.array(json.loads(body)["instances"], dtype=float)


def predict_fn(rows: Any, model: Any) -> Any:
    """The chance of each flight to be late."""
    return model.predict_proba(rows)[:, 1]


def output_fn(chances: Any, accept: str) -> tuple[str, str]:
    """`{"predictions": [...]}`, whatever is accepted."""
    del accept
    return json.dumps({"predictions": chances.tolist()}), "application/json"
