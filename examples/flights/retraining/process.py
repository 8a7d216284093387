"""Processing step: flights become training and test data, whole days apart.

Flights of one day share weather and knock-on delays, so a day is in one of the two. A version
is measured on what it will be asked, which is what was asked lately: test days are among the last
three months. What requests looked like in these goes with the test data: the evaluation leaves it
for the monitor. Runs in SageMaker's scikit-learn container with nothing of this project beside it.
"""

import argparse
import json
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

Row = dict[str, Any]

RECENT_DAYS = 92
TEST_EVERY_DAYS = 5
NOT_WATCHED = ("tailnum", "date")
"""New in every request, or nearly so: no distribution says anything of them."""


def rows_in(folder: Path) -> Iterator[Row]:
    """Every flight of the JSON lines in a folder."""
    for file in sorted(folder.rglob("*.jsonl")):
        with file.open(encoding="utf-8") as lines:
            yield from (json.loads(line) for line in lines)


def day_of(row: Row) -> int:
    """The day of the flight, as a number that grows by one a day."""
    return date.fromisoformat(row["features"]["date"]).toordinal()


def watched(row: Row) -> Row:
    """What a request for the flight has that is watched."""
    return {name: one for name, one in row["features"].items() if name not in NOT_WATCHED}


def write(file: Path, rows: list[Row]) -> None:
    """The file has the rows, a JSON object a line."""
    file.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")


def main() -> None:
    """Both folders have their flights; none in either is an error."""
    options = argparse.ArgumentParser()
    for name in ("data", "train", "test"):
        options.add_argument(f"--{name}", type=Path, required=True)
    given = options.parse_args()
    rows = list(rows_in(given.data))
    last = max((day_of(row) for row in rows), default=0)
    recent = [row for row in rows if day_of(row) > last - RECENT_DAYS]
    test = [row for row in recent if day_of(row) % TEST_EVERY_DAYS == 0]
    tested = {day_of(row) for row in test}
    train = [row for row in rows if day_of(row) not in tested]
    if not train or not test:
        raise SystemExit(f"too little data in {given.data}: {len(train)} and {len(test)} rows")
    write(given.train / "flights.jsonl", train)
    write(given.test / "flights.jsonl", test)
    write(given.test / "baseline.jsonl", [{"record": watched(row)} for row in recent])
    print(f"rows: {len(train)} to train on, {len(test)} to test, {len(recent)} of late")


if __name__ == "__main__":
    main()
