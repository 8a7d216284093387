"""Trains versions of the model and writes their artifacts, in seconds each.

`python -m examples.flights.train --version v2 --output build/flights/v2`. The same machine and the
same locked packages give the same bytes; another processor may round differently in the last
place, and then the artifact's digest differs too.
"""

import argparse
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Protocol

from examples.flights import artifact
from examples.flights.dataset import Flight, training_flights
from examples.flights.training import Trained
from examples.flights.versions.v1 import recipe as v1
from examples.flights.versions.v2 import recipe as v2
from examples.flights.versions.v3 import recipe as v3
from examples.flights.versions.v4 import recipe as v4


class Recipe(Protocol):
    """What a version's `recipe.py` must offer."""

    SERVED: dict[str, str]

    def train(self, flights: Sequence[Flight]) -> Trained:
        """The model and its own offline figures."""


RECIPES: Mapping[str, Recipe] = {"v1": v1, "v2": v2, "v3": v3, "v4": v4}
VERSIONS = tuple(RECIPES)
ALL = "all"


def build(version: str, folder: Path) -> Trained:
    """The version is trained and its artifact lies in the folder."""
    recipe = RECIPES[version]
    trained = recipe.train(training_flights())
    artifact.write_artifact(folder, version=version, trained=trained, served=recipe.SERVED)
    return trained


def main(arguments: Sequence[str] | None = None) -> None:
    """The artifacts asked for are written; prints what each version's own evaluation says."""
    options = parser().parse_args(arguments)
    for version in VERSIONS if options.version == ALL else (options.version,):
        folder = options.output / version if options.version == ALL else options.output
        trained = build(version, folder)
        print(
            f"{version}: {folder}, wrong on {trained.offline_wrong_share:.1%} "
            f"of the {trained.offline_rows} rows of its own evaluation"
        )
        if options.pack:
            packed = folder.with_name(f"{folder.name}.tar.gz")
            packed.write_bytes(artifact.pack(folder))
            print(f"{version}: {packed}")


def parser() -> argparse.ArgumentParser:
    """The command line's options."""
    options = argparse.ArgumentParser(prog="python -m examples.flights.train")
    options.add_argument("--version", choices=(*VERSIONS, ALL), required=True)
    options.add_argument(
        "--output", type=Path, required=True, help="the artifact's folder; one a version with 'all'"
    )
    options.add_argument(
        "--pack", action="store_true", help="also write <output>.tar.gz, as SageMaker takes it"
    )
    return options


if __name__ == "__main__":
    main()
