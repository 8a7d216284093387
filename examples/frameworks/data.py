"""The flights as numbers: what every framework here learns from, and what it is asked about.

The same ten numbers and one question, will the flight land late?, so that the examples differ in
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

DELAY = "departure_delay_minutes"
FEATURES = (*CLOCK_FEATURES, *NUMBER_FEATURES, DELAY)
_DAY, _HALF_DAY = 1_440, 720
TRAIN_FILE = "train.csv"


def row(flight: Flight) -> list[float]:
    """The numbers of a flight, in the order of FEATURES."""
    known = [float(flight.features[name]) for name in (*CLOCK_FEATURES, *NUMBER_FEATURES)]
    return [*known, departure_delay(int(flight.features["sched_dep"]), int(flight.features["dep"]))]


def departure_delay(scheduled: int, left: int) -> float:
    """Minutes between two clocks, written as hours and minutes (1530), over midnight if need be."""
    late = _minutes(left) - _minutes(scheduled)
    return float((late + _HALF_DAY) % _DAY - _HALF_DAY)


def _minutes(clock: int) -> int:
    return clock // 100 * 60 + clock % 100


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
