"""Evaluation step: the new version and the live one answer the same flights, each by its own code.

Each artifact is asked in a process of its own through the container's four functions; an answer
that is missing counts as wrong.
"""

import argparse
import json
import shutil
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path
from typing import Any

ASK = Path(__file__).resolve().parent / "ask.py"

Row = dict[str, Any]


def wrong_share(artifact: Path, rows: list[Row]) -> float:
    """The share of flights that the artifact gets wrong, or does not answer."""
    with tempfile.TemporaryDirectory() as folder:
        with tarfile.open(artifact, mode="r:gz") as archive:
            # The role that this job runs under reads artifacts of its own project only.
            archive.extractall(folder)  # noqa: S202
        asked = "".join(json.dumps({"features": row["features"]}) + "\n" for row in rows)
        done = subprocess.run(
            [sys.executable, str(ASK), folder],
            input=asked.encode(),
            stdout=subprocess.PIPE,
            check=True,
        )
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    if len(answers) != len(rows):
        raise SystemExit(f"{len(rows)} flights were asked about, {len(answers)} answers came")
    wrong: int = sum(_label(each) != row["label"] for each, row in zip(answers, rows, strict=True))
    return wrong / len(rows)


def _label(answer: dict[str, Any]) -> str | None:
    if "answer" not in answer:
        return None
    return str(json.loads(answer["answer"])["predictions"][0]["label"])


def artifact_in(folder: Path) -> Path:
    """The one archive in a folder."""
    (found,) = folder.rglob("*.tar.gz")
    return found


def main() -> None:
    """evaluation.json has the share of wrong answers of both versions.

    Beside it is what requests looked like: the monitor compares with it, once the version is live.
    """
    options = argparse.ArgumentParser()
    for name in ("model", "live", "test", "output"):
        options.add_argument(f"--{name}", type=Path, required=True)
    given = options.parse_args()
    lines = (given.test / "flights.jsonl").read_text(encoding="utf-8").splitlines()
    rows = [json.loads(line) for line in lines]
    measured = {
        "value": wrong_share(artifact_in(given.model), rows),
        "live": wrong_share(artifact_in(given.live), rows),
    }
    report = {"rows": len(rows), "metrics": {"wrong_share": measured}}
    (given.output / "evaluation.json").write_text(json.dumps(report))
    shutil.copyfile(given.test / "baseline.jsonl", given.output / "baseline.jsonl")
    print(f"wrong_share={measured['value']:.4f}; live={measured['live']:.4f};")


if __name__ == "__main__":
    main()
