"""Writes the embedded cloud's copy of the tables of built-in algorithms.

The embedded cloud knows nothing of the product, so it has a copy of its own: run `python -m
stacks.algorithm_tables` after a change of `stacks/algorithms`; a test checks that it was.
"""

import json
from pathlib import Path
from typing import Any

from stacks.project.algorithms import ALGORITHMS, algorithm_names

COPY_FILE = Path(__file__).parents[1] / "emulator" / "algorithms" / "hyperparameters.json"
_PARTS = ("channels", "metrics", "hyperparameters")
"""What containers check; requests and answers are theirs by what they do."""


def copied() -> dict[str, Any]:
    """Of each algorithm, the parts that its container checks."""
    found = {}
    for name in algorithm_names():
        raw = json.loads((ALGORITHMS / f"{name}.json").read_text(encoding="utf-8"))
        found[name] = {part: raw[part] for part in _PARTS}
    return found


if __name__ == "__main__":
    COPY_FILE.write_text(f"{json.dumps(copied(), indent=1)}\n", encoding="utf-8")
