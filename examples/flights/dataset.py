"""Reads the vendored flights and says which of them no version may ever learn from.

Standard library only: training, evaluation and the demo's traffic all read the data here, so that
the split is made in one place. It knows no model.
"""

import csv
import io
import lzma
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path

DATA = Path(__file__).parent / "data"

LATE = "late"
ON_TIME = "on-time"
# The US Department of Transportation counts a flight as on time below 15 minutes (14 CFR 234.2).
LATE_FROM_MINUTES = 15
# Whole days are held out: flights of one day share its weather and its knock-on delays.
HELD_OUT_EVERY_DAYS = 3

# A real shift of the data: summer has other winds, thunderstorms, and a third of flights late.
WINTER, SUMMER = range(1, 5), range(6, 9)

TEXT_FEATURES = ("date", "carrier", "tailnum", "origin", "dest")
CLOCK_FEATURES = ("sched_dep", "dep", "sched_arr")
NUMBER_FEATURES = (
    *("distance_miles", "wind_mph", "visibility_miles", "precipitation_inches"),
    *("airport_delay_minutes", "carrier_delay_minutes"),
)

Value = str | int | float


@dataclass(frozen=True, kw_only=True, slots=True)
class Flight:
    """One flight: what is known as it leaves the gate, and what became known later.

    `features` is what a caller sends. The other figures exist only once the flight has landed,
    except `dep_delay_minutes`, which the airline's own system works out at departure.
    """

    features: Mapping[str, Value]
    dep_delay_minutes: int
    air_minutes: int
    arr_delay_minutes: int

    @property
    def label(self) -> str:
        """What the flight turned out to be: `late` or `on-time`."""
        return LATE if self.arr_delay_minutes >= LATE_FROM_MINUTES else ON_TIME

    @property
    def month(self) -> int:
        """The month of 2013 that it left in, 1 to 12."""
        return date.fromisoformat(str(self.features["date"])).month

    @property
    def held_out(self) -> bool:
        """Whether the flight is kept from every version's training."""
        day = date.fromisoformat(str(self.features["date"]))
        return day.toordinal() % HELD_OUT_EVERY_DAYS == 0


@dataclass(frozen=True, kw_only=True, slots=True)
class Aircraft:
    """One entry of the aircraft registry; the year built is unknown for some."""

    tailnum: str
    year_built: int | None
    seats: int


def flight_of(row: Mapping[str, str]) -> Flight:
    """One row of flights.csv with its numbers read."""
    text: dict[str, Value] = {name: row[name] for name in TEXT_FEATURES}
    clocks: dict[str, Value] = {name: int(row[name]) for name in CLOCK_FEATURES}
    numbers: dict[str, Value] = {name: float(row[name]) for name in NUMBER_FEATURES}
    return Flight(
        features=text | clocks | numbers,
        dep_delay_minutes=int(row["dep_delay_minutes"]),
        air_minutes=int(row["air_minutes"]),
        arr_delay_minutes=int(row["arr_delay_minutes"]),
    )


def rows_of(name: str) -> Iterator[dict[str, str]]:
    """The rows of one vendored file."""
    text = lzma.decompress((DATA / name).read_bytes()).decode()
    return iter(csv.DictReader(io.StringIO(text)))


@cache
def flights() -> tuple[Flight, ...]:
    """All vendored flights, in order of date."""
    return tuple(flight_of(row) for row in rows_of("flights.csv.xz"))


def training_flights() -> tuple[Flight, ...]:
    """The flights a version may learn from and measure itself on."""
    return tuple(flight for flight in flights() if not flight.held_out)


def held_out_flights() -> tuple[Flight, ...]:
    """The flights no version has seen."""
    return tuple(flight for flight in flights() if flight.held_out)


@cache
def aircraft() -> tuple[Aircraft, ...]:
    """The aircraft registry as it was published."""
    return tuple(
        Aircraft(
            tailnum=row["tailnum"],
            year_built=int(row["year_built"]) if row["year_built"] else None,
            seats=int(row["seats"]),
        )
        for row in rows_of("aircraft.csv.xz")
    )
