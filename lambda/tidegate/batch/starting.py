"""The start of a run: what started it, over which data set, by which version."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from tidegate.batch import documents
from tidegate.batch.plan import BatchPlan, InSlot
from tidegate.batch.planning import latest_round
from tidegate.batch.ports import BatchPorts
from tidegate.batch.run import Purpose, RunRecord, Status, run_id
from tidegate.batch.units import Keys
from tidegate.errors import InvalidValueError
from tidegate.slots import Slot

_LOOKED_BACK = 50
"""How many of the newest runs are looked at for one to compare with."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What an execution was started with. `run` is None where nobody gave it an id."""

    run: str | None
    purpose: Purpose
    input: str | None
    because: str
    lineage: Mapping[str, Any]

    @classmethod
    def from_json(cls, event: Mapping[str, Any]) -> "Asked":
        """What the command line, a schedule, an event of S3, or one of another model's run says."""
        if "object" in event and "bucket" in event:
            uri = f"s3://{event['bucket']['name']}/{event['object']['key']}"
            return cls(
                run=None,
                purpose=Purpose.SERVE,
                input=uri,
                because=f"{uri} arrived",
                lineage={},
            )
        if "results" in event and "model" in event:
            return cls(
                run=None,
                purpose=Purpose.SERVE,
                input=event["results"],
                because=f"run {event['run']} of {event['model']} is done",
                lineage={name: event[name] for name in ("model", "run", "version", "manifest")},
            )
        return cls(
            run=event.get("run"),
            purpose=Purpose(event.get("purpose", Purpose.SERVE.value)),
            input=event.get("input"),
            because=event.get("because", "somebody started the machine"),
            lineage=event.get("lineage", {}),
        )


def start(
    ports: BatchPorts, plan: BatchPlan, asked: Asked, *, execution: str, moment: str
) -> RunRecord:
    """The record of the run, running. One that is known goes on where it was.

    InvalidValueError when there is nothing to run, with all that is wrong.
    """
    named = run_id(moment=moment, cause=execution) if asked.run is None else asked.run
    known = ports.runs.load(named)
    if known is not None:
        return _resumed(ports, plan, known, execution=execution)
    slot, against = _chosen(ports, plan, asked.purpose)
    held = plan.slots[slot]
    wanted = plan.input if asked.input is None else asked.input
    record = RunRecord(
        run=named,
        purpose=asked.purpose,
        status=Status.RUNNING,
        slot=slot.value,
        version=held.version.digest,
        label=held.version.label,
        sagemaker_model=held.sagemaker_model,
        input=wanted if against is None else against.input,
        started_at=ports.clock.now(),
        because=asked.because,
        execution=execution,
        against=None if against is None else against.run,
        lineage=asked.lineage if against is None else against.lineage,
    )
    ports.runs.save(record)
    return record


def live_slot(ports: BatchPorts) -> Slot:
    """The slot that the pointer names; InvalidValueError before the first deploy."""
    pointer = ports.runs.pointer()
    if pointer is None:
        raise InvalidValueError(["no version is live: deploy the batch's stack first"])
    return Slot(pointer["slot"])


def _chosen(ports: BatchPorts, plan: BatchPlan, purpose: Purpose) -> tuple[Slot, RunRecord | None]:
    live = live_slot(ports)
    if purpose is Purpose.SERVE:
        return live, None
    candidate, serving = plan.slots[live.other].version, plan.slots[live].version
    if candidate.digest == serving.digest:
        raise InvalidValueError(
            [f"both slots hold {serving.label}: deploy a new version, then compare it"]
        )
    done = [
        record
        for record in ports.runs.newest(_LOOKED_BACK)
        if record.status is Status.DONE
        and record.purpose is Purpose.SERVE
        and record.version == serving.digest
    ]
    if not done:
        raise InvalidValueError(
            [f"{serving.label}, which is live, has no run that is done: run it first"]
        )
    return live.other, done[0]


def _resumed(ports: BatchPorts, plan: BatchPlan, known: RunRecord, *, execution: str) -> RunRecord:
    """The same run, going on: with the version that it began with, or not at all."""
    if known.status is Status.DONE or known.execution == execution:
        return known
    held: InSlot | None = plan.slots.get(Slot(known.slot))
    if held is None or held.version.digest != known.version:
        gone = f"{known.label}, which is not in slot {known.slot} any more"
        raise InvalidValueError([f"run {known.run} began with {gone}: start a new run"])
    if known.status.over:
        _try_again(ports, Keys(run=known.run, purpose=known.purpose.value))
    record = replace(
        known,
        status=Status.RUNNING,
        ended_at=None,
        why="",
        execution=execution,
        sagemaker_model=held.sagemaker_model,
    )
    ports.runs.save(record)
    return record


def _try_again(ports: BatchPorts, keys: Keys) -> None:
    """A run that was given up has another chance; one that was refused is looked at anew."""
    now = latest_round(ports, keys)
    if now is None:
        ports.objects.delete(ports.bucket, keys.checking)
    elif now.given_up:
        fresh = replace(now, given_up="", barren=0)
        documents.save(ports, keys.round(now.number), fresh.to_json())
