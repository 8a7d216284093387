"""How long `python app.py` takes, for the example and for fleets, beside an empty CDK app.

Run `python bench/synth.py [--models 1 20 100] [--runs 5]`. Whole processes, CDK's validation off,
caches warm, each size in turn in every round: a busy machine slows all of them. Limits: issue 2.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from bench.fleet import write_fleet  # noqa: E402 - after the path

EXAMPLE_LIMIT_SECONDS = 1.5
RESOURCE_LIMIT_MILLISECONDS = 1.5
_EMPTY = "import aws_cdk; aws_cdk.App().synth()"


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One way of synthesizing, and how to start it."""

    name: str
    command: tuple[str, ...]
    context: dict[str, str]
    folder: Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Timing:
    """What one process took: wall, and processor time of it and its children."""

    wall: float
    processor: float


def time_once(run: Run) -> Timing:
    """Start the process once and wait for it."""
    environment = {
        **os.environ,
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "CDK_VALIDATION": "false",
        "CDK_OUTDIR": str(run.folder),
        "CDK_CONTEXT_JSON": json.dumps(run.context),
    }
    before, started = os.times(), time.perf_counter()
    # Its standard error stays visible: a fault of the project file is told there.
    subprocess.run(run.command, env=environment, cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
    wall, after = time.perf_counter() - started, os.times()
    used = after.children_user + after.children_system
    return Timing(wall=wall, processor=used - before.children_user - before.children_system)


def resources_in(folder: Path) -> int:
    """How many resources the templates of an assembly have."""
    texts = (path.read_text() for path in folder.glob("*.template.json"))
    return sum(len(json.loads(text)["Resources"]) for text in texts)


def runs_for(folder: Path, models: Sequence[int]) -> list[Run]:
    """An empty app, the example, and a fleet of each size."""
    app = (sys.executable, "app.py")
    empty = Run(
        name="empty app",
        command=(sys.executable, "-c", _EMPTY),
        context={},
        folder=folder / "empty",
    )
    runs = [empty, Run(name="example", command=app, context={}, folder=folder / "example")]
    for count in models:
        place = folder / f"fleet-{count}"
        place.mkdir()
        file = write_fleet(place, models=count)
        context = {"tidegate:project-file": str(file)}
        runs.append(Run(name=f"{count} models", command=app, context=context, folder=place / "out"))
    return runs


def report(timings: dict[str, list[Timing]], folders: dict[str, Path]) -> int:
    """Print medians; 1 when a limit is passed."""
    print("median of", len(timings["empty app"]), "runs: wall s, processor s, resources")
    walls, counts = {}, {}
    for name, taken in timings.items():
        walls[name] = statistics.median(t.wall for t in taken)
        counts[name] = resources_in(folders[name])
        used = statistics.median(t.processor for t in taken)
        print(f"{name:>12}: {walls[name]:6.2f} {used:6.2f} {counts[name]:6d}")
    fleets = [name for name in walls if name.endswith("models")]
    small, large = fleets[0], fleets[-1]
    more = counts[large] - counts[small]
    each = 1000 * (walls[large] - walls[small]) / more if more else 0.0
    print(f"example {walls['example']:.2f} s, limit {EXAMPLE_LIMIT_SECONDS} s")
    print(f"each further resource {each:.2f} ms, limit {RESOURCE_LIMIT_MILLISECONDS} ms")
    passed = walls["example"] <= EXAMPLE_LIMIT_SECONDS and each <= RESOURCE_LIMIT_MILLISECONDS
    return 0 if passed else 1


def main() -> int:
    """Measure and report."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--models", type=int, nargs="+", default=[1, 20, 100])
    parser.add_argument("--runs", type=int, default=5)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        runs = runs_for(Path(folder), options.models)
        timings: dict[str, list[Timing]] = {run.name: [] for run in runs}
        for _ in range(options.runs):
            for run in runs:
                timings[run.name].append(time_once(run))
        return report(timings, {run.name: run.folder for run in runs})


if __name__ == "__main__":
    sys.exit(main())
