"""What SageMaker's scikit-learn container calls: load, read, predict, write."""

import json
from pathlib import Path
from typing import Any

import joblib

JSON = "application/json"
MEASURES = 13
"""Alcohol, malic acid, ash and so on: what a wine is described by."""


def model_fn(model_dir: str) -> Any:
    """The trained model."""
    return joblib.load(Path(model_dir) / "model.joblib")


def input_fn(body: str | bytes, content_type: str) -> list[list[float]]:
    """The wines of a request; ValueError says what is wrong with it."""
    if content_type != JSON:
        raise ValueError(f"content type is {content_type!r}, must be {JSON}")
    wines = json.loads(body)["wines"]
    wrong = [index for index, wine in enumerate(wines) if len(wine) != MEASURES]
    if wrong:
        raise ValueError(f"each wine has {MEASURES} measures, wrong are those at {wrong}")
    return [[float(measure) for measure in wine] for wine in wines]


def predict_fn(wines: list[list[float]], model: Any) -> list[int]:
    """The kind of each wine: 0, 1 or 2."""
    return [int(kind) for kind in model.predict(wines)]


def output_fn(kinds: list[int], _accept: str) -> tuple[str, str]:
    """The answer as JSON."""
    return json.dumps({"kinds": kinds}), JSON
