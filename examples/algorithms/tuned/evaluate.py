"""Measures answers of XGBoost: how well late flights are told from others, and how many are wrong.

`--model` and `--live` hold the answers of the two versions, a score a line in the order of the
requests; before there is a live version, only the first is given.
"""

import argparse
import json
from pathlib import Path

from sklearn.metrics import roc_auc_score

LATE_FROM = 0.5


def main() -> None:
    """evaluation.json is in the output folder."""
    options = argparse.ArgumentParser()
    for name in ("model", "live", "test", "output"):
        options.add_argument(f"--{name}", type=Path)
    given = options.parse_args()
    truths = json.loads((given.test / "truths.json").read_text())
    scores = {"value": scores_of(given.model)}
    if given.live is not None:
        scores["live"] = scores_of(given.live)
    metrics = {
        "auc": {which: float(roc_auc_score(truths, found)) for which, found in scores.items()},
        "wrong_share": {which: wrong(truths, found) for which, found in scores.items()},
    }
    report = {"rows": len(truths), "metrics": metrics}
    (given.output / "evaluation.json").write_text(json.dumps(report, indent=1))


def scores_of(folder: Path) -> list[float]:
    """The scores that a transform job wrote, blank lines left out."""
    (file,) = folder.rglob("*.out")
    return [float(line) for line in file.read_text().splitlines() if line.strip()]


def wrong(truths: list[int], scores: list[float]) -> float:
    """The share of flights whose answer is not what they turned out to be."""
    pairs = zip(truths, scores, strict=True)
    return sum(truth != (score >= LATE_FROM) for truth, score in pairs) / len(truths)


if __name__ == "__main__":
    main()
