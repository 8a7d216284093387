"""Evaluation step: the new version and the live one read the same letters."""

import argparse
import json
import tarfile
import tempfile
from collections import Counter
from pathlib import Path

import joblib
from manifests import Labelled, read  # type: ignore[import-not-found]


def wrong_share(folder: Path, rows: list[Labelled]) -> float:
    """The share of letters that the one archive in the folder gets wrong."""
    (artifact,) = folder.rglob("*.tar.gz")
    with tempfile.TemporaryDirectory() as scratch, tarfile.open(artifact, mode="r:gz") as archive:
        # The role that this job runs under reads artifacts of its own project only.
        archive.extractall(scratch)  # noqa: S202
        model = joblib.load(Path(scratch) / "model.joblib")
    found = model.predict([row.text for row in rows])
    wrong: int = sum(label != row.label for label, row in zip(found, rows, strict=True))
    return wrong / len(rows)


def main() -> None:
    """evaluation.json has the share of wrong answers, and that of always saying the same."""
    options = argparse.ArgumentParser()
    for name in ("model", "live", "test", "output"):
        options.add_argument(f"--{name}", type=Path, required=True)
    given = options.parse_args()
    rows = read(given.test / "letters.jsonl")
    most = max(Counter(row.label for row in rows).values())
    wrong = {
        "value": wrong_share(given.model, rows),
        "live": wrong_share(given.live, rows),
    }
    better = 1 - most / len(rows) - wrong["value"]
    report = {
        "rows": len(rows),
        "metrics": {"wrong_share": wrong, "better_than_majority": {"value": better}},
    }
    (given.output / "evaluation.json").write_text(json.dumps(report))
    print(f"wrong_share={wrong['value']:.4f}; live={wrong['live']:.4f};")


if __name__ == "__main__":
    main()
