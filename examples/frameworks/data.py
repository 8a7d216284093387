"""The flights as numbers: what every framework here learns from, and what it is asked about.

The same nine numbers and one question, will the flight land late?, so that the examples differ in
their framework alone.
"""

import csv
import json
from collections.abc import Iterable, Sequence
from pathlib import Path

from examples.flights.dataset import (
    CLOCK_FEATURES,
    LATE,
    NUMBER_FEATURES,
    Flight,
    held_out_flights,
    training_flights,
)

FEATURES = (*CLOCK_FEATURES, *NUMBER_FEATURES)
TRAIN_FILE = "train.csv"


def row(flight: Flight) -> list[float]:
    """The numbers of a flight, in the order of FEATURES."""
    return [float(flight.features[name]) for name in FEATURES]


def write_channel(folder: Path, flights: Iterable[Flight] | None = None) -> Path:
    """The channel has train.csv: late (0 or 1), then the numbers, without a header; returns it."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / TRAIN_FILE
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        for flight in training_flights() if flights is None else flights:
            writer.writerow([int(flight.label == LATE), *row(flight)])
    return path


def asked(count: int) -> tuple[bytes, tuple[bool, ...]]:
    """A request about so many flights that no model has seen, and which of them were late."""
    flights = held_out_flights()[:: max(1, len(held_out_flights()) // count)][:count]
    body = json.dumps({"instances": [row(flight) for flight in flights]})
    return body.encode(), tuple(flight.label == LATE for flight in flights)


def wrong_share(chances: Sequence[float], late: Sequence[bool]) -> float:
    """Share of flights on the wrong side of one half."""
    pairs = zip(chances, late, strict=True)
    return sum((chance >= 0.5) != was for chance, was in pairs) / len(late)
