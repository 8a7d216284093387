"""What the XGBoost container runs; what predicts is the container's own predict_fn."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import xgboost


def model_fn(model_dir: str) -> xgboost.Booster:
    """The booster."""
    booster = xgboost.Booster({"nthread": 1})
    booster.load_model(Path(model_dir) / "model.ubj")
    return booster


def input_fn(body: str, content_type: str) -> xgboost.DMatrix:
    """The rows of `{"instances": [[...], ...]}`."""
    if content_type != "application/json":
        raise ValueError(f"content type {content_type!r} cannot be read: send application/json")
    return xgboost.DMatrix(np.array(json.loads(body)["instances"], dtype=float))


def output_fn(chances: Any, accept: str) -> tuple[str, str]:
    """`{"predictions": [...]}`, whatever is accepted."""
    del accept
    return json.dumps({"predictions": [float(chance) for chance in chances]}), "application/json"
