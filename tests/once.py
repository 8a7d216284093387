"""What is dear to make is made once a run, whichever worker of pytest-xdist needs it first."""

import fcntl
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import pytest

T = TypeVar("T")


def shared_folder(factory: pytest.TempPathFactory, worker: str) -> Path:
    """A folder that all workers of this run have; `worker` is the fixture `worker_id`."""
    own = factory.getbasetemp()
    return own if worker == "master" else own.parent


def made_once(folder: Path, name: str, make: Callable[[], T]) -> T:
    """What `make` returned to whoever came first; the others wait for it, and get it pickled.

    As pytest-xdist's documentation has it, "Making session-scoped fixtures execute only once".
    """
    kept = folder / f"{name}.pickle"
    with (folder / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not kept.exists():
            kept.write_bytes(pickle.dumps(make()))
        found: T = pickle.loads(kept.read_bytes())  # noqa: S301 - we wrote it
    return found
