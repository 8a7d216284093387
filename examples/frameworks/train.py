"""Trains the example of a framework and lays its artifact out as the container takes it.

`python -m examples.frameworks.train --framework xgboost --output build/trained` writes
build/trained/xgboost; `features` is the first container of the pipeline. The training script runs
as in SageMaker's training container: in a process of its own, with SM_CHANNEL_TRAIN and
SM_MODEL_DIR, on the Python that `make frameworks` made for the framework.

`--airport EWR` trains scikit-learn's example on the flights from there alone, into
build/trained/ewr: one of the models of airports.yaml, whose program lies beside them.
"""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from examples.flights.dataset import Flight, training_flights
from examples.frameworks.data import write_channel

HERE = Path(__file__).parent
ENVIRONMENTS = HERE.parents[1] / "build" / "frameworks"


@dataclass(frozen=True, kw_only=True)
class Example:
    """The folder of an example, and the environment that it is trained in (None: this one)."""

    folder: Path
    environment: str | None
    requirements: tuple[str, ...] = ()
    """What its code needs beside what the container has."""

    @property
    def python(self) -> Path:
        """The interpreter that trains it; it may not be there."""
        if self.environment is None:
            return Path(sys.executable)
        return ENVIRONMENTS / self.environment / "bin" / "python"


EXAMPLES: Mapping[str, Example] = {
    "features": Example(folder=HERE / "features", environment=None),
    "scikit-learn": Example(folder=HERE / "sklearn", environment=None),
    "xgboost": Example(folder=HERE / "xgboost", environment="xgboost"),
    "onnx": Example(
        folder=HERE / "onnx", environment="onnx", requirements=("onnxruntime>=1.20,<2",)
    ),
    "tensorflow": Example(folder=HERE / "tensorflow", environment="tensorflow"),
    "pytorch": Example(folder=HERE / "pytorch", environment="pytorch"),
}


AIRPORTS = ("EWR", "JFK", "LGA")
"""Where the flights of the data set start: the three airports of New York."""


class NoEnvironmentError(Exception):
    """The framework is not installed here; the text says how it gets there."""


def build(framework: str, folder: Path) -> str:
    """The folder is the artifact of the example, made anew; returns what the training printed."""
    example = EXAMPLES[framework]
    if not example.python.is_file():
        raise NoEnvironmentError(
            f"{framework} is trained with {example.python}, which is not there: run "
            f"'make frameworks FRAMEWORKS={framework}'"
        )
    said = _trained(example, folder, training_flights())
    lay_code(example, folder)
    return said


def build_airport(airport: str, folder: Path) -> str:
    """The folder has the model of the flights from one airport, and no code."""
    flights = [each for each in training_flights() if each.features["origin"] == airport]
    return _trained(EXAMPLES["scikit-learn"], folder, flights)


def _trained(example: Example, folder: Path, flights: Sequence[Flight]) -> str:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    with tempfile.TemporaryDirectory() as scratch:
        channel = write_channel(Path(scratch) / "train", flights).parent
        done = subprocess.run(
            [str(example.python), str(example.folder / "train.py")],
            env={
                "PATH": os.defpath,
                "HOME": scratch,
                "SM_MODEL_DIR": str(folder.resolve()),
                "SM_CHANNEL_TRAIN": str(channel),
                "TF_CPP_MIN_LOG_LEVEL": "2",
            },
            capture_output=True,
            text=True,
            check=False,
        )
    if done.returncode != 0:
        said = done.stderr.strip()[-2_000:]
        raise SystemExit(f"training of {example.folder.name} failed: {said}")
    return done.stdout.strip()


def lay_code(example: Example, folder: Path) -> None:
    """The artifact has the code that serves it, and what that code needs."""
    (folder / "code").mkdir()
    shutil.copyfile(example.folder / "inference.py", folder / "code" / "inference.py")
    if example.requirements:
        text = "".join(f"{line}\n" for line in example.requirements)
        (folder / "code" / "requirements.txt").write_text(text, encoding="utf-8")


def main(arguments: Sequence[str] | None = None) -> None:
    """The artifacts asked for are written."""
    options = argparse.ArgumentParser(prog="python -m examples.frameworks.train")
    options.add_argument("--framework", choices=sorted(EXAMPLES), action="append", default=[])
    options.add_argument("--airport", choices=AIRPORTS, action="append", default=[])
    options.add_argument("--output", type=Path, required=True, help="gets a folder a model")
    given = options.parse_args(arguments)
    if not given.framework and not given.airport:
        options.error("name what to train by --framework or --airport")
    for airport in given.airport:
        folder = given.output / airport.lower()
        print(f"{folder}: {build_airport(airport, folder)}")
    for framework in given.framework:
        try:
            folder = given.output / EXAMPLES[framework].folder.name
            said = build(framework, folder)
        except NoEnvironmentError as error:
            raise SystemExit(str(error)) from error
        print(f"{folder}: {said}")


if __name__ == "__main__":
    main()
