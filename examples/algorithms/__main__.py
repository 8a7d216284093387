"""Lays out code and data of the models that built-in algorithms train.

Each folder has `code/`, which `training.code` of its project file names, and `data/`, which
`tidegate train run --data` uploads: a folder for each channel, and `test/` with requests and
truths. The same inputs give the same bytes.
"""

import argparse
import json
import random
import shutil
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from examples.algorithms.rows import COLUMNS, csv_of, is_late, row_of
from examples.flights.dataset import Flight, held_out_flights, training_flights
from examples.flights.retraining.__main__ import write_data

HERE = Path(__file__).parent
SHARED = {"tuned": (HERE / "late" / "evaluate.py",)}
"""Scripts that a model has from another one."""
VALIDATION_EVERY = 5
SEED = 2013
BROKEN_EVERY = 20
"""One record of so many is broken in the test of the model that finds unusual ones."""
_GATE, _DISTANCE, _WIND = (COLUMNS.index(n) for n in ("gate_delay", "distance_miles", "wind_mph"))


def lay_out(folder: Path) -> None:
    """The folder has one for each project file, made anew."""
    shutil.rmtree(folder, ignore_errors=True)
    for name, write in _WRITERS.items():
        code, data = folder / name / "code", folder / name / "data"
        for made in (code, data):
            made.mkdir(parents=True)
        for script in (*sorted((HERE / name).glob("*.py")), *SHARED.get(name, ())):
            shutil.copyfile(script, code / script.name)
        write(data)


def _late(data: Path) -> None:
    """The label is the first column of training data, and no column of a request."""
    _labelled(data / "train", [f for n, f in enumerate(training_flights()) if n % VALIDATION_EVERY])
    validation = [f for n, f in enumerate(training_flights()) if n % VALIDATION_EVERY == 0]
    _labelled(data / "validation", validation)
    held = held_out_flights()
    _test(data, [row_of(flight) for flight in held], [is_late(flight) for flight in held])


def _groups(data: Path) -> None:
    _write(data / "train" / "flights.csv", csv_of(row_of(each) for each in training_flights()))
    _test(data, [row_of(flight) for flight in held_out_flights()], None)


def _unusual(data: Path) -> None:
    """Test records of which some are broken: units mistaken, clocks wrong, digits lost."""
    _write(data / "train" / "flights.csv", csv_of(row_of(each) for each in training_flights()))
    chance = random.Random(SEED)  # noqa: S311 - examples, not secrets
    rows, truths = [], []
    for number, flight in enumerate(held_out_flights()):
        broken = number % BROKEN_EVERY == 0
        rows.append(_broken(row_of(flight), chance) if broken else row_of(flight))
        truths.append(int(broken))
    _test(data, rows, truths)


def _broken(row: tuple[float, ...], chance: random.Random) -> tuple[float, ...]:
    wrong = list(row)
    wrong[_GATE] = chance.uniform(700, 1_300)
    wrong[_DISTANCE] = row[_DISTANCE] * chance.uniform(8, 12)
    wrong[_WIND] = chance.uniform(150, 400)
    return tuple(wrong)


def _tuned(data: Path) -> None:
    """As recorded: a process script makes channels of it."""
    write_data(data, training_flights())


def _labelled(folder: Path, flights: Sequence[Flight]) -> None:
    rows = ((float(is_late(flight)), *row_of(flight)) for flight in flights)
    _write(folder / "flights.csv", csv_of(rows))


def _test(data: Path, rows: Sequence[Sequence[float]], truths: Sequence[int] | None) -> None:
    _write(data / "test" / "requests" / "flights.csv", csv_of(rows))
    if truths is not None:
        _write(data / "test" / "truths.json", json.dumps(truths))


def _write(file: Path, text: str) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, encoding="utf-8")


_WRITERS: Mapping[str, Callable[[Path], None]] = {
    "late": _late,
    "groups": _groups,
    "unusual": _unusual,
    "tuned": _tuned,
}


def main(arguments: Sequence[str] | None = None) -> None:
    """The folder asked for is written."""
    options = argparse.ArgumentParser(prog="python -m examples.algorithms")
    options.add_argument("--output", type=Path, required=True, help="gets a folder for each model")
    given = options.parse_args(arguments)
    lay_out(given.output)
    for name in _WRITERS:
        print(given.output / name)


if __name__ == "__main__":
    main()
