"""Makes training, validation and test data of XGBoost from flights as they were recorded.

Every fifth day is the test's, the day after it the validation's: flights of one day share its
weather.
"""

import argparse
import json
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

NUMBERS = (
    *("distance_miles", "wind_mph", "visibility_miles", "precipitation_inches"),
    *("airport_delay_minutes", "carrier_delay_minutes"),
)
EVERY_DAYS = 5
DAY_MINUTES = 24 * 60


def main() -> None:
    """The folders have CSV files, and the test its requests and truths."""
    options = argparse.ArgumentParser()
    for name in ("data", "train", "validation", "test"):
        options.add_argument(f"--{name}", type=Path)
    given = options.parse_args()
    flights = [
        json.loads(line)
        for file in sorted(given.data.rglob("*.jsonl"))
        for line in file.read_text().splitlines()
    ]
    parts: dict[str, list[tuple[int, list[float]]]] = {"train": [], "validation": [], "test": []}
    for flight in flights:
        parts[part_of(flight)].append((int(flight["label"] == "late"), row_of(flight["features"])))
    for name in ("train", "validation"):
        rows = ([truth, *row] for truth, row in parts[name])
        (getattr(given, name) / "flights.csv").write_text(csv_of(rows))
    requests = given.test / "requests"
    requests.mkdir(parents=True, exist_ok=True)
    (requests / "flights.csv").write_text(csv_of(row for _, row in parts["test"]))
    (given.test / "truths.json").write_text(json.dumps([truth for truth, _ in parts["test"]]))


def part_of(flight: Mapping[str, Any]) -> str:
    """Which part a flight belongs to, by its day."""
    place = date.fromisoformat(flight["features"]["date"]).toordinal() // 3 % EVERY_DAYS
    return {0: "test", 1: "validation"}.get(place, "train")


def row_of(features: Mapping[str, Any]) -> list[float]:
    """A flight as numbers."""
    day = date.fromisoformat(features["date"])
    due, left = minutes(features["sched_dep"]), minutes(features["dep"])
    return [
        (left - due + 120) % DAY_MINUTES - 120,
        due,
        (minutes(features["sched_arr"]) - due) % DAY_MINUTES,
        day.month,
        day.weekday(),
        *(float(features[name]) for name in NUMBERS),
    ]


def minutes(clock: int) -> int:
    """Minutes since midnight of a time written hhmm."""
    return clock // 100 * 60 + clock % 100


def csv_of(rows: Any) -> str:
    """CSV without a header."""
    return "".join(",".join(f"{value:g}" for value in row) + "\n" for row in rows)


if __name__ == "__main__":
    main()
