"""Lays out what the training pipeline needs, and the traffic whose shift makes it run.

`code/` is what `training.code` of a project file names; `data/` is what `tidegate train run --data`
uploads: flights up to August. `requests/` has flights that no version learns from, a body a line:
`winter.jsonl` is what the first version knows, `summer.jsonl` what it has never seen.
The same inputs give the same bytes.
"""

import argparse
import json
import shutil
from collections.abc import Iterable, Sequence
from pathlib import Path

from examples.flights.dataset import SUMMER, WINTER, Flight, held_out_flights, training_flights
from examples.flights.traffic import mixed, payload

HERE = Path(__file__).parent
FLIGHTS = HERE.parent
SCRIPTS = ("process.py", "train.py", "evaluate.py")
SERVED = {
    "serving/inference.py": FLIGHTS / "serving" / "inference.py",
    "serving/features.py": FLIGHTS / "versions" / "v2" / "features.py",
    "ask.py": FLIGHTS / "serving" / "ask.py",
}
LAST_MONTH = 8
"""Data is known until then: the shift, and nothing that comes after it."""


def lay_out(folder: Path) -> None:
    """The folder has `code/`, `data/` and `requests/`, made anew."""
    code, data, requests = folder / "code", folder / "data", folder / "requests"
    for made in (code, data, requests):
        shutil.rmtree(made, ignore_errors=True)
        made.mkdir(parents=True)
    write_code(code)
    known = (flight for flight in training_flights() if flight.month <= LAST_MONTH)
    write_data(data, known)
    for name, months in (("winter", WINTER), ("summer", SUMMER)):
        rows = mixed(flight for flight in held_out_flights() if flight.month in months)
        (requests / f"{name}.jsonl").write_bytes(b"".join(payload(row) + b"\n" for row in rows))


def write_code(folder: Path) -> None:
    """The scripts are in the folder, with what serves."""
    (folder / "serving").mkdir(parents=True)
    for name in SCRIPTS:
        shutil.copyfile(HERE / name, folder / name)
    for name, source in SERVED.items():
        shutil.copyfile(source, folder / name)


def write_data(folder: Path, flights: Iterable[Flight]) -> None:
    """The flights are in the folder, as the first step reads them."""
    with (folder / "flights.jsonl").open("w", encoding="utf-8") as file:
        for flight in flights:
            row = {
                "features": flight.features,
                "label": flight.label,
                "air_minutes": flight.air_minutes,
            }
            file.write(json.dumps(row, sort_keys=True) + "\n")


def main(arguments: Sequence[str] | None = None) -> None:
    """The folder asked for is written."""
    options = argparse.ArgumentParser(prog="python -m examples.flights.retraining")
    options.add_argument("--output", type=Path, required=True, help="gets code/, data/, requests/")
    given = options.parse_args(arguments)
    lay_out(given.output)
    for name in ("code", "data", "requests"):
        print(given.output / name)


if __name__ == "__main__":
    main()
