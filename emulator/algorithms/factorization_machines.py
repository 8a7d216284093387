"""Factorization machines of degree two, by stochastic gradients, written out with numpy.

Rendle, "Factorization Machines" (2010): the pairwise term of a row is half of (the square of the
summed factors less the sum of their squares), so a pass costs as much as the data has values.
Rates, decays and initial values are those of the hyperparameters.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from scipy.sparse import csr_matrix
from sklearn.metrics import accuracy_score, f1_score, log_loss, mean_squared_error

from emulator.algorithms import arrays
from emulator.algorithms.formats import Table
from emulator.algorithms.hyperparameters import CustomerError, Values
from emulator.algorithms.job import TrainingJob
from emulator.algorithms.predictions import serving

_SCALE_OF_NONE = 0.001
"""Half of the width of a uniform start where no scale is given."""
_STEADY = 1e-8


def train(job: TrainingJob) -> None:
    """Bias, weights and factors are the model."""
    table = job.labelled("train")
    if table is None:
        raise CustomerError("factorization-machines needs the channel train")
    values = job.values
    rows, labels = csr_matrix(table.rows), np.asarray(table.labels, dtype=float)
    if values["predictor_type"] == "binary_classifier" and set(labels) - {0.0, 1.0}:
        raise CustomerError("labels of a binary classifier are 0 and 1")
    model = _fitted(rows, labels, values)
    settings = {"predictor": values["predictor_type"], "columns": rows.shape[1]}
    arrays.save(job.model, settings, **model)
    _measure(job, "train", model, table)
    test = job.labelled("test")
    if test is not None:
        _measure(job, "test", model, test)


def _fitted(rows: Any, labels: Any, values: Values) -> dict[str, Any]:
    random = np.random.default_rng(0)
    columns, factors = rows.shape[1], values["num_factors"]
    model = {
        "bias": _start("bias", (1,), values, random),
        "weights": _start("linear", (columns,), values, random),
        "factors": _start("factors", (columns, factors), values, random),
    }
    rates = {"bias": "bias", "weights": "linear", "factors": "factors"}
    # Adagrad keeps the rates of rare features high, as they must be for sparse data.
    seen = {name: np.full(part.shape, _STEADY) for name, part in model.items()}
    for _ in range(values["epochs"]):
        order = random.permutation(rows.shape[0])
        for start in range(0, len(order), values["mini_batch_size"]):
            here = order[start : start + values["mini_batch_size"]]
            slopes = _slopes(rows[here], labels[here], model, values)
            for name, slope in slopes.items():
                decayed = slope + values[f"{rates[name]}_wd"] * model[name]
                step = _clipped(decayed, values)
                seen[name] += step**2
                model[name] -= values[f"{rates[name]}_lr"] * step / np.sqrt(seen[name])
    return model


def _slopes(rows: Any, labels: Any, model: Mapping[str, Any], values: Values) -> dict[str, Any]:
    raw, summed = _raw(rows, model)
    binary = values["predictor_type"] == "binary_classifier"
    error = (_sigmoid(raw) if binary else raw) - labels
    count = float(rows.shape[0])
    weighted = rows.multiply(error[:, None]).tocsr()
    own = np.asarray(rows.multiply(rows).multiply(error[:, None]).sum(axis=0)).ravel()
    factors = weighted.T @ summed - own[:, None] * model["factors"]
    return {
        "bias": np.array([error.mean()]),
        "weights": np.asarray(weighted.sum(axis=0)).ravel() / count,
        "factors": factors / count,
    }


def _raw(rows: Any, model: Mapping[str, Any]) -> tuple[Any, Any]:
    """The model's value of each row, and the summed factors of each."""
    factors = model["factors"]
    summed = rows @ factors
    squares = rows.multiply(rows) @ (factors**2)
    pairs = 0.5 * (summed**2 - squares).sum(axis=1)
    return model["bias"][0] + rows @ model["weights"] + pairs, summed


def _start(part: str, shape: tuple[int, ...], values: Values, random: Any) -> Any:
    method = values[f"{part}_init_method"]
    if method == "constant":
        value = values[f"{part}_init_value"]
        return np.full(shape, 0.0 if value is None else value)
    if method == "uniform":
        scale = values[f"{part}_init_scale"]
        scale = _SCALE_OF_NONE if scale is None else scale
        return random.uniform(-scale, scale, shape)
    return random.normal(0.0, values[f"{part}_init_sigma"], shape)


def _clipped(slope: Any, values: Values) -> Any:
    if values["rescale_grad"] is not None:
        slope = slope * values["rescale_grad"]
    limit = values["clip_gradient"]
    return slope if limit is None else np.clip(slope, -limit, limit)


def _sigmoid(raw: Any) -> Any:
    return 1.0 / (1.0 + np.exp(-np.clip(raw, -500, 500)))


def _measure(job: TrainingJob, channel: str, model: Mapping[str, Any], judged: Table) -> None:
    raw = _raw(csr_matrix(judged.rows), model)[0]
    if job.values["predictor_type"] == "regressor":
        rmse = mean_squared_error(judged.labels, raw) ** 0.5
        job.measured(f"{channel}:rmse", float(rmse), kind="loss")
        return
    scores = _sigmoid(raw)
    found, name = scores >= 0.5, f"{channel}:binary_classification"
    job.measured(f"{name}_accuracy", float(accuracy_score(judged.labels, found)))
    entropy = log_loss(judged.labels, scores, labels=[0, 1])
    job.measured(f"{name}_cross_entropy", float(entropy), kind="loss")
    job.measured(
        f"{channel}:binary_f_beta", float(f1_score(judged.labels, found, zero_division=0.0))
    )


def load(model_dir: Path) -> Any:
    """What answers requests: a score, and the label of classifiers."""
    settings, model = arrays.load(model_dir)

    def predict(rows: Any) -> Sequence[Mapping[str, Any]]:
        raw = _raw(csr_matrix(rows), model)[0]
        if settings["predictor"] == "regressor":
            return [{"score": float(value)} for value in raw]
        return [
            {"score": float(score), "predicted_label": float(score >= 0.5)}
            for score in _sigmoid(raw)
        ]

    return serving(predict, columns=settings["columns"])
