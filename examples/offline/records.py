"""Flights as rows of CSV, and histories of any length.

A history is a sample, not data that was recorded: flights that no version has seen are drawn again
and again, with the wind and the board's delays of each draw a little different.
"""

import random
from collections.abc import Iterator, Mapping
from pathlib import Path

from examples.flights.dataset import Flight, Value, held_out_flights

COLUMNS = (
    *("date", "carrier", "origin", "dest", "sched_dep", "dep", "sched_arr"),
    *("distance_miles", "wind_mph", "visibility_miles", "precipitation_inches"),
    *("airport_delay_minutes", "carrier_delay_minutes"),
)
TEXTS = frozenset({"date", "carrier", "origin", "dest"})
SHAKEN = {"wind_mph": 2.0, "airport_delay_minutes": 3.0, "carrier_delay_minutes": 3.0}
"""Standard deviations of what is added to a figure at each draw."""

SEED = 20_130_101


def row_of(features: Mapping[str, Value]) -> str:
    """A flight as a row, without its end."""
    return ",".join(str(features[name]) for name in COLUMNS)


def history(count: int, *, seed: int = SEED) -> Iterator[str]:
    """So many rows: first the flights as they were, then draws of them. The same at every run."""
    flights = held_out_flights()
    draw = random.Random(seed)  # noqa: S311 - a sample that can be made again
    for number in range(count):
        if number < len(flights):
            yield row_of(flights[number].features)
        else:
            yield row_of(shaken(draw.choice(flights), draw))


def shaken(flight: Flight, draw: random.Random) -> Mapping[str, Value]:
    """The flight in slightly other weather, on a slightly other board."""
    changed: dict[str, Value] = {
        name: round(max(0.0, float(flight.features[name]) + draw.gauss(0, spread)), 2)
        for name, spread in SHAKEN.items()
    }
    return {**flight.features, **changed}


def write_history(folder: Path, count: int, *, files: int) -> list[Path]:
    """The history is in so many files of a folder, in order."""
    folder.mkdir(parents=True, exist_ok=True)
    rows, paths = history(count), []
    for number in range(files):
        path = folder / f"flights-{number:03d}.csv"
        share = count // files + (number < count % files)
        with path.open("w", encoding="utf-8") as file:
            file.writelines(f"{next(rows)}\n" for _ in range(share))
        paths.append(path)
    return paths
