"""What a run does next: make a transform job, wait for it, look at what it left, or end."""

from typing import Any

from tidegate.batch import documents
from tidegate.batch.collecting import UNDER_WAY, job_name
from tidegate.batch.plan import JoinKind
from tidegate.batch.ports import BatchPorts
from tidegate.batch.rounds import Round
from tidegate.batch.run import Purpose
from tidegate.batch.units import Keys, manifest_of
from tidegate.batch.work import Work


def latest_round(ports: BatchPorts, keys: Keys) -> Round | None:
    """The state before the round that is next, None before the input was validated."""
    found, number = None, 0
    while (document := documents.load(ports, keys.round(number))) is not None:
        found, number = document, number + 1
    return None if found is None else Round.from_json(found)


def next_step(work: Work) -> dict[str, Any]:
    """What the machine does next, and the transform job that it makes if it is to make one.

    A job that is there already is waited for or collected: none is made, and paid for, twice.
    """
    ports, keys = work.ports, work.keys
    now = latest_round(ports, keys)
    if now is None or now.over:
        ending = "compare" if work.record.purpose is Purpose.COMPARE else "report"
        return {"next": ending, "number": 0 if now is None else now.number}
    name = job_name(work, now)
    job = ports.jobs.describe(name)
    if job is not None:
        step = "wait" if job.status in UNDER_WAY else "collect"
        return {"next": step, "number": now.number}
    manifest = keys.sagemaker_manifest(now.number, now.attempt)
    documents.save(ports, manifest, manifest_of(list(now.units)))
    joined = "Input" if work.plan.join is JoinKind.INPUT else "None"
    return {
        "next": "transform",
        "number": now.number,
        "job": {
            "name": name,
            "model": work.record.sagemaker_model,
            "manifest": f"s3://{ports.bucket}/{manifest}",
            "output": f"s3://{ports.bucket}/{keys.results}",
            "processing": {"JoinSource": joined},
        },
    }
