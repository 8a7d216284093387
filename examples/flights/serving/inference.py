"""What SageMaker's scikit-learn container runs: the same file in every version's artifact.

It reads and writes JSON and loads the model; what a version makes of a request is in `features.py`
beside it. Only the container's own libraries may be imported here: the artifact brings none.
"""

import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import features  # type: ignore[import-not-found]  # beside this file in the artifact
import joblib
import numpy as np
import sklearn

JSON = "application/json"
LABELS = ("on-time", "late")
LATE_FROM_SCORE = 0.5

Model = Mapping[str, Any]


def model_fn(model_dir: str) -> Model:
    """The model is in memory, unless it was trained with another scikit-learn than is running.

    A pickle of another minor version may load and answer differently, which is worse than not
    loading at all.
    """
    folder = Path(model_dir)
    trained_with = json.loads((folder / "model.json").read_text())["scikit_learn"]
    if minor(trained_with) != minor(sklearn.__version__):
        raise RuntimeError(
            f"the model was trained with scikit-learn {trained_with}, this container has "
            f"{sklearn.__version__}: train it again, or choose the container of that version"
        )
    model: Model = joblib.load(folder / "model.joblib")
    return model


def minor(version: str) -> list[str]:
    """Major and minor number of a version."""
    return version.split(".")[:2]


def input_fn(body: str | bytes, content_type: str) -> Sequence[Mapping[str, Any]]:
    """The flights asked about, from `{"features": {...}}` or `{"instances": [{...}, ...]}`."""
    if content_type.partition(";")[0].strip() != JSON:
        raise ValueError(f"content type {content_type!r} cannot be read: send {JSON}")
    request = json.loads(body)
    flights = [request["features"]] if "features" in request else request["instances"]
    faults = [fault for flight in flights for fault in faults_in(flight)]
    if faults:
        raise ValueError("; ".join(faults))
    return list(flights)


def faults_in(flight: Mapping[str, Any]) -> list[str]:
    """What this version cannot do without and the request does not have."""
    lacking = [name for name in features.REQUIRED if flight.get(name) is None]
    return [f"features lack {', '.join(lacking)}: send every one"] if lacking else []


def predict_fn(flights: Sequence[Mapping[str, Any]], model: Model) -> list[dict[str, Any]]:
    """A label and the probability of being late, for each flight."""
    if not flights:
        return []
    rows = np.array([features.vector(flight, model["tables"]) for flight in flights])
    scores = model["estimator"].predict_proba(rows)[:, 1]
    return [
        {"label": LABELS[int(score >= LATE_FROM_SCORE)], "score": round(float(score), 6)}
        for score in scores
    ]


def output_fn(predictions: Sequence[Mapping[str, Any]], accept: str) -> Any:
    """The answer's body and its content type: JSON, the only one there is.

    Where the container was told which version it is, its answer names it.
    """
    if accept.partition(";")[0].strip() not in (JSON, "application/*", "*/*", ""):
        raise ValueError(f"accept {accept!r} cannot be answered: ask for {JSON}")
    body, version = json.dumps({"predictions": predictions}), os.environ.get("TIDEGATE_VERSION")
    return (body, JSON) if version is None else named(body, version)


def named(body: str, version: str) -> Any:
    """The answer with its version as custom attribute, which SageMaker hands on to the caller."""
    from sagemaker_containers.beta.framework import (  # type: ignore[import-not-found]  # noqa: PLC0415
        worker,
    )

    attributes = {"X-Amzn-SageMaker-Custom-Attributes": f"tidegate-version={version}"}
    return worker.Response(response=body, headers=attributes, mimetype=JSON)
