"""The demo many times with different seeds: how often does each version end as it should?

`python bench/demo_runs.py --runs 20` runs them one after another and prints each run's verdicts,
requests and seconds, and the totals. A `hold` of the good version counts as a miss.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path
from typing import Any

EXPECTED = {"v2": "promoted", "v3": "rolled-back", "v4": "rolled-back"}


def one_run(seed: int, folder: Path) -> dict[str, Any] | None:
    """The summary of one demo, None when it ended without one."""
    command = [sys.executable, "-m", "cli", "demo", "--seed", str(seed), "--output", str(folder)]
    subprocess.run(command, capture_output=True, check=False)
    summary = folder / "summary.json"
    if not summary.is_file():
        return None
    figures: dict[str, Any] = json.loads(summary.read_text(encoding="utf-8"))
    return figures


def main() -> int:
    """Run the demos; the exit code is 1 if one ended otherwise than it should."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=20)
    parser.add_argument("--first-seed", type=int, default=1)
    options = parser.parse_args()
    endings: Counter[tuple[str, str]] = Counter()
    with tempfile.TemporaryDirectory() as folder:
        for seed in range(options.first_seed, options.first_seed + options.runs):
            _tell(seed, one_run(seed, Path(folder) / str(seed)), endings)
    for (version, verdict), count in sorted(endings.items()):
        print(f"{version} {verdict}: {count} of {options.runs}")
    right = sum(endings[(version, verdict)] for version, verdict in EXPECTED.items())
    return 0 if right == options.runs * len(EXPECTED) else 1


def _tell(seed: int, figures: dict[str, Any] | None, endings: Counter[tuple[str, str]]) -> None:
    if figures is None:
        endings[("demo", "failed")] += 1
        print(f"seed {seed}: failed", flush=True)
        return
    parts = []
    for release in figures["releases"]:
        endings[(release["version"], release["verdict"])] += 1
        parts.append(
            f"{release['version']} {release['verdict']} after {release['candidate_requests']}"
        )
    print(
        f"seed {seed}: {', '.join(parts)}; {figures['requests']} requests, "
        f"{figures['unanswered_requests']} unanswered, {figures['wall_seconds']} s",
        flush=True,
    )


if __name__ == "__main__":
    sys.exit(main())
