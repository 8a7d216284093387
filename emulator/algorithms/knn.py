"""K-nearest neighbours, by scikit-learn: a sample of the data, and a vote or a mean of the closest.

Indexes are exact here, whatever `index_type` says; distances are those of `index_metric`.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.metrics import accuracy_score, mean_squared_error
from sklearn.neighbors import NearestNeighbors
from sklearn.random_projection import GaussianRandomProjection

from emulator.algorithms import arrays
from emulator.algorithms.formats import Table
from emulator.algorithms.hyperparameters import CustomerError
from emulator.algorithms.job import TrainingJob, dense
from emulator.algorithms.predictions import serving

_METRICS = {"L2": "euclidean", "COSINE": "cosine"}


def train(job: TrainingJob) -> None:
    """The sampled rows and their labels are the model."""
    values = job.values
    table = job.labelled("train")
    if table is None:
        raise CustomerError("knn needs the channel train")
    rows, labels = dense(table.rows), table.labels
    if values["sample_size"] < len(rows):
        kept = np.random.default_rng(0).choice(len(rows), values["sample_size"], replace=False)
        rows, labels = rows[kept], labels[kept]
    if values["k"] > len(rows):
        raise CustomerError(f"k is {values['k']}, and {len(rows)} rows were sampled")
    projection = _projection(values, rows.shape[1])
    settings = {
        "k": values["k"],
        "predictor": values["predictor_type"],
        "metric": values["index_metric"],
        "columns": rows.shape[1],
    }
    arrays.save(job.model, settings, rows=rows @ projection, labels=labels, projection=projection)
    test = job.labelled("test")
    if test is not None:
        _measure(job, test)


def _projection(values: Mapping[str, Any], columns: int) -> Any:
    """A matrix to fewer dimensions; the identity where none are reduced."""
    target = values["dimension_reduction_target"]
    if values["dimension_reduction_type"] is None or target is None:
        return np.eye(columns)
    if target >= columns:
        raise CustomerError(f"dimension_reduction_target is {target}, feature_dim {columns}")
    found = GaussianRandomProjection(n_components=target, random_state=0)
    projected = found.fit(np.zeros((1, columns))).components_.T
    # `sign` projects on corners of a cube; `fjlt` is a quicker way to what a Gaussian one gives.
    signs = np.sign(projected) / np.sqrt(target)
    return signs if values["dimension_reduction_type"] == "sign" else projected


def _measure(job: TrainingJob, test: Table) -> None:
    predictor = job.values["predictor_type"]
    found = _predictor(job.model)(dense(test.rows))
    answers = [each["predicted_label"] for each in found]
    if predictor == "classifier":
        job.measured("test:accuracy", float(accuracy_score(test.labels, answers)))
    else:
        job.measured("test:mse", float(mean_squared_error(test.labels, answers)), kind="loss")


def load(model_dir: Path) -> Any:
    """What answers requests: the label of the neighbours."""
    return serving(_predictor(model_dir), columns=arrays.load(model_dir)[0]["columns"])


def _predictor(model_dir: Path) -> Any:
    settings, kept = arrays.load(model_dir)
    rows, labels, projection = kept["rows"], kept["labels"], kept["projection"]
    k, inner = settings["k"], settings["metric"] == "INNER_PRODUCT"
    index = None
    if not inner:
        index = NearestNeighbors(n_neighbors=k, metric=_METRICS[settings["metric"]]).fit(rows)

    def predict(asked: Any) -> Sequence[Mapping[str, Any]]:
        projected = dense(asked) @ projection
        if index is None:
            places = np.argsort(-(projected @ rows.T), axis=1)[:, :k]
        else:
            places = index.kneighbors(projected, return_distance=False)
        return [{"predicted_label": _label(labels[each], settings["predictor"])} for each in places]

    return predict


def _label(labels: Any, predictor: str) -> float:
    if predictor == "regressor":
        return float(labels.mean())
    found, counts = np.unique(labels, return_counts=True)
    return float(found[counts.argmax()])
