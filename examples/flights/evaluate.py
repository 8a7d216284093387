"""Measures what each version really does to held-out flights.

`python -m examples.flights.evaluate` prints the README's table, in a minute.
Every version is trained, packed as an artifact, and asked in a process of its own through the
container's four functions. No HTTP, no server: the latencies are the model's alone.
"""

import json
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from examples.flights.traffic import Row, held_out, is_wrong, payload
from examples.flights.train import VERSIONS, build

ASK = Path(__file__).parent / "serving" / "ask.py"
# Version 4 waits in every request: all rows would take ten minutes.
ROWS_OF_A_SLOW_VERSION = {"v4": 100}
COLUMNS = (
    *("version", "wrong by its own evaluation", "held-out rows", "no answer (500)"),
    *("wrong answer", "no or wrong", "p50 ms"),
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Answered:
    """What came back for one request: an answer and how long it took, or an error."""

    body: bytes | None
    seconds: float | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Figures:
    """Counts of one version over held-out rows, and the median latency of its answers."""

    rows: int
    errors: int
    wrong: int
    p50_seconds: float


def ask(folder: Path, rows: Sequence[Row]) -> list[Answered]:
    """What the artifact in the folder answers to each row, in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-I", str(ASK), str(folder)],
        input=b"".join(payload(row) + b"\n" for row in rows),
        stdout=subprocess.PIPE,
        check=True,
    )
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    return [
        Answered(
            body=line["answer"].encode() if "answer" in line else None, seconds=line.get("seconds")
        )
        for line in lines
    ]


def figures(answers: Sequence[Answered], rows: Sequence[Row]) -> Figures:
    """The counts and latencies of one version's answers."""
    seconds = [answer.seconds for answer in answers if answer.seconds is not None]
    return Figures(
        rows=len(rows),
        errors=sum(answer.body is None for answer in answers),
        wrong=sum(
            answer.body is not None and is_wrong(answer.body, row)
            for answer, row in zip(answers, rows, strict=True)
        ),
        p50_seconds=median(seconds),
    )


def line(version: str, offline_wrong_share: float, measured: Figures) -> str:
    """One row of the table."""
    cells = (
        version,
        f"{offline_wrong_share:.1%}",
        str(measured.rows),
        f"{measured.errors / measured.rows:.1%}",
        f"{measured.wrong / measured.rows:.1%}",
        f"{(measured.errors + measured.wrong) / measured.rows:.1%}",
        f"{measured.p50_seconds * 1000:.1f}",
    )
    return f"| {' | '.join(cells)} |"


def main() -> None:
    """The table of the README is on standard output."""
    rows = held_out()
    print(f"| {' | '.join(COLUMNS)} |")
    print(f"| {' | '.join('---' for _ in COLUMNS)} |")
    with tempfile.TemporaryDirectory() as scratch:
        for version in VERSIONS:
            folder = Path(scratch) / version
            trained = build(version, folder)
            asked = rows[: ROWS_OF_A_SLOW_VERSION.get(version, len(rows))]
            print(line(version, trained.offline_wrong_share, figures(ask(folder, asked), asked)))


if __name__ == "__main__":
    main()
