"""Processing step: flights become training and test data, whole days apart.

Flights of one day share its weather and its knock-on delays, so a day is in one of the two. Runs in
SageMaker's scikit-learn container with nothing of this project beside it.
"""

import argparse
import json
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

TEST_EVERY_DAYS = 5


def rows_in(folder: Path) -> Iterator[dict[str, Any]]:
    """Every flight of the JSON lines in a folder."""
    for file in sorted(folder.rglob("*.jsonl")):
        with file.open(encoding="utf-8") as lines:
            yield from (json.loads(line) for line in lines)


def is_test(row: dict[str, Any]) -> bool:
    """Whether the flight is kept for the evaluation."""
    return date.fromisoformat(row["features"]["date"]).toordinal() % TEST_EVERY_DAYS == 0


def main() -> None:
    """Both folders have their flights; none in either is an error."""
    options = argparse.ArgumentParser()
    for name in ("data", "train", "test"):
        options.add_argument(f"--{name}", type=Path, required=True)
    given = options.parse_args()
    counts = {"train": 0, "test": 0}
    files = {name: getattr(given, name) / "flights.jsonl" for name in counts}
    with files["train"].open("w") as train, files["test"].open("w") as test:
        for row in rows_in(given.data):
            name, file = ("test", test) if is_test(row) else ("train", train)
            counts[name] += 1
            file.write(json.dumps(row) + "\n")
    if 0 in counts.values():
        raise SystemExit(f"too little data in {given.data}: {counts}")
    print(f"rows: {counts}")


if __name__ == "__main__":
    main()
