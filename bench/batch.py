"""A million rows through the product's batch path, beside the model asked directly.

The example's model `late` (boosted trees on real flights) is deployed as a user deploys it, and a
history is transformed by `tidegate batch`'s machine: validation, transform job, join check, report.
The same artifact's code is then given the same chunks in a process of its own, prepared as a
container is, without a cloud. Rows per second of the whole run count, not of the job alone. Both
take turns, and the median of the rounds counts: other work on the machine hits both alike. Their
processor time says what a busy machine hides.

Memory beside the model is that of the Lambda processes, their peak, and of the server above what it
holds afterwards (stored objects are its own memory: S3 is a part of it).

    python -m bench.batch [--rows N] [--files N] [--limit-percent 20] [--limit-mb 300]

Exits 1 beyond a limit. Linux only: memory is read from /proc.
"""

import argparse
import json
import sys
import tempfile
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Any

import psutil

from bench.direct import PAYLOAD_MB, ROOT, Direct, ask_directly
from cli.batches import Batch, new_run, the_batch
from cli.deployment import deploy_stacks
from cli.options import Place
from cli.project import read_project
from cli.target import embedded_target
from emulator.server import EmbeddedCloud
from emulator.settings import Settings
from examples.offline.records import write_history
from examples.offline.train import build

VERSION = "v2"
DIRECT = """
import inference
from pathlib import Path
from bench.direct import payloads
model = inference.model_fn({artifact!r})
chunks = [chunk for path in sorted(Path({data!r}).iterdir()) for chunk in payloads(path)]
def ask(chunk):
    return inference.transform_fn(model, chunk, "text/csv", "text/csv")[0].count("\\n")
"""
_MEBIBYTE = 1 << 20
_LOOK_SECONDS = 0.05
_SHOWN_SECONDS = 0.1


def main() -> int:
    """Measure and print; 1 when a limit is exceeded."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rows", type=int, default=1_000_000, help="rows (default 1,000,000)")
    parser.add_argument("--files", type=int, default=8, help="objects (default 8)")
    parser.add_argument("--rounds", type=int, default=5, help="repetitions (default 5)")
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
    processor_seconds: float
    """Of the server, the model, and the Lambda processes."""
    job_seconds: float
    rows: int
    lambdas_mb: float
    server_mb: float
    states: dict[str, float]
    """Seconds that the machine was in each of its states, by Step Functions' history."""


def run(cloud: EmbeddedCloud, batch: Batch) -> Measured:
    """One run from the start of its execution to its end, both as Step Functions tells them."""
    Path(f"/proc/{cloud.pid}/clear_refs").write_text("5", encoding="ascii")
    before = _processor(cloud.pid)
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
        processor_seconds=_processor(cloud.pid) - before,
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


def _processor(pid: int) -> float:
    """Seconds of the processor of a process and all its descendants, those that ended included."""
    server = psutil.Process(pid)
    return sum(sum(one.cpu_times()[:4]) for one in (server, *server.children(recursive=True)))


def _memory(pid: int, member: str) -> float:
    for line in Path(f"/proc/{pid}/status").read_text("ascii").splitlines():
        if line.startswith(member):
            return int(line.split()[1]) / 1024
    raise RuntimeError(f"/proc has no {member}")


def direct(folder: Path, rows: int) -> Direct:
    """The model's own code, asked about all chunks."""
    artifact = folder / "late" / VERSION
    prepare = DIRECT.format(artifact=str(artifact), data=str(folder / "data"))
    found = ask_directly(prepare, path=[artifact / "code"])
    if found.answered != rows:
        raise RuntimeError(f"the model answered {found.answered} of {rows} rows")
    return found


def report(options: Any, rounds: list[tuple[Measured, Direct]]) -> int:
    """Print the figures; the exit code."""
    slower = median(100 * (one.seconds / model.seconds - 1) for one, model in rounds)
    seconds, processor = _medians(one for one, _ in rounds)
    model_seconds, model_processor = _medians(model for _, model in rounds)
    memory = max(one.lambdas_mb + one.server_mb for one, _ in rounds)
    rows = options.rows
    print(
        f"{rows:,} rows in {options.files} objects, {PAYLOAD_MB} MB a request, medians of "
        f"{len(rounds)} rounds, each a run and the model alone"
    )
    _print_row("whole run", seconds, processor, rows)
    print("  of it           " + ", ".join(_states_said([one for one, _ in rounds])))
    print(f"  its job         {median(one.job_seconds for one, _ in rounds):7.1f} s")
    _print_row("model directly", model_seconds, model_processor, rows)
    each = ", ".join(f"{one.seconds:.1f}/{model.seconds:.1f}" for one, model in rounds)
    print(f"  each round, run and model: {each} s")
    print(
        f"  peak beside the model: {memory:.0f} MB, limit {options.limit_mb:g}: Lambda processes, "
        "and the server above what it holds"
    )
    within = slower <= options.limit_percent and memory <= options.limit_mb
    print(
        f"the run takes {slower:+.1f} % (median of the rounds), limit {options.limit_percent:g} %: "
        f"{'within' if within else 'EXCEEDED'}"
    )
    print(json.dumps({"slower_percent": round(slower, 1), "mb": round(memory)}))
    return 0 if within else 1


def _medians(found: Iterable[Measured | Direct]) -> tuple[float, float]:
    all_ = list(found)
    return median(one.seconds for one in all_), median(one.processor_seconds for one in all_)


def _print_row(name: str, seconds: float, processor: float, rows: int) -> None:
    print(
        f"  {name:14}  {seconds:7.1f} s  {rows / seconds:10,.0f} rows a second, "
        f"{processor:.1f} s of processor time"
    )


def _states_said(found: list[Measured]) -> Iterator[str]:
    for name in found[0].states:
        seconds = median(one.states.get(name, 0.0) for one in found)
        if seconds >= _SHOWN_SECONDS:
            yield f"{name} {seconds:.1f} s"


if __name__ == "__main__":
    sys.exit(main())
