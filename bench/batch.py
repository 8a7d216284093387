"""A million rows through the product's batch path, beside the model asked directly.

The example's model `late` (boosted trees on real flights) is deployed as a user deploys it, and a
history is transformed by `tidegate batch`'s machine: validation, transform job, join check, report.
The same artifact's code is then given the same chunks in a process of its own, prepared as a
container is, without a cloud. Rows per second of the whole run count, not of the job alone.

Memory beside the model is that of the Lambda processes, their peak, and of the server above what it
holds afterwards (stored objects are its own memory: S3 is a part of it).

    python -m bench.batch [--rows N] [--files N] [--limit-percent 20] [--limit-mb 300]

Exits 1 beyond a limit. Linux only: memory is read from /proc.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil

from cli.batches import Batch, new_run, the_batch
from cli.deployment import deploy_stacks
from cli.options import Place
from cli.project import read_project
from cli.target import embedded_target
from emulator.sagemaker.transform import splitting
from emulator.server import EmbeddedCloud
from emulator.settings import Settings
from examples.offline.records import write_history
from examples.offline.train import build

ROOT = Path(__file__).resolve().parent.parent
PAYLOAD_MB = 6
VERSION = "v2"
ONE_THREAD = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
DIRECT = """
import gc, sys, time
sys.path[:0] = [{root!r}, {artifact!r} + "/code"]
import inference
from pathlib import Path
from bench.batch import payloads
model = inference.model_fn({artifact!r})
chunks = [chunk for path in sorted(Path({data!r}).iterdir()) for chunk in payloads(path)]
gc.collect()
gc.freeze()
started = time.perf_counter()
rows = sum(inference.transform_fn(model, c, "text/csv", "text/csv")[0].count("\\n") for c in chunks)
print(time.perf_counter() - started, rows)
"""
_MEBIBYTE = 1 << 20
_LOOK_SECONDS = 0.05
_SHOWN_SECONDS = 0.1


def main() -> int:
    """Measure and print; 1 when a limit is exceeded."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rows", type=int, default=1_000_000, help="rows (default 1,000,000)")
    parser.add_argument("--files", type=int, default=8, help="objects (default 8)")
    parser.add_argument("--rounds", type=int, default=2, help="repetitions (default 2)")
    parser.add_argument("--limit-percent", type=float, default=20.0, help="allowed slowness")
    parser.add_argument("--limit-mb", type=float, default=300.0, help="allowed memory")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        build("late", VERSION, folder / "late" / VERSION)
        write_history(folder / "data", options.rows, files=options.files)
        settings = Settings(state_directory=folder / "cloud")
        with EmbeddedCloud.start(settings) as cloud:
            batch = deployed(cloud, folder)
            put(batch, folder / "data")
            rounds = [
                (run(cloud, batch), direct(folder, options.rows)) for _ in range(options.rounds)
            ]
    return report(options, rounds)


def payloads(path: Path) -> Iterator[bytes]:
    """The mini-batches that a job sends of a file."""
    return splitting.full_batches([path.read_bytes()], PAYLOAD_MB * 1024 * 1024)


def deployed(cloud: EmbeddedCloud, folder: Path) -> Batch:
    """The example's model on the cloud, as `tidegate deploy` deploys it."""
    text = (ROOT / "examples" / "offline" / "chain.yaml").read_text(encoding="utf-8")
    text = text.partition("  minutes:\n")[0].replace("../../build/late/v1", f"late/{VERSION}")
    text = text.replace("eu-west-1", cloud.region).replace("instances: 2", "instances: 1")
    file = folder / "tidegate.yaml"
    file.write_text(text, encoding="utf-8")
    place = Place(project=read_project(file), stage="dev", target=embedded_target(cloud))
    deploy_stacks(place, assembly=folder / "cdk.out")
    return the_batch(place, "late")


def put(batch: Batch, data: Path) -> None:
    """The history is in the batch's bucket."""
    for path in sorted(data.iterdir()):
        batch.s3.put_object(Bucket=batch.bucket, Key=f"input/{path.name}", Body=path.read_bytes())


@dataclass(slots=True, kw_only=True)
class Measured:
    """One run: its seconds, those of its job, and the peaks of memory beside the model, in MB."""

    seconds: float
    job_seconds: float
    rows: int
    lambdas_mb: float
    server_mb: float
    states: dict[str, float]
    """Seconds that the machine was in each of its states, by Step Functions' history."""


def run(cloud: EmbeddedCloud, batch: Batch) -> Measured:
    """One run from the start of its execution to its end, both as Step Functions tells them."""
    Path(f"/proc/{cloud.pid}/clear_refs").write_text("5", encoding="ascii")
    with watched(cloud.pid) as peaks:
        name = new_run(time.time())
        execution = batch.start({"run": name, "because": "a benchmark"})
        while not batch.is_over(execution):
            time.sleep(_LOOK_SECONDS)
    told = batch.machines.describe_execution(executionArn=execution)
    record = batch.known(name)
    if record.status.value != "done":
        raise RuntimeError(f"{name} is {record.status}: {record.why}")
    found = batch.document(f"runs/{name}/report.json")
    return Measured(
        seconds=(told["stopDate"] - told["startDate"]).total_seconds(),
        job_seconds=sum(job["seconds"] for job in found["jobs"]),
        rows=record.out,
        lambdas_mb=peaks.lambdas,
        server_mb=_memory(cloud.pid, "VmHWM") - _memory(cloud.pid, "VmRSS"),
        states=states_of(batch, execution),
    )


def states_of(batch: Batch, execution: str) -> dict[str, float]:
    """Seconds in each state."""
    pages = batch.machines.get_paginator("get_execution_history").paginate(executionArn=execution)
    events = [event for page in pages for event in page["events"]]
    entered = [event for event in events if "stateEnteredEventDetails" in event]
    found: dict[str, float] = {}
    ends = [*(event["timestamp"] for event in entered[1:]), events[-1]["timestamp"]]
    for event, end in zip(entered, ends, strict=True):
        name = event["stateEnteredEventDetails"]["name"]
        found[name] = found.get(name, 0.0) + (end - event["timestamp"]).total_seconds()
    return found


@dataclass(slots=True)
class Peaks:
    """The most that Lambda processes weighed together, in MB; proportional set size."""

    lambdas: float = 0.0
    over: threading.Event = field(default_factory=threading.Event)

    def look(self, pid: int) -> None:
        """Weigh them until it is over."""
        while not self.over.wait(_LOOK_SECONDS):
            self.lambdas = max(self.lambdas, _lambdas(pid))


@contextmanager
def watched(pid: int) -> Iterator[Peaks]:
    """The peaks while the block runs."""
    peaks = Peaks()
    thread = threading.Thread(target=peaks.look, args=(pid,))
    thread.start()
    try:
        yield peaks
    finally:
        peaks.over.set()
        thread.join()


def _lambdas(pid: int) -> float:
    total = 0.0
    for process in psutil.Process(pid).children(recursive=True):
        try:
            if "lambda_runtime" in " ".join(process.cmdline()):
                total += process.memory_full_info().pss / _MEBIBYTE
        except psutil.Error:
            continue
    return total


def _memory(pid: int, member: str) -> float:
    for line in Path(f"/proc/{pid}/status").read_text("ascii").splitlines():
        if line.startswith(member):
            return int(line.split()[1]) / 1024
    raise RuntimeError(f"/proc has no {member}")


def direct(folder: Path, rows: int) -> float:
    """Seconds of the model's own code for all chunks."""
    artifact = str(folder / "late" / VERSION)
    program = DIRECT.format(root=str(ROOT), artifact=artifact, data=str(folder / "data"))
    done = subprocess.run(
        [sys.executable, "-c", program],
        env={**os.environ, **ONE_THREAD},
        check=True,
        capture_output=True,
        text=True,
    )
    seconds, answered = done.stdout.split()
    if int(answered) != rows:
        raise RuntimeError(f"the model answered {answered} of {rows} rows")
    return float(seconds)


def report(options: Any, rounds: list[tuple[Measured, float]]) -> int:
    """Print the figures; the exit code."""
    best = min((measured for measured, _ in rounds), key=lambda measured: measured.seconds)
    directly = min(seconds for _, seconds in rounds)
    slower = 100 * (best.seconds / directly - 1)
    lambdas = max(measured.lambdas_mb for measured, _ in rounds)
    server = max(measured.server_mb for measured, _ in rounds)
    rows = options.rows
    print(f"{rows:,} rows in {options.files} objects, {PAYLOAD_MB} MB a request, best of each")
    print(f"  whole run       {best.seconds:7.1f} s  {rows / best.seconds:10,.0f} rows a second")
    slow = {name: seconds for name, seconds in best.states.items() if seconds >= _SHOWN_SECONDS}
    print("  of it           " + ", ".join(f"{n} {s:.1f} s" for n, s in slow.items()))
    print(f"  its job         {best.job_seconds:7.1f} s")
    print(f"  model directly  {directly:7.1f} s  {rows / directly:10,.0f} rows a second")
    print(f"  peak beside the model: Lambda processes {lambdas:.0f} MB, server above what it holds")
    print(f"  {server:.0f} MB; together {lambdas + server:.0f} MB, limit {options.limit_mb:g}")
    quick, small = slower <= options.limit_percent, lambdas + server <= options.limit_mb
    print(
        f"the run takes {slower:+.1f} %, limit {options.limit_percent:g} %: "
        f"{'within' if quick and small else 'EXCEEDED'}"
    )
    print(json.dumps({"slower_percent": round(slower, 1), "mb": round(lambdas + server)}))
    return 0 if quick and small else 1


if __name__ == "__main__":
    sys.exit(main())
