"""XGBoost in algorithm mode: its log, its checkpoints, its answers, by the real library."""

import json
import re

import numpy as np
import pytest

from emulator.algorithms import recordio
from emulator.algorithms.hyperparameters import CustomerError, tables
from emulator.algorithms.registry import metric_patterns
from tests.unit.emulator.algorithms.conftest import Train, Trained, csv_of

pytestmark = pytest.mark.accept

RANDOM = np.random.default_rng(3)
ROWS = RANDOM.normal(0, 1, (300, 3))
LABELS = (ROWS[:, 0] + ROWS[:, 1] > 0).astype(float)
DATA = csv_of(np.column_stack([LABELS, ROWS]))
SETTINGS = {"objective": "binary:logistic", "num_round": "8", "eval_metric": "auc,logloss"}
CSV = "text/csv"


@pytest.fixture
def trained(train: Train) -> Trained:
    """A classifier with validation data."""
    return train("xgboost", SETTINGS, {"train": (CSV, DATA), "validation": (CSV, DATA)})


def test_the_log_has_the_metrics_where_sagemaker_looks(trained: Trained):
    """By the container's own expressions, once a round."""
    patterns = metric_patterns("xgboost", tables()["xgboost"]["metrics"])
    found = re.findall(patterns["validation:auc"], trained.log)
    assert len(found) == 8
    assert float(found[-1]) > 0.95


def test_answers_are_lines_of_scores_by_default(trained: Trained):
    """One a row; JSON and RecordIO on demand."""
    answered = trained.ask("2,2,0\n-2,-2,0\n", accept="")
    assert answered.headers["Content-Type"] == CSV
    high, low = (float(line) for line in answered.body.decode().splitlines())
    assert high > 0.9
    assert low < 0.1
    found = trained.answer("2,2,0\n")["predictions"]
    assert found == [{"score": pytest.approx(high)}]
    lines = trained.ask("2,2,0\n", accept="application/jsonlines").body
    assert json.loads(lines) == {"score": pytest.approx(high)}


def test_faults_have_the_status_of_the_container(trained: Trained):
    """415 of a format, 400 of another number of features, 406 of a form of answers."""
    assert trained.ask("{}", sent="application/json").status == 415
    assert trained.ask("1,2\n", accept=CSV).status == 400
    assert trained.ask("1,2,3\n", accept="image/png").status == 406


def test_data_may_be_libsvm_or_recordio(train: Train):
    """The same rows, whatever they are written in."""
    lines = [
        " ".join([f"{label:g}", *(f"{n}:{value:g}" for n, value in enumerate(row))])
        for label, row in zip(LABELS, ROWS, strict=True)
    ]
    found = train("xgboost", SETTINGS, {"train": ("text/libsvm", "\n".join(lines))})
    assert float(found.ask("0:2 1:2 2:0", sent="text/libsvm", accept=CSV).body) > 0.9
    body = recordio.write_rows(ROWS, LABELS)
    found = train("xgboost", SETTINGS, {"train": ("application/x-recordio-protobuf", body)})
    asked = recordio.write_rows([[2.0, 2.0, 0.0]])
    answered = found.ask(asked, sent="application/x-recordio-protobuf", accept=CSV)
    assert float(answered.body) > 0.9


def test_it_goes_on_from_a_checkpoint(train: Train, trained: Trained):
    """Rounds that were done are not done again, and the model has all of them."""
    config = trained.base / "input" / "config" / "checkpointconfig.json"
    config.write_text("{}")
    channels = {"train": (CSV, DATA), "validation": (CSV, DATA)}
    first = train("xgboost", SETTINGS | {"num_round": "5"}, channels)
    assert "Resuming" not in first.log
    second = train("xgboost", SETTINGS, channels)
    assert "Resuming from iteration 5" in second.log
    assert re.findall(r"^\[(\d+)\]", second.log, re.MULTILINE) == ["5", "6", "7"]


def test_several_classes_and_the_metrics_of_scikit_learn(train: Train):
    """A row of scores each; accuracy is the container's own metric."""
    labels = np.digitize(ROWS[:, 0], [-0.5, 0.5]).astype(float)
    data = csv_of(np.column_stack([labels, ROWS]))
    settings = {"objective": "multi:softprob", "num_class": "3", "num_round": "5"}
    found = train(
        "xgboost",
        settings | {"eval_metric": "accuracy"},
        {"train": (CSV, data), "validation": (CSV, data)},
    )
    (*_, last) = re.findall(r"#011validation-accuracy:([0-9.]+)", found.log)
    assert float(last) > 0.9
    (answer,) = found.answer("2,0,0\n")["predictions"]
    assert np.argmax(answer["score"]) == 2


def test_what_the_library_refuses_is_the_customers_fault(train: Train):
    """With its own words."""
    with pytest.raises(CustomerError, match="must be in"):
        train("xgboost", SETTINGS, {"train": (CSV, "7,1,2,3\n8,1,2,3\n")})
    with pytest.raises(CustomerError, match="not emulated: _kfold"):
        train("xgboost", SETTINGS | {"_kfold": "3"}, {"train": (CSV, DATA)})
