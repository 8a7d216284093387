"""Flights as rows of numbers, for algorithms that know nothing of flights; standard library."""

from collections.abc import Iterable, Sequence
from datetime import date

from examples.flights.dataset import LATE, NUMBER_FEATURES, Flight
from examples.flights.versions.v2.features import minutes_late, minutes_of_day

COLUMNS = ("gate_delay", "departs", "scheduled", "month", "weekday", *NUMBER_FEATURES)
"""What the columns of a row are."""


def row_of(flight: Flight) -> tuple[float, ...]:
    """The flight as numbers."""
    known = {name: int(flight.features[name]) for name in ("sched_dep", "dep", "sched_arr")}
    day = date.fromisoformat(str(flight.features["date"]))
    departs, arrives = minutes_of_day(known["sched_dep"]), minutes_of_day(known["sched_arr"])
    return (
        float(minutes_late(known["sched_dep"], known["dep"])),
        float(departs),
        float((arrives - departs) % (24 * 60)),
        float(day.month),
        float(day.weekday()),
        *(float(flight.features[name]) for name in NUMBER_FEATURES),
    )


def is_late(flight: Flight) -> int:
    """1 for a flight that landed late."""
    return int(flight.label == LATE)


def csv_of(rows: Iterable[Sequence[float]]) -> str:
    """The rows as CSV without a header, as built-in algorithms take it."""
    return "".join(",".join(f"{value:g}" for value in row) + "\n" for row in rows)
