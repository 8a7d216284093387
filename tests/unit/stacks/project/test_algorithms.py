"""The tables of built-in algorithms: they can be read, and agree with themselves."""

import json

import pytest

from stacks.project.algorithms import (
    ALGORITHMS,
    Algorithm,
    Hyperparameter,
    Interval,
    algorithm,
    algorithm_images,
    algorithm_names,
)

EVERY = [algorithm(name) for name in algorithm_names()]
KINDS = {"int", "float", "choice", "list", "text"}


def every_hyperparameter() -> list[tuple[Algorithm, Hyperparameter]]:
    """Of all algorithms."""
    return [(each, found) for each in EVERY for found in each.hyperparameters.values()]


def test_all_seventeen_are_there_and_have_images():
    """One file an algorithm, and an image of each."""
    assert len(EVERY) == 17
    assert {each.name for each in EVERY} == set(algorithm_images())


def test_each_names_its_source():
    """A page of the developer guide, of tuning too where metrics can be aimed at."""
    guide = "https://docs.aws.amazon.com/sagemaker/latest/dg/"
    assert all(each.source.startswith(guide) for each in EVERY)
    without = {each.name for each in EVERY if each.tuning_source is None}
    assert without == {each.name for each in EVERY if not each.metrics}


def test_a_default_is_a_value_that_is_taken():
    """Of every hyperparameter."""
    wrong = [
        found.fault(found.default)
        for _, found in every_hyperparameter()
        if found.default is not None and found.fault(found.default) is not None
    ]
    assert wrong == []


def test_what_is_recommended_for_tuning_is_taken():
    """Of every hyperparameter that is tuned."""
    wrong = []
    for each, found in every_hyperparameter():
        ends = found.tunable
        if isinstance(ends, Interval) and found.interval is not None:
            tried = [(ends.least, ends.with_least), (ends.most, ends.with_most)]
            outside = [end for end, taken in tried if taken and end not in found.interval]
        else:
            listed = () if ends is None or isinstance(ends, Interval) else ends
            outside = [value for value in listed if found.fault(value) is not None]
        wrong += [(each.name, found.name, outside)] if outside else []
    assert wrong == []


def test_each_hyperparameter_is_of_a_known_kind_with_its_range():
    """Numbers have a range, choices have values."""
    for each, found in every_hyperparameter():
        where = (each.name, found.name)
        assert found.kind in KINDS, where
        assert (found.interval is not None) == (found.kind in {"int", "float"}), where
        assert bool(found.values) == (found.kind in {"choice", "list"}), where


def test_each_has_a_channel_that_it_needs():
    """And is asked and answers by some content type."""
    for each in EVERY:
        assert any(channel.required for channel in each.channels.values()), each.name
        assert each.requests, each.name
        assert each.answers, each.name


def test_a_random_cut_forest_wants_its_data_spread():
    """Its train channel takes ShardedByS3Key only (developer guide)."""
    assert algorithm("randomcutforest").channels["train"].distribution == "ShardedByS3Key"


def test_files_have_no_unknown_keys():
    """A slip of the pen in a table is found."""
    known = {"title", "source", "tuning_source", "trains_on", "checkpoints", "channels", "requests"}
    known |= {"answers", "metrics", "hyperparameters"}
    parts = {"type", "range", "values", "words", "required", "default", "tunable"}
    for path in ALGORITHMS.glob("*.json"):
        raw = json.loads(path.read_text())
        assert set(raw) <= known, path.name
        assert {key for each in raw["hyperparameters"].values() for key in each} <= parts, path.name
        assert set(raw["metrics"].values()) <= {"Maximize", "Minimize"}, path.name


@pytest.mark.parametrize(
    ("text", "inside", "outside"),
    [
        ("[0, 1)", (0.0, 0.5), (-0.1, 1.0)),
        ("(0, 1]", (0.1, 1.0), (0.0, 1.1)),
        ("[1, )", (1.0, 1e9), (0.0,)),
        ("(, )", (-1e9, 1e9), ()),
    ],
)
def test_brackets_take_their_ends_in(text: str, inside: tuple[float, ...], outside: tuple[float]):
    """Parentheses do not, and nothing is no limit."""
    interval = Interval.of(text)
    assert all(value in interval for value in inside)
    assert not any(value in interval for value in outside)


@pytest.mark.parametrize(
    ("name", "value", "allowed"),
    [
        ("eta", "1.5", "a number in [0, 1]"),
        ("eta", "fast", "a number in [0, 1]"),
        ("num_round", "0", "an integer in [1, )"),
        ("num_round", "2.5", "an integer in [1, )"),
        ("booster", "forest", "gbtree, gblinear, dart"),
    ],
)
def test_a_fault_names_parameter_value_and_what_is_allowed(name: str, value: str, allowed: str):
    """So that it can be mended without a search."""
    found = algorithm("xgboost").hyperparameters[name]
    assert found.fault(value) == f"{name} is {value!r}, allowed: {allowed}"


def test_words_stand_for_numbers_and_lists_are_json_or_commas():
    """As the developer guide writes them."""
    learner, means = algorithm("linear-learner"), algorithm("kmeans")
    assert learner.hyperparameters["l1"].fault("auto") is None
    assert learner.hyperparameters["l1"].fault("automatic") is not None
    metrics = means.hyperparameters["eval_metrics"]
    assert [metrics.fault(text) for text in ('["msd"]', "msd,ssd")] == [None, None]
    assert metrics.fault('["mse"]') is not None
