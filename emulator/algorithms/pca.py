"""Principal component analysis, by numpy's singular values: components of the largest first.

SageMaker gives the components of a projection in ascending order of their singular values, the
largest last (developer guide, "How PCA Works"); so does this.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.utils.extmath import randomized_svd

from emulator.algorithms import arrays
from emulator.algorithms.hyperparameters import CustomerError
from emulator.algorithms.job import TrainingJob, dense
from emulator.algorithms.predictions import serving

_LEAST_EXTRA = 10


def train(job: TrainingJob) -> None:
    """Mean, components and singular values are the model."""
    values, rows = job.values, dense(job.needed("train").rows)
    wanted = values["num_components"]
    if wanted > min(rows.shape):
        raise CustomerError(
            f"num_components is {wanted}, must be at most {min(rows.shape)}: features and rows"
        )
    mean = rows.mean(axis=0) if values["subtract_mean"] == "true" else np.zeros(rows.shape[1])
    if values["algorithm_mode"] == "randomized":
        extra = values["extra_components"]
        extra = max(_LEAST_EXTRA, wanted) if extra == -1 else extra
        _, singular, components = randomized_svd(
            rows - mean, n_components=wanted, n_oversamples=extra, random_state=0
        )
    else:
        _, singular, components = np.linalg.svd(rows - mean, full_matrices=False)
    kept = components[:wanted][::-1]
    arrays.save(job.model, {}, mean=mean, v=kept.T, s=singular[:wanted][::-1])
    share = float((singular[:wanted] ** 2).sum() / max((singular**2).sum(), 1e-300))
    job.tell(f"[INFO] {wanted} components have {share:.4f} of the variance that was looked at")


def load(model_dir: Path) -> Any:
    """What answers requests: the projection of each row."""
    kept = arrays.load(model_dir)[1]
    mean, v = kept["mean"], kept["v"]

    def predict(rows: Any) -> Sequence[Mapping[str, Any]]:
        return [{"projection": row.tolist()} for row in (dense(rows) - mean) @ v]

    return serving(predict, columns=len(mean), key="projections")
