"""Measures answers of k-means: how far flights are from the center of their group.

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
    answers = {"value": answers_of(given.model)}
    if given.live is not None:
        answers["live"] = answers_of(given.live)
    metrics = {
        "mean_distance": {which: distance(found) for which, found in answers.items()},
        "groups": {which: float(groups(found)) for which, found in answers.items()},
    }
    report = {"rows": len(answers["value"]), "metrics": metrics}
    (given.output / "evaluation.json").write_text(json.dumps(report, indent=1))


def answers_of(folder: Path) -> list[dict[str, float]]:
    """The answers that a transform job wrote."""
    (file,) = folder.rglob("*.out")
    return [json.loads(line) for line in file.read_text().splitlines() if line.strip()]


def distance(answers: list[dict[str, float]]) -> float:
    """The mean distance to the closest center."""
    return sum(each["distance_to_cluster"] for each in answers) / len(answers)


def groups(answers: list[dict[str, float]]) -> int:
    """How many groups have a flight."""
    return len({each["closest_cluster"] for each in answers})


if __name__ == "__main__":
    main()
