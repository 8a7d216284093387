"""Lays out the code and the data of the training pipeline.

`code/` is what `training.code` of a project file names; `data/` is what `tidegate train run --data`
uploads. The same inputs give the same bytes.
"""

import argparse
import json
import shutil
from collections.abc import Sequence
from pathlib import Path

from examples.flights.dataset import training_flights

HERE = Path(__file__).parent
FLIGHTS = HERE.parent
SCRIPTS = ("process.py", "train.py", "evaluate.py")
SERVED = {
    "serving/inference.py": FLIGHTS / "serving" / "inference.py",
    "serving/features.py": FLIGHTS / "versions" / "v2" / "features.py",
    "ask.py": FLIGHTS / "serving" / "ask.py",
}


def lay_out(folder: Path) -> None:
    """The folder has `code/` and `data/`, made anew."""
    code, data = folder / "code", folder / "data"
    for made in (code, data):
        shutil.rmtree(made, ignore_errors=True)
        made.mkdir(parents=True)
    (code / "serving").mkdir()
    for name in SCRIPTS:
        shutil.copyfile(HERE / name, code / name)
    for name, source in SERVED.items():
        shutil.copyfile(source, code / name)
    with (data / "flights.jsonl").open("w", encoding="utf-8") as file:
        for flight in training_flights():
            row = {
                "features": flight.features,
                "label": flight.label,
                "air_minutes": flight.air_minutes,
            }
            file.write(json.dumps(row, sort_keys=True) + "\n")


def main(arguments: Sequence[str] | None = None) -> None:
    """The folder asked for is written."""
    options = argparse.ArgumentParser(prog="python -m examples.flights.retraining")
    options.add_argument("--output", type=Path, required=True, help="gets code/ and data/")
    given = options.parse_args(arguments)
    lay_out(given.output)
    print(f"{given.output / 'code'}\n{given.output / 'data'}")


if __name__ == "__main__":
    main()
