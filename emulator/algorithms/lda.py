"""Latent Dirichlet allocation, by scikit-learn's variational Bayes.

SageMaker decomposes tensors of moments instead (developer guide, "How LDA Works"): the same model
of documents, another way to its topics.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.decomposition import LatentDirichletAllocation

from emulator.algorithms import arrays
from emulator.algorithms.hyperparameters import CustomerError
from emulator.algorithms.job import TrainingJob, dense
from emulator.algorithms.predictions import serving

_MOST_ITERATIONS = 50
"""Passes over the data; `max_iterations` is of AWS's power method, which this has not."""


def train(job: TrainingJob) -> None:
    """The words of the topics are the model."""
    values, rows = job.values, dense(job.needed("train").rows)
    if (rows < 0).any():
        raise CustomerError("documents are counts of words: no number may be below 0")
    topics = values["num_topics"]
    found = LatentDirichletAllocation(
        n_components=topics,
        doc_topic_prior=values["alpha0"] / topics,
        batch_size=values["mini_batch_size"],
        max_iter=min(_MOST_ITERATIONS, values["max_iterations"]),
        random_state=0,
    ).fit(rows)
    arrays.save(job.model, {"alpha": values["alpha0"] / topics}, components=found.components_)
    for channel, table in (("train", job.table("train")), ("test", job.table("test"))):
        if table is not None:
            counts = dense(table.rows)
            value = found.score(counts) / max(1.0, float(counts.sum()))
            job.measured(f"{channel}:pwll", float(value))


def load(model_dir: Path) -> Any:
    """What answers requests: how much of each topic a document has."""
    settings, kept = arrays.load(model_dir)
    topics, words = kept["components"].shape
    found = LatentDirichletAllocation(
        n_components=topics, doc_topic_prior=settings["alpha"], random_state=0
    )
    # What `fit` leaves: transform needs nothing else of it.
    found.fit(np.ones((1, words)))
    found.components_ = kept["components"]
    found.exp_dirichlet_component_ = _expected(kept["components"])

    def predict(rows: Any) -> Sequence[Mapping[str, Any]]:
        return [{"topic_mixture": row.tolist()} for row in found.transform(dense(rows))]

    return serving(predict, columns=words)


def _expected(components: Any) -> Any:
    """exp(E[log topics]), as scikit-learn keeps it beside the components."""
    from scipy.special import psi  # noqa: PLC0415 - only to load

    return np.exp(psi(components) - psi(components.sum(axis=1))[:, None])
