"""A model's own code asked directly: the measure of what a path to the model adds.

It runs in a process of its own, prepared as a container is: modules loaded, the model and the
chunks in memory, the collector frozen, one thread. No HTTP, no S3, no cloud.
"""

import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from emulator.sagemaker.transform import splitting

PAYLOAD_MB = 6
ROOT = Path(__file__).resolve().parent.parent
_ONE_THREAD = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
_PROGRAM = """
import gc, sys, time
sys.path[:0] = {path!r}
{prepare}
gc.collect()
gc.freeze()
started, worked = time.perf_counter(), time.process_time()
answered = sum(ask(chunk) for chunk in chunks)
print(time.perf_counter() - started, time.process_time() - worked, answered)
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class Direct:
    """Seconds on the wall and of the processor, and what `ask` summed up to."""

    seconds: float
    processor_seconds: float
    answered: int


def payloads(path: Path) -> Iterator[bytes]:
    """The mini-batches that a transform job sends of a file."""
    return splitting.full_batches([path.read_bytes()], PAYLOAD_MB * 1024 * 1024)


def ask_directly(prepare: str, *, path: Sequence[Path]) -> Direct:
    """The code of `prepare` defines `chunks` and `ask(chunk) -> int`; all chunks are asked about.

    Modules are found in `path`, and then in this project.
    """
    program = _PROGRAM.format(path=[str(ROOT), *map(str, path)], prepare=prepare)
    done = subprocess.run(
        [sys.executable, "-c", program],
        env={**os.environ, **_ONE_THREAD},
        check=True,
        capture_output=True,
        text=True,
    )
    seconds, processor, answered = done.stdout.split()
    return Direct(
        seconds=float(seconds), processor_seconds=float(processor), answered=int(answered)
    )
