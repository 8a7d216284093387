"""A model that a built-in algorithm makes: what its section becomes, and every fault at once."""

from collections.abc import Callable
from pathlib import Path

import pytest

from stacks.project.faults import ProjectFaultsError
from stacks.project.load import load_project
from stacks.project.packages import born
from stacks.project.spec import ProjectSpec
from stacks.project.training_options_shape import Goal
from tests.unit.stacks.project.test_training_section import PACKAGE

FILE = """\
project: shop
stages:
  dev:
    region: eu-west-1
models:
  delays:
    algorithm: xgboost
    algorithm_version: "3.2-0"
    hosting: { instance_type: ml.m5.large }
    training:
      code: scripts
      channels: { train: text/csv, validation: text/csv }
      hyperparameters: { objective: "binary:logistic", num_round: 20 }
      require:
        - { metric: auc, at_least: 0.7 }
"""
Load = Callable[..., ProjectSpec]


@pytest.fixture
def load(tmp_path: Path) -> Load:
    """The project of the file after replacing text in it."""
    (tmp_path / "scripts").mkdir()
    (tmp_path / "scripts" / "evaluate.py").write_text("")

    def read(*changes: tuple[str, str]) -> ProjectSpec:
        text = FILE
        for before, after in changes:
            assert before in text
            text = text.replace(before, after, 1)
        (tmp_path / "tidegate.yaml").write_text(text)
        return load_project(tmp_path / "tidegate.yaml")

    return read


@pytest.fixture
def faults(load: Load) -> Callable[..., str]:
    """What is wrong with the file after replacing text in it, as it is printed."""

    def read(*changes: tuple[str, str]) -> str:
        with pytest.raises(ProjectFaultsError) as raised:
            load(*changes)
        return str(raised.value)

    return read


def test_it_is_trained_before_it_is_hosted(load: Load):
    """Without an artifact the model waits for its first approved version."""
    project = load()
    assert (project.models, [*project.unborn], [*project.trained]) == ({}, ["delays"], ["delays"])
    assert project.releases


def test_an_approved_version_brings_it_into_being(load: Load):
    """From then on it is a model like any other."""
    project = born(load(), {"delays": PACKAGE}, region="eu-west-1")
    assert project.unborn == {}
    model = project.models["delays"]
    assert (model.label, model.awaited) == ("package-3", False)


def test_the_algorithm_has_images_for_itself_and_for_scripts(load: Load):
    """Its own trains and serves; scripts run in scikit-learn's."""
    model = load().unborn["delays"]
    assert model.images["eu-west-1"].endswith("/sagemaker-xgboost:3.2-0")
    assert model.training is not None
    algorithm = model.training.algorithm
    assert algorithm is not None
    assert "sagemaker-scikit-learn" in algorithm.script_images["eu-west-1"]
    assert [(one.name, one.content_type) for one in algorithm.channels] == [
        ("train", "text/csv"),
        ("validation", "text/csv"),
    ]
    assert (algorithm.request_type, algorithm.answer_type) == ("text/csv", "text/csv")


def test_hyperparameters_become_texts_and_scripts_are_left_out(load: Load):
    """Jobs take texts; without a process script the data has a folder a channel."""
    training = load().unborn["delays"].training
    assert training is not None
    assert training.hyperparameters == {"objective": "binary:logistic", "num_round": "20"}
    assert (training.scripts.process, training.scripts.train) == (None, None)


def test_every_fault_of_hyperparameters_comes_at_once(faults: Callable[..., str]):
    """With the value, what is allowed, the near name, and the page."""
    told = faults(("num_round: 20", "num_rounds: 20, eta: 2, max_depth: 3.5"))
    assert "xgboost has no hyperparameter num_rounds: did you mean num_round?" in told
    assert "eta is '2', allowed: a number in [0, 1]" in told
    assert "max_depth is '3.5', allowed: an integer in [0, )" in told
    assert "xgboost needs num_round, allowed: an integer in [1, )" in told
    assert told.count("xgboost_hyperparameters.html") == 4


def test_channels_and_content_types_are_those_of_the_algorithm(faults: Callable[..., str]):
    """A name, a type, and what may not be missing."""
    told = faults(("train: text/csv, validation: text/csv", "training: text/csv"))
    assert "xgboost has no channel training: did you mean train?" in told
    assert "xgboost needs channel train, got training" in told
    told = faults(("train: text/csv, ", "train: application/json, "))
    assert "channel train is 'application/json', allowed for xgboost: text/libsvm, text/csv" in told
    told = faults(("      require:", "      request_type: image/png\n      require:"))
    assert "request_type is 'image/png', allowed for xgboost: text/csv" in told


def test_exactly_one_container_is_named(faults: Callable[..., str]):
    """Framework, algorithm or image."""
    told = faults(("algorithm: xgboost", "framework: scikit-learn\n    algorithm: xgboost"))
    assert "image: give one of the three" in told
    told = faults(("algorithm: xgboost", "algorithm: xgbost"))
    assert "algorithm is 'xgbost': did you mean xgboost?" in told
    told = faults(('"3.2-0"', '"9"'))
    assert "algorithm_version is '9', allowed for xgboost: " in told


def test_an_algorithm_that_a_region_lacks_is_named(faults: Callable[..., str]):
    """Synth knows which registries there are."""
    told = faults(
        ("algorithm: xgboost", "algorithm: lda"), ('"3.2-0"', '"1"'), ("eu-west-1", "eu-north-1")
    )
    assert "lda 1 has no image in eu-north-1: choose another region" in told


def test_an_artifact_may_be_missing_only_where_one_will_be_made(faults: Callable[..., str]):
    """Not of a framework, and not where something needs a version from the beginning."""
    told = faults(
        ("algorithm: xgboost", "framework: scikit-learn"),
        ('algorithm_version: "3.2-0"', 'framework_version: "1.9-0"'),
    )
    assert "artifact is missing" in told
    told = faults(("    training:", "    monitoring: { baseline: b.json }\n    training:"))
    assert "artifact is missing, and monitoring needs a version from the beginning" in told


def test_gpu_algorithms_train_on_gpus(faults: Callable[..., str]):
    """The developer guide says which."""
    told = faults(("algorithm: xgboost", "algorithm: seq2seq"), ('"3.2-0"', '"1"'))
    assert "instance_type is ml.m5.large, and seq2seq trains on GPUs only" in told


TUNE = """\
      tune:
        objective: validation:auc
        ranges:
          eta: { least: 0.1, most: 0.5 }
          max_depth: { least: 2, most: 8 }
        most_jobs: 4
      require:"""


def test_tuning_knows_goal_and_kinds_by_the_table(load: Load):
    """Which way the metric is better, and which numbers are whole."""
    training = load(("      require:", TUNE)).unborn["delays"].training
    assert training is not None
    tuning = training.tuning
    assert tuning is not None
    assert (tuning.goal, tuning.most_jobs) == (Goal.MAXIMIZE, 4)
    assert [(one.name, one.kind, one.least, one.most) for one in tuning.ranges] == [
        ("eta", "Continuous", "0.1", "0.5"),
        ("max_depth", "Integer", "2", "8"),
    ]


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (("validation:auc", "validation:acu"), "did you mean validation:auc?"),
        (("{ least: 0.1, most: 0.5 }", "{ least: 0.1, most: 5 }"), "eta is '5.0', allowed: a numb"),
        (("eta: {", "nthread: {"), "nthread can't be tuned"),
        (("{ least: 0.1, most: 0.5 }", "{ values: ['0.1'] }"), "eta is a number: give least"),
        (("{ least: 0.1, most: 0.5 }", "{ least: 0.5, most: 0.1 }"), "least must be below most"),
        (("most_jobs: 4", "most_jobs: 1"), "parallel is 2, must be at most most_jobs"),
        (("most_jobs: 4", "strategy: Grid"), "strategy Grid takes lists of values only"),
        (("eta: {", "num_round: {"), "num_round is tuned and has a value here too"),
    ],
)
def test_faults_of_tuning(faults: Callable[..., str], change: tuple[str, str], told: str):
    """Each by its name, the value, and what is allowed."""
    assert told in faults(("      require:", TUNE), change)
