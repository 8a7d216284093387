"""The program that plays the training container of a built-in algorithm.

Run with the algorithm's name as argument and SAGEMAKER_BASE_DIR as the place of /opt/ml. Exit codes
are those of the container contract: 0 trained, else failed, with the reason in output/failure;
faults of the customer's input end with `CUSTOMER`.
"""

import importlib
import json
import os
import sys
import traceback
from pathlib import Path

from emulator.algorithms.hyperparameters import CustomerError, tables
from emulator.algorithms.job import TrainingJob
from emulator.algorithms.registry import ALGORITHMS

CUSTOMER = 2
RECORDED_FILE = "recorded.json"


def main(name: str) -> int:
    """The job is trained, or why not is in output/failure."""
    base = Path(os.environ["SAGEMAKER_BASE_DIR"])
    job = TrainingJob(name=name, base=base)
    try:
        train(job)
    except CustomerError as error:
        return _failed(base, str(error), CUSTOMER)
    except Exception as error:  # noqa: BLE001 - the job must say so, whatever it was
        traceback.print_exc()
        return _failed(base, f"{type(error).__name__}: {error}", 1)
    return 0


def train(job: TrainingJob) -> None:
    """The job's model folder has the artifact."""
    known = next(each for each in ALGORITHMS.values() if each.name == job.name)
    _check_channels(job)
    settings = {name: value for name, value in job.values.items() if value is not None}
    job.tell(f"[INFO] Running {job.name} with {json.dumps(settings, sort_keys=True)}")
    if known.module is None:
        _record(job)
        return
    importlib.import_module(known.module).train(job)


def _check_channels(job: TrainingJob) -> None:
    table = tables()[job.name]["channels"]
    unknown = sorted(set(job.channels) - set(table))
    missing = [name for name, known in table.items() if known.get("required", False)]
    missing = [name for name in missing if name not in job.channels]
    faults = [f"unknown channels: {', '.join(unknown)}"] if unknown else []
    faults += [f"missing channels: {', '.join(missing)}"] if missing else []
    if faults:
        raise CustomerError(f"{job.name}: {'; '.join(faults)} (it has: {', '.join(table)})")


def _record(job: TrainingJob) -> None:
    """Nothing is trained: the artifact says so, and with what."""
    told = {
        "algorithm": job.name,
        "recorded": "the embedded cloud checked this job and trained nothing",
        "hyperparameters": {name: value for name, value in job.values.items() if value is not None},
        "channels": {name: len(job.files(name)) for name in job.channels},
    }
    text = json.dumps(told, indent=1, sort_keys=True)
    (job.model / RECORDED_FILE).write_text(text, encoding="utf-8")
    job.tell(f"[INFO] recorded only: {told['recorded']}")


def _failed(base: Path, reason: str, code: int) -> int:
    sys.stderr.write(f"[ERROR] {reason}\n")
    (base / "output" / "failure").write_text(reason, encoding="utf-8")
    return code
