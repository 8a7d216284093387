"""Prints the training data as rows, for whoever wants its baseline: a JSON object a line.

`python -m examples.flights.rows > build/flights/training.jsonl`; `--winter`: those up to April.
"""

import argparse
import json
from collections.abc import Sequence

from examples.flights.dataset import WINTER, training_flights


def main(arguments: Sequence[str] | None = None) -> None:
    """What a caller would have sent of each training flight is on standard output."""
    options = argparse.ArgumentParser(prog="python -m examples.flights.rows")
    options.add_argument("--winter", action="store_true", help="flights of January to April only")
    given = options.parse_args(arguments)
    for flight in training_flights():
        if not given.winter or flight.month in WINTER:
            print(json.dumps(dict(flight.features), separators=(",", ":")))


if __name__ == "__main__":
    main()
