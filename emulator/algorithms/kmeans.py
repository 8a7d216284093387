"""K-means, by scikit-learn: mini-batches first, then Lloyd's iterations on their centers.

SageMaker's finds `k * extra_center_factor` centers in one pass and reduces them to `k` by Lloyd's
algorithm (developer guide, "How K-Means Clustering Works"); so does this.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.cluster import KMeans, MiniBatchKMeans
from sklearn.metrics import pairwise_distances

from emulator.algorithms import arrays
from emulator.algorithms.hyperparameters import CustomerError
from emulator.algorithms.job import TrainingJob, dense
from emulator.algorithms.predictions import serving

_MOST_FACTOR = 10


def train(job: TrainingJob) -> None:
    """The model's centers are in the artifact."""
    values, table = job.values, job.needed("train")
    rows, k = dense(table.rows), values["k"]
    if len(rows) < k:
        raise CustomerError(f"k is {k}, and there are {len(rows)} rows")
    wide = _many(rows, k, values)
    trials = values["local_lloyd_num_trials"]
    lloyd = KMeans(
        n_clusters=k,
        init=_method(values["local_lloyd_init_method"]),
        max_iter=values["local_lloyd_max_iter"],
        n_init=10 if trials == "auto" else trials,
        tol=values["local_lloyd_tol"],
        random_state=0,
    )
    lloyd.fit(wide.cluster_centers_, sample_weight=np.maximum(_weights(wide, rows), 1e-9))
    centers = lloyd.cluster_centers_
    arrays.save(job.model, {"k": k}, centers=centers)
    _measure(job, "train", rows, centers)
    test = job.table("test")
    if test is not None:
        _measure(job, "test", dense(test.rows), centers)


def _many(rows: Any, k: int, values: Mapping[str, Any]) -> Any:
    factor = values["extra_center_factor"]
    factor = _MOST_FACTOR if factor == "auto" else factor
    found = MiniBatchKMeans(
        n_clusters=min(len(rows), k * factor),
        init=_method(values["init_method"]),
        max_iter=values["epochs"],
        batch_size=values["mini_batch_size"],
        n_init=1,
        random_state=0,
    )
    return found.fit(rows)


def _weights(wide: Any, rows: Any) -> Any:
    return np.bincount(wide.predict(rows), minlength=len(wide.cluster_centers_)).astype(float)


def _method(name: str) -> str:
    return "k-means++" if name == "kmeans++" else name


def _measure(job: TrainingJob, channel: str, rows: Any, centers: Any) -> None:
    squares = pairwise_distances(rows, centers).min(axis=1) ** 2
    wanted = job.values["eval_metrics"]
    for name, value in (("msd", squares.mean()), ("ssd", squares.sum())):
        if name in wanted:
            job.measured(f"{channel}:{name}", float(value), kind="loss")


def load(model_dir: Path) -> Any:
    """What answers requests: the closest center, and how far it is."""
    centers = arrays.load(model_dir)[1]["centers"]

    def predict(rows: Any) -> Sequence[Mapping[str, Any]]:
        distances = pairwise_distances(dense(rows), centers)
        return [
            {"closest_cluster": float(place), "distance_to_cluster": float(row[place])}
            for row, place in zip(distances, distances.argmin(axis=1), strict=True)
        ]

    return serving(predict, columns=centers.shape[1])
