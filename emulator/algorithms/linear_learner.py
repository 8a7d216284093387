"""Linear learner, by scikit-learn: linear and logistic regression, chosen among several models.

SageMaker trains many models at once by stochastic gradients and keeps the best on the validation
data (developer guide, "How linear learner works"). Here each setting of the regularisation that is
`auto` is tried, each is solved to the end, and the best by the same criterion is kept: optimizers,
learning rates and their schedules are taken and have nothing to act on.
"""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.linear_model import (
    ElasticNet,
    HuberRegressor,
    LogisticRegression,
    QuantileRegressor,
    Ridge,
    SGDRegressor,
)
from sklearn.metrics import (
    accuracy_score,
    f1_score,
    fbeta_score,
    log_loss,
    mean_absolute_error,
    mean_squared_error,
    precision_score,
    recall_score,
    roc_auc_score,
)

from emulator.algorithms import arrays
from emulator.algorithms.formats import Table
from emulator.algorithms.hyperparameters import CustomerError
from emulator.algorithms.job import TrainingJob, dense
from emulator.algorithms.predictions import serving

_TRIED = (0.0, 1e-4, 1e-3, 1e-2, 1e-1)
"""Weight decays that are tried where `wd` is auto."""
_THRESHOLDS = 101
_LIMIT = 1000
"""Iterations of a solver."""
_UNEMULATED_LOSSES = frozenset({"hinge_loss", "eps_insensitive_squared_loss"})


def train(job: TrainingJob) -> None:
    """The best model's weights are in the artifact."""
    values = job.values
    table = job.labelled("train")
    if table is None:
        raise CustomerError("linear-learner needs the channel train")
    if values["loss"] in _UNEMULATED_LOSSES:
        raise CustomerError(f"loss {values['loss']} is not emulated")
    rows, scale = _scaled(dense(table.rows), values)
    labels = _labels(table.labels, values)
    validation = job.labelled("validation")
    judged = table if validation is None else validation
    best: tuple[float, dict[str, Any]] | None = None
    for wd in _TRIED if values["wd"] == "auto" else (values["wd"],):
        found = {**_fitted(rows, labels, values, wd), **scale}
        quality = _quality(found, judged, values)
        job.tell(f"[INFO] wd={wd:g}: {quality:.6g}")
        if best is None or quality > best[0]:
            best = quality, found
    if best is None:
        raise CustomerError("no model was tried")
    model = best[1]
    settings = {"predictor": values["predictor_type"], "columns": rows.shape[1]}
    settings["threshold"] = float(model.pop("threshold", 0.5))
    arrays.save(job.model, settings, **model)
    for channel, measured in (("validation", validation), ("test", job.labelled("test"))):
        if measured is not None:
            _measure(job, channel, model | {"threshold": settings["threshold"]}, measured)


def _scaled(rows: Any, values: Mapping[str, Any]) -> tuple[Any, dict[str, Any]]:
    """Rows with mean 0 and deviation 1, as `normalize_data` and `unbias_data` say."""
    biased = values["unbias_data"] == "false"
    mean = np.zeros(rows.shape[1]) if biased else rows.mean(axis=0)
    deviation = rows.std(axis=0) if values["normalize_data"] != "false" else np.ones(rows.shape[1])
    deviation = np.where(deviation > 0, deviation, 1.0)
    return (rows - mean) / deviation, {"mean": mean, "deviation": deviation}


def _labels(labels: Any, values: Mapping[str, Any]) -> Any:
    if values["predictor_type"] == "regressor":
        return labels
    classes = np.unique(labels)
    most = 2 if values["predictor_type"] == "binary_classifier" else values["num_classes"]
    if most is None:
        raise CustomerError("num_classes is needed when predictor_type is multiclass_classifier")
    if set(classes) - set(range(most)):
        raise CustomerError(f"labels must be 0 to {most - 1}, got {classes[:10].tolist()}")
    return labels.astype(int)


def _fitted(rows: Any, labels: Any, values: Mapping[str, Any], wd: float) -> dict[str, Any]:
    bias, l1 = values["use_bias"] == "true", _number(values["l1"])
    if values["predictor_type"] == "regressor":
        solver = _regressor(values, wd, l1, bias=bias)
        solver.fit(rows, labels)
        return {"weights": np.atleast_2d(solver.coef_), "bias": np.atleast_1d(solver.intercept_)}
    strength = max(len(rows) * (wd + l1), 1e-9)
    solver = LogisticRegression(
        C=1.0 / strength,
        l1_ratio=l1 / (wd + l1) if l1 > 0 else 0.0,
        solver="saga" if l1 > 0 else "lbfgs",
        fit_intercept=bias,
        max_iter=_LIMIT,
        class_weight=_weights(labels, values),
    )
    solver.fit(rows, labels)
    found = {"weights": solver.coef_, "bias": np.atleast_1d(solver.intercept_)}
    if values["predictor_type"] == "multiclass_classifier" and len(solver.classes_) < 3:
        raise CustomerError("a multiclass classifier needs labels of three classes at least")
    return found | {"classes": solver.classes_.astype(float)}


def _regressor(values: Mapping[str, Any], wd: float, l1: float, *, bias: bool) -> Any:
    loss = values["loss"]
    if loss == "absolute_loss":
        return QuantileRegressor(quantile=0.5, alpha=wd + l1, fit_intercept=bias)
    if loss == "quantile_loss":
        return QuantileRegressor(quantile=values["quantile"], alpha=wd + l1, fit_intercept=bias)
    if loss == "huber_loss":
        epsilon = max(1.0, values["huber_delta"])
        return HuberRegressor(epsilon=epsilon, alpha=wd, fit_intercept=bias, max_iter=_LIMIT)
    if loss == "eps_insensitive_absolute_loss":
        return SGDRegressor(
            loss="epsilon_insensitive",
            epsilon=values["loss_insensitivity"],
            alpha=max(wd, 1e-9),
            fit_intercept=bias,
            max_iter=_LIMIT,
            random_state=0,
        )
    if l1 > 0:
        ratio = l1 / (wd + l1)
        return ElasticNet(alpha=wd + l1, l1_ratio=ratio, fit_intercept=bias, max_iter=_LIMIT)
    return Ridge(alpha=wd, fit_intercept=bias)


def _number(value: Any) -> float:
    return 0.0 if value == "auto" else float(value)


def _weights(labels: Any, values: Mapping[str, Any]) -> Any:
    positive = values["positive_example_weight_mult"]
    if values["predictor_type"] == "multiclass_classifier":
        return "balanced" if values["balance_multiclass_weights"] == "true" else None
    if positive in {"balanced", "auto"}:
        return "balanced"
    return {0: 1.0, 1: float(positive)} if set(labels) == {0, 1} else None


def _raw(model: Mapping[str, Any], rows: Any) -> Any:
    return (rows - model["mean"]) / model["deviation"] @ model["weights"].T + model["bias"]


def _positive(model: Mapping[str, Any], rows: Any) -> Any:
    """The probability of the positive class, of a binary classifier."""
    return 1.0 / (1.0 + np.exp(-np.clip(_raw(model, rows)[:, 0], -500, 500)))


def _probabilities(model: Mapping[str, Any], rows: Any) -> Any:
    raw = _raw(model, rows)
    risen = np.exp(raw - raw.max(axis=1, keepdims=True))
    return risen / risen.sum(axis=1, keepdims=True)


def _quality(model: dict[str, Any], judged: Table, values: Mapping[str, Any]) -> float:
    """What the models are compared by; a binary classifier gets its threshold on the way."""
    rows, labels = dense(judged.rows), judged.labels
    if values["predictor_type"] == "regressor":
        return -float(mean_squared_error(labels, _raw(model, rows)[:, 0]))
    if values["predictor_type"] == "multiclass_classifier":
        found = model["classes"][_probabilities(model, rows).argmax(axis=1)]
        return float(accuracy_score(labels, found))
    scores = _positive(model, rows)
    criterion = values["binary_classifier_model_selection_criteria"]
    if criterion == "loss_function":
        model["threshold"] = 0.5
        return -float(log_loss(labels, scores, labels=[0, 1]))
    cuts = np.linspace(0, 1, _THRESHOLDS)
    merits = _merits(labels, scores, cuts, values)
    model["threshold"] = float(cuts[merits.argmax()])
    return float(merits.max())


def _merits(labels: Any, scores: Any, cuts: Any, values: Mapping[str, Any]) -> Any:
    """How good each threshold is by the criterion; counted in sorted scores, all at once."""
    positive, negative = np.sort(scores[labels == 1]), np.sort(scores[labels == 0])
    right = len(positive) - np.searchsorted(positive, cuts)
    wrong = len(negative) - np.searchsorted(negative, cuts)
    recall = right / max(1, len(positive))
    precision = np.divide(right, right + wrong, out=np.zeros(len(cuts)), where=right + wrong > 0)
    weight = values["f_beta"] ** 2
    below = weight * precision + recall
    f_beta = np.divide(
        (1 + weight) * precision * recall, below, out=np.zeros(len(cuts)), where=below > 0
    )
    return {
        "accuracy": (right + len(negative) - wrong) / len(scores),
        "f_beta": f_beta,
        "precision_at_target_recall": precision * (recall >= values["target_recall"]),
        "recall_at_target_precision": recall * (precision >= values["target_precision"]),
    }[values["binary_classifier_model_selection_criteria"]]


def _measure(job: TrainingJob, channel: str, model: Mapping[str, Any], judged: Table) -> None:
    rows, labels = dense(judged.rows), judged.labels
    for name, value in _measures(model, rows, labels, job.values):
        loss = name.endswith(("loss", "mse"))
        job.measured(f"{channel}:{name}", float(value), kind="loss" if loss else "score")


def _measures(
    model: Mapping[str, Any], rows: Any, labels: Any, values: Mapping[str, Any]
) -> Iterator[tuple[str, float]]:
    if values["predictor_type"] == "regressor":
        found = _raw(model, rows)[:, 0]
        yield "mse", mean_squared_error(labels, found)
        yield "absolute_loss", mean_absolute_error(labels, found)
        yield "objective_loss", mean_squared_error(labels, found)
        yield "rmse", mean_squared_error(labels, found) ** 0.5
    elif values["predictor_type"] == "multiclass_classifier":
        shares = _probabilities(model, rows)
        found = model["classes"][shares.argmax(axis=1)]
        yield "multiclass_accuracy", accuracy_score(labels, found)
        yield "macro_precision", precision_score(labels, found, average="macro", zero_division=0.0)
        yield "macro_recall", recall_score(labels, found, average="macro", zero_division=0.0)
        yield "macro_f_beta", f1_score(labels, found, average="macro")
        yield "objective_loss", log_loss(labels, shares, labels=model["classes"])
    else:
        scores = _positive(model, rows)
        found = scores >= model["threshold"]
        yield "binary_classification_accuracy", accuracy_score(labels, found)
        yield "binary_f_beta", fbeta_score(labels, found, beta=values["f_beta"], zero_division=0.0)
        yield "precision", precision_score(labels, found, zero_division=0.0)
        yield "recall", recall_score(labels, found, zero_division=0.0)
        yield "objective_loss", log_loss(labels, scores, labels=[0, 1])
        if len(set(labels)) > 1:
            yield "roc_auc_score", roc_auc_score(labels, scores)


def load(model_dir: Path) -> Any:
    """What answers requests: a score, and the label of classifiers."""
    settings, model = arrays.load(model_dir)

    def predict(rows: Any) -> Sequence[Mapping[str, Any]]:
        asked = dense(rows)
        if settings["predictor"] == "regressor":
            return [{"score": float(value)} for value in _raw(model, asked)[:, 0]]
        if settings["predictor"] == "multiclass_classifier":
            shares = _probabilities(model, asked)
            labels = model["classes"][shares.argmax(axis=1)]
            pairs = zip(shares, labels, strict=True)
            return [{"score": s.tolist(), "predicted_label": int(label)} for s, label in pairs]
        return [
            {"score": float(score), "predicted_label": int(score >= settings["threshold"])}
            for score in _positive(model, asked)
        ]

    return serving(predict, columns=settings["columns"])
