"""XGBoost in algorithm mode, by the real library.

Follows aws/sagemaker-xgboost-container (`algorithm_mode/train.py`, `serve.py`, `encoder.py`):
formats of data, the log that metrics are found in, checkpoints, and the answers.
"""

import json
import os
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import xgboost

from emulator.algorithms import formats
from emulator.algorithms.formats import CSV, JSON, JSON_LINES, LIBSVM, RECORDIO, Table
from emulator.algorithms.hyperparameters import CustomerError
from emulator.algorithms.job import TrainingJob
from emulator.serving_container.httpd import HttpResponse

MODEL_FILE = "xgboost-model"
CHECKPOINT = "xgboost-checkpoint"
_NOT_OF_THE_LIBRARY = frozenset(
    {
        "num_round",
        "csv_weights",
        "early_stopping_rounds",
        "eval_metric",
        "save_model_on_termination",
    }
    | {"use_dask_gpu_training", "_kfold", "_num_cv_round", "deterministic_histogram", "predictor"}
    | {"prob_buffer_row", "sketch_eps", "single_precision_histogram"}
)
"""Of the container, or of older versions of the library."""
_OF_SCIKIT_LEARN = frozenset({"accuracy", "f1", "mse"})
"""Metrics that the container computes itself, from labels and rounded predictions."""
_UNEMULATED = ("_kfold", "_num_cv_round", "csv_weights")


def train(job: TrainingJob) -> None:
    """The model folder has `xgboost-model`, which AWS's container loads as well."""
    values, given = job.values, _given(job)
    wanted = [name for name in _UNEMULATED if given.get(name) not in (None, "0")]
    if wanted:
        raise CustomerError(f"not emulated: {', '.join(wanted)}")
    train_data, validation = _matrix(job, "train"), _matrix(job, "validation")
    if train_data is None:
        raise CustomerError("the channel train is missing")
    watched = [(train_data, "train")]
    watched += [] if validation is None else [(validation, "validation")]
    booster, done = _checkpoint(job)
    metrics, own = _metrics(values["eval_metric"])
    settings = {name: values[name] for name in given if name not in _NOT_OF_THE_LIBRARY}
    settings |= {"nthread": 1, "seed": values["seed"]}
    settings |= {"eval_metric": metrics} if metrics else {}
    try:
        booster = xgboost.train(
            settings,
            train_data,
            num_boost_round=max(0, values["num_round"] - done),
            evals=watched,
            custom_metric=_custom(own) if own else None,
            early_stopping_rounds=values["early_stopping_rounds"] if validation else None,
            xgb_model=booster,
            callbacks=[_Watch(job, done)],
            verbose_eval=False,
        )
    except xgboost.core.XGBoostError as error:
        # The rest is a stack trace of the library.
        raise CustomerError(str(error).partition("\n")[0]) from error
    booster.save_model(job.model / f"{MODEL_FILE}.ubj")
    # The container has no ending in the name; the library wants one to know the format.
    (job.model / f"{MODEL_FILE}.ubj").rename(job.model / MODEL_FILE)


class _Watch(xgboost.callback.TrainingCallback):  # type: ignore[misc]  # the library has no types
    """Writes metrics as the container does, and a checkpoint after each round."""

    def __init__(self, job: TrainingJob, done: int) -> None:
        super().__init__()
        self._job, self._done = job, done

    def after_iteration(self, model: Any, epoch: int, evals_log: Any) -> bool:
        """One line a round; training goes on."""
        told = [
            f"#011{data}-{metric}:{history[-1]:.5f}"
            for data, metrics in evals_log.items()
            for metric, history in metrics.items()
        ]
        number = epoch + self._done
        self._job.tell(f"[{number}]{''.join(told)}")
        folder = self._job.checkpoints
        if folder is not None:
            folder.mkdir(exist_ok=True)
            fresh = folder / f".{CHECKPOINT}.ubj"
            model.save_model(fresh)
            # Renamed when it is whole: an interruption may come at any time.
            fresh.rename(folder / f"{CHECKPOINT}.{number}")
            (folder / f"{CHECKPOINT}.{number - 2}").unlink(missing_ok=True)
        return False


def _checkpoint(job: TrainingJob) -> tuple[Any, int]:
    """The newest checkpoint and how many rounds it has; nothing and none without one."""
    folder = job.checkpoints
    if folder is None or not folder.is_dir():
        return None, 0
    found = {
        int(match[1]): path
        for path in folder.iterdir()
        if (match := re.fullmatch(rf"{CHECKPOINT}\.(\d+)", path.name))
    }
    if not found:
        return None, 0
    newest = max(found)
    job.tell(f"[INFO] Checkpoint loaded from {found[newest]}")
    job.tell(f"[INFO] Resuming from iteration {newest + 1}")
    return _booster(found[newest]), newest + 1


def _booster(path: Path) -> Any:
    booster = xgboost.Booster()
    booster.load_model(bytearray(path.read_bytes()))
    return booster


def _given(job: TrainingJob) -> Mapping[str, str]:
    """What the customer set: defaults are the library's own business."""
    file = job.base / "input" / "config" / "hyperparameters.json"
    found: dict[str, str] = json.loads(file.read_text(encoding="utf-8"))
    return found


def _metrics(text: str | None) -> tuple[list[str], list[str]]:
    """Metrics of the library, and those that the container computes."""
    named = [] if text is None else [each.strip() for each in text.split(",")]
    return (
        [each for each in named if each not in _OF_SCIKIT_LEARN],
        [each for each in named if each in _OF_SCIKIT_LEARN],
    )


def _custom(names: list[str]) -> Callable[[Any, Any], list[tuple[str, float]]]:
    """By scikit-learn, as the container does; predictions are as the model answers."""
    from sklearn.metrics import (  # noqa: PLC0415 - half a second, for jobs that ask for them
        accuracy_score,
        f1_score,
        mean_squared_error,
    )

    def measured(predictions: Any, data: Any) -> list[tuple[str, float]]:
        labels = data.get_label()
        classes = predictions.argmax(axis=1) if predictions.ndim > 1 else predictions > 0.5
        found = {
            "accuracy": lambda: accuracy_score(labels, classes),
            "f1": lambda: f1_score(labels, classes, average="macro"),
            "mse": lambda: mean_squared_error(labels, predictions),
        }
        return [(name, float(found[name]())) for name in names]

    return measured


def _matrix(job: TrainingJob, channel: str) -> Any:
    found = job.labelled(channel, default=LIBSVM[0])
    return None if found is None else _data(found)


def _data(table: Table) -> Any:
    return xgboost.DMatrix(table.rows, label=table.labels)


def load(model_dir: Path) -> Callable[[bytes, str, str], HttpResponse]:
    """What answers requests; its errors are the container's."""
    (file,) = [path for path in model_dir.iterdir() if path.is_file() and path.name[0] != "."][:1]
    booster = _booster(file)
    booster.set_param({"nthread": 1})
    width = booster.num_features()
    in_batch = os.environ.get("SAGEMAKER_BATCH", "").lower() == "true"

    def served(body: bytes, content_type: str, accept: str) -> HttpResponse:
        kind = formats.media_type(content_type)[0]
        if kind not in {CSV, RECORDIO, *LIBSVM}:
            return _text(415, f"Content-type {content_type} is not supported.")
        try:
            sparse = width if kind in LIBSVM else None
            rows = formats.request_rows(body, content_type, columns=sparse)
        except (CustomerError, ValueError) as error:
            return _text(415, str(error))
        if rows.shape[1] != width:
            told = (
                f"Unable to evaluate payload provided: Feature size of {kind} inference data "
                f"{rows.shape[1]} is not consistent with feature size of trained model {width}."
            )
            return _text(400, told)
        try:
            wanted = _accepted(accept)
        except ValueError as error:
            return _text(406, str(error))
        predictions = booster.predict(xgboost.DMatrix(rows), validate_features=False)
        return _answer(np.asarray(predictions).tolist(), wanted, in_batch=in_batch)

    return served


def _accepted(accept: str) -> str:
    kind = formats.media_type(accept)[0]
    if kind in {"", "*/*"}:
        return os.environ.get("SAGEMAKER_DEFAULT_INVOCATIONS_ACCEPT", CSV)
    if kind not in {CSV, JSON, JSON_LINES, RECORDIO}:
        raise ValueError(f"Accept type {accept} is not supported.")
    return kind


def _answer(predictions: list[Any], accept: str, *, in_batch: bool) -> HttpResponse:
    if in_batch:
        body = "".join(f"{each}\n" for each in predictions).encode()
        return HttpResponse(headers={"Content-Type": accept}, body=body)
    if accept == CSV:
        lines = (",".join(map(str, e)) if isinstance(e, list) else str(e) for e in predictions)
        return HttpResponse(
            headers={"Content-Type": CSV}, body="".join(f"{e}\n" for e in lines).encode()
        )
    body, kind = formats.answer("predictions", [{"score": each} for each in predictions], accept)
    return HttpResponse(headers={"Content-Type": kind}, body=body)


def _text(status: int, words: str) -> HttpResponse:
    headers = {"Content-Type": "text/html; charset=utf-8"}
    return HttpResponse(status=status, headers=headers, body=words.encode())
