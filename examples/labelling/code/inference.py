"""What SageMaker's scikit-learn container runs: a letter in, its topic and how sure that is out."""

import json
from pathlib import Path
from typing import Any

import joblib


def model_fn(model_dir: str) -> Any:
    """The trained model."""
    return joblib.load(Path(model_dir) / "model.joblib")


def input_fn(body: bytes | str, content_type: str) -> str:
    """The text of `{"text": ...}`."""
    if content_type != "application/json":
        raise ValueError(f"content type is {content_type}, must be application/json")
    return str(json.loads(body)["text"])


def predict_fn(text: str, model: Any) -> dict[str, Any]:
    """The most likely topic."""
    (chances,) = model.predict_proba([text])
    best = max(range(len(chances)), key=chances.__getitem__)
    return {"label": str(model.classes_[best]), "confidence": float(chances[best])}


def output_fn(found: dict[str, Any], _accept: str) -> tuple[str, str]:
    """The topic as JSON."""
    return json.dumps(found), "application/json"
