"""Measures answers of a random cut forest: whether broken records score higher than sound ones.

`--model` and `--live` hold the answers of the two versions, a JSON object a line.
"""

import argparse
import json
from pathlib import Path


def main() -> None:
    """evaluation.json is in the output folder."""
    options = argparse.ArgumentParser()
    for name in ("model", "live", "test", "output"):
        options.add_argument(f"--{name}", type=Path)
    given = options.parse_args()
    truths = json.loads((given.test / "truths.json").read_text())
    folders = (
        {"value": given.model} if given.live is None else {"value": given.model, "live": given.live}
    )
    found = {which: caught(truths, scores_of(folder)) for which, folder in folders.items()}
    report = {"rows": len(truths), "metrics": {"caught_share": found}}
    (given.output / "evaluation.json").write_text(json.dumps(report, indent=1))


def scores_of(folder: Path) -> list[float]:
    """The scores that a transform job wrote."""
    (file,) = folder.rglob("*.out")
    return [json.loads(line)["score"] for line in file.read_text().splitlines() if line.strip()]


def caught(truths: list[int], scores: list[float]) -> float:
    """Of the broken records, the share that is among as many with the highest scores."""
    broken = sum(truths)
    ranked = sorted(zip(scores, truths, strict=True), reverse=True)
    return sum(truth for _, truth in ranked[:broken]) / broken


if __name__ == "__main__":
    main()
