"""Prints held-out flights with a version's score and the truth, for a monitor's evaluation.

`python -m examples.flights.scored --version v1 > build/flights/evaluation.jsonl`: a JSON object a
line. The version is asked in a process of its own, as `evaluate.py` does; what it does not answer
has no score and is left out.
"""

import argparse
import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from examples.flights.dataset import LATE
from examples.flights.evaluate import Answered, ask
from examples.flights.traffic import Row, held_out
from examples.flights.train import VERSIONS, build


def scored(answers: Sequence[Answered], rows: Sequence[Row]) -> Iterator[dict[str, Any]]:
    """Each answered flight: its features, the score, and whether it was late."""
    for answer, row in zip(answers, rows, strict=True):
        if answer.body is not None:
            (prediction,) = json.loads(answer.body)["predictions"]
            yield {**row.features, "score": prediction["score"], "late": row.label == LATE}


def main() -> None:
    """Every held-out flight that the version answers is on standard output."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--version", choices=VERSIONS, default="v1")
    asked = parser.parse_args()
    with TemporaryDirectory() as folder:
        build(asked.version, Path(folder))
        rows = held_out()
        for line in scored(ask(Path(folder), rows), rows):
            print(json.dumps(line, separators=(",", ":")))


if __name__ == "__main__":
    main()
