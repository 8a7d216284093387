"""The data of models that built-in algorithms train: laid out as channels, the same every time."""

import csv
import json
from pathlib import Path

import pytest

from examples.algorithms.__main__ import lay_out
from examples.algorithms.rows import COLUMNS, row_of
from examples.algorithms.tuned import process
from examples.flights.dataset import held_out_flights, training_flights


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Everything, laid out once."""
    made = tmp_path_factory.mktemp("algorithms") / "made"
    lay_out(made)
    return made


def rows(file: Path) -> list[list[str]]:
    """The rows of a CSV file."""
    with file.open(encoding="utf-8") as opened:
        return [*csv.reader(opened)]


def test_training_data_has_the_label_first_and_requests_have_none(folder: Path):
    """One column more than what is asked."""
    data = folder / "late" / "data"
    trained = rows(data / "train" / "flights.csv")
    asked = rows(data / "test" / "requests" / "flights.csv")
    assert {len(row) for row in trained} == {len(COLUMNS) + 1}
    assert {len(row) for row in asked} == {len(COLUMNS)}
    assert {row[0] for row in trained} == {"0", "1"}
    validated = rows(data / "validation" / "flights.csv")
    assert len(trained) + len(validated) == len(training_flights())


def test_every_request_has_its_truth(folder: Path):
    """In the same order; one record of twenty is broken."""
    for name in ("late", "unusual"):
        test = folder / name / "data" / "test"
        truths = json.loads((test / "truths.json").read_text())
        assert len(truths) == len(rows(test / "requests" / "flights.csv"))
    assert sum(truths) == len(range(0, len(held_out_flights()), 20))


def test_code_has_the_scripts_that_the_project_files_ask_for(folder: Path):
    """And nothing else."""
    found = {name: sorted(f.name for f in (folder / name / "code").iterdir()) for name in _NAMES}
    assert found == {name: ["evaluate.py"] for name in _NAMES} | {
        "tuned": ["evaluate.py", "process.py"]
    }


_NAMES = ("late", "groups", "unusual", "tuned")


def test_the_process_script_knows_the_same_columns():
    """It runs where the project is not, so it has them by itself."""
    for flight in training_flights()[:200]:
        assert tuple(process.row_of(flight.features)) == row_of(flight)
