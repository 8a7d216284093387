"""Prints the training data as rows, for whoever wants its baseline: a JSON object a line.

`python -m examples.flights.rows > build/flights/training.jsonl`
"""

import json

from examples.flights.dataset import training_flights


def main() -> None:
    """What a caller would have sent of each training flight is on standard output."""
    for flight in training_flights():
        print(json.dumps(dict(flight.features), separators=(",", ":")))


if __name__ == "__main__":
    main()
