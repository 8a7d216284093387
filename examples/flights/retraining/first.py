"""Trains the version that is in service before the shift: the pipeline's own scripts, on winter.

`python -m examples.flights.retraining.first --output build/flights/winter`
"""

import argparse
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from examples.flights.dataset import WINTER, training_flights
from examples.flights.retraining.__main__ import write_code, write_data


def build(folder: Path) -> None:
    """The artifact of the version lies in the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as scratch:
        made = {name: Path(scratch) / name for name in ("code", "data", "train", "test")}
        for name in ("data", "train", "test"):
            made[name].mkdir()
        write_code(made["code"])
        write_data(made["data"], (each for each in training_flights() if each.month in WINTER))
        told = [word for name in ("data", "train", "test") for word in (f"--{name}", made[name])]
        _run(made["code"] / "process.py", *map(str, told))
        _run(
            made["code"] / "train.py",
            environment={"SM_CHANNEL_TRAIN": str(made["train"]), "SM_MODEL_DIR": str(folder)},
        )


def _run(script: Path, *arguments: str, environment: dict[str, str] | None = None) -> None:
    """The script has come to its end, as it does in a job's container."""
    subprocess.run(
        [sys.executable, str(script), *arguments],
        env={**os.environ, **({} if environment is None else environment)},
        stdout=subprocess.DEVNULL,
        check=True,
    )


def main(arguments: Sequence[str] | None = None) -> None:
    """The artifact asked for is written."""
    options = argparse.ArgumentParser(prog="python -m examples.flights.retraining.first")
    options.add_argument("--output", type=Path, required=True, help="the artifact's folder")
    given = options.parse_args(arguments)
    build(given.output)
    print(given.output)


if __name__ == "__main__":
    main()
