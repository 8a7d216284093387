"""What the embedded cloud knows of algorithms agrees with what the project files are checked by."""

import json

from emulator.algorithms.hyperparameters import TABLE_FILE, tables, values_of
from emulator.algorithms.registry import ALGORITHMS, metric_patterns
from stacks.algorithm_tables import COPY_FILE, copied
from stacks.project.algorithms import algorithm_images


def test_the_table_is_that_of_the_project_files():
    """Two copies, since the cloud knows no product: 'python -m stacks.algorithm_tables'."""
    assert COPY_FILE == TABLE_FILE
    assert json.loads(TABLE_FILE.read_text()) == copied()


def test_every_image_has_its_algorithm():
    """By its repository."""
    for name, versions in algorithm_images().items():
        for regions in versions.values():
            for uri in regions.values():
                repository = uri.rpartition("/")[2].partition(":")[0]
                assert ALGORITHMS[repository].name == name


def test_values_are_typed_and_defaults_filled_in():
    """Numbers are numbers, words words, lists lists, and what is absent None."""
    values = values_of("kmeans", {"k": "3", "feature_dim": "2", "eval_metrics": "msd,ssd"})
    assert (values["k"], values["epochs"], values["local_lloyd_tol"]) == (3, 1, 0.0001)
    assert (values["extra_center_factor"], values["eval_metrics"]) == ("auto", ["msd", "ssd"])
    assert values_of("xgboost", {"num_round": "1"})["eval_metric"] is None


def test_every_metric_has_an_expression_with_a_group():
    """By which CloudWatch and tuning find it."""
    for name, table in tables().items():
        for pattern in metric_patterns(name, table["metrics"]).values():
            assert pattern.count("(") >= 1
            assert len(pattern) <= 500
