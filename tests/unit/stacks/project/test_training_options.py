"""How jobs of a training run: spot, warm pools, metrics, tuning by a script, a ceiling of costs."""

from collections.abc import Callable
from pathlib import Path

import pytest

from stacks.project.load import load_project
from stacks.project.training_options import ceiling_seconds, limit_seconds
from stacks.project.training_spec import TrainingSpec
from stacks.run_costs import training_cost
from tests.unit.stacks.project.conftest import GOOD
from tests.unit.stacks.project.test_training_section import SECTION

Read = Callable[[str], TrainingSpec]
Refused = Callable[[str], list[str]]
TUNE = """\
      metrics: { loss: "loss=([0-9.]+)" }
      tune: { objective: loss, goal: Minimize, ranges: { depth: { least: 2, most: 8 } } }
"""


@pytest.fixture
def scripts(folder: Path) -> Path:
    """The folder with the scripts."""
    made = folder / "scripts"
    made.mkdir()
    for name in ("process.py", "train.py", "evaluate.py"):
        (made / name).write_text("")
    return made


@pytest.fixture
def read(folder: Path, scripts: Path) -> Read:
    """The training of the good file with more in its section."""

    def load(more: str) -> TrainingSpec:
        (folder / "tidegate.yaml").write_text(GOOD + SECTION + more)
        (model,) = load_project(folder / "tidegate.yaml").models.values()
        assert model.training is not None
        return model.training

    return load


@pytest.fixture
def refused(faults: Callable[..., list[str]], scripts: Path) -> Refused:
    """The faults of the good file with more in its section."""

    def find(more: str) -> list[str]:
        capture = "data_capture: { percent: 0 }\n"
        return faults((capture, capture + SECTION + more))

    return find


@pytest.mark.parametrize(
    ("more", "told"),
    [
        ("      spot: { wait: 10m }\n", "wait is 10m, must be at least timeout (1h), at most 30d"),
        ("      warm_pool: 2h\n", "warm_pool is 2h, must be at least 60s and at most 60m"),
        (
            "      warm_pool: 10m\n      spot: { wait: 2h }\n",
            "warm_pool keeps an instance on demand for the next job, which spot has no use for",
        ),
        ("      metrics: { loss: 'loss=(' }\n", "is 'loss=(', which is no regular expression"),
        ("      metrics: { loss: 'loss' }\n", "needs a group in parentheses around the value"),
        ("      channels: { train: text/csv }\n", "channels belongs to algorithm"),
        (TUNE.replace(", goal: Minimize", ""), "goal is missing beside loss: Maximize or Minimize"),
        (TUNE.replace("objective: loss", "objective: lost"), "did you mean loss?"),
        (TUNE.replace("most: 8", "most: 2"), "least must be below most"),
        (
            TUNE.replace("least: 2", "least: 0, scale: Logarithmic"),
            "depth begins at 0, and scale Logarithmic needs more than 0",
        ),
        (TUNE + "      hyperparameters: { depth: 3 }\n", "depth is tuned and has a value too"),
        (
            "      most_usd: 1\n      instance_type: ml.c5.large\n",
            "what ml.c5.large costs in eu-west-1 is not known",
        ),
        ("      most_usd: 0.001\n", "leaves each of 3 jobs less than a minute in eu-west-1"),
    ],
)
def test_what_cannot_be_is_a_fault(refused: Refused, more: str, told: str):
    """With the value, what is allowed, and what to do."""
    assert any(told in fault for fault in refused(more)), refused(more)


def test_a_ceiling_of_costs_is_shared_by_all_jobs(read: Read):
    """Three jobs for ten cents at $0.128 an hour: 15 minutes and a half each."""
    training = read("      most_usd: 0.1\n")
    seconds = ceiling_seconds(0.1, 3, 0.128)
    assert limit_seconds(training, "eu-west-1") == seconds == 937
    cost = training_cost("fraud", training, region="eu-west-1")
    assert cost.usd_at_most is not None
    assert 0.099 < cost.usd_at_most <= 0.1


def test_a_high_ceiling_leaves_the_timeout(read: Read):
    """Jobs end after their hour at the latest."""
    assert limit_seconds(read("      most_usd: 100\n"), "eu-west-1") == 3600


def test_a_tuned_run_costs_every_job_and_says_so(read: Read):
    """Ten tries, process and evaluate."""
    cost = training_cost("fraud", read(TUNE), region="eu-west-1")
    assert cost.jobs == 12
    assert "tuning trains 10 times" in cost.said
    spot = training_cost("fraud", read("      spot: { wait: 2h }\n"), region="eu-west-1")
    assert "spot capacity costs less" in spot.said


def test_whole_ends_mean_an_integer_unless_the_kind_is_given(read: Read):
    """Of a script nobody knows better."""
    (whole,) = read(TUNE).tuning.ranges  # type: ignore[union-attr]
    assert (whole.kind, whole.least, whole.most) == ("Integer", "2", "8")
    given = TUNE.replace("most: 8", "most: 8, kind: continuous")
    (number,) = read(given).tuning.ranges  # type: ignore[union-attr]
    assert (number.kind, number.most) == ("Continuous", "8.0")


def test_hyperparameters_may_be_numbers_and_truths(read: Read):
    """They become texts, as jobs take them."""
    found = read("      hyperparameters: { trees: 10, rate: 0.5, deep: true, name: a }\n")
    assert found.hyperparameters == {"trees": "10", "rate": "0.5", "deep": "true", "name": "a"}
