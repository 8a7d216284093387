"""How a guardrail release opens and ends: pointer, lock, split and record agree with a read-back.

While it is open both fleets answer under one variant's name. So the split document names no version
and is `settling`, unless the container names its version: then it has the digests of both fleets.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TypeVar

from tidegate.errors import ConflictError
from tidegate.guardrail.ports import Ports
from tidegate.pointer import Declaration, LivePointer
from tidegate.release import LogEntry, Phase, ReleaseRecord, SlotVersion
from tidegate.slots import PAIR, Slot
from tidegate.split import NO_RELEASE, SplitDocument
from tidegate.version import Version, models_of

VARIANT = Slot.BLUE
"""The one production variant; in records of releases, the fleet that was live."""

NEW_FLEET = Slot.GREEN

SAGEMAKER = "SageMaker"
_TRIES = 5
_ResultT = TypeVar("_ResultT")


@dataclass(frozen=True, slots=True, kw_only=True)
class Opening:
    """Which release a deploy opens, and from which declaration to which."""

    release_id: str
    declared: Declaration
    pointer: LivePointer
    version: Version


def open_release(ports: Ports, opening: Opening) -> None:
    """The model is locked by this release, its record says that nothing has moved yet.

    What is declared meanwhile is the live version, and the new one as candidate.
    """
    declared, store = opening.declared, ports.store
    store.put_declaration(declared)
    split = store.split(declared.model)
    record = ReleaseRecord(
        release_id=opening.release_id,
        model=declared.model,
        endpoint_name=declared.endpoint_name,
        endpoint_config_name=declared.endpoint_config_name,
        live=SlotVersion(slot=VARIANT, version=opening.pointer.version),
        candidate=SlotVersion(slot=NEW_FLEET, version=opening.version),
        plan=declared.plan,
        phase=Phase.SHIFTING,
        started_by="deploy",
        started_at=ports.clock.now(),
        split_version=0 if split is None else split.version,
    )
    why = f"the deploy of {record.candidate.version.label} over {record.live.version.label} began"
    store.open(record, entry_of(record, record, what="opened", why=why, at=record.started_at))
    if split is not None:
        store.put_split(_open_split(split, record))


def _open_split(split: SplitDocument, record: ReleaseRecord) -> SplitDocument:
    echoed, fleets = record.plan.echoes_version, (record.live, record.candidate)
    return replace(
        split,
        version=split.version + 1,
        release_id=record.release_id,
        digests={one.slot.value: one.version.digest for one in fleets} if echoed else {},
        models=models_of({one.slot: one.version for one in fleets}),
        settling=not echoed,
        echoed=echoed,
    )


def end(ports: Ports, record: ReleaseRecord, phase: Phase, *, why: str) -> ReleaseRecord:
    """The release is over in this phase; afterwards the model is free.

    Only call it after a read-back: `promoted` moves the pointer to the candidate. ConflictError
    when somebody wrote the record in between, and may have decided otherwise.
    """
    now = ports.clock.now()
    restored = now if record.restored_at is None else record.restored_at
    over = replace(
        record,
        phase=phase,
        finished_at=now,
        decided_at=now if record.decided_at is None else record.decided_at,
        restored_at=None if phase is Phase.PROMOTED else restored,
    )
    entry = entry_of(record, over, what=phase.value, why=why, at=now)
    pointer = _moved(ports, over) if phase is Phase.PROMOTED else None
    return ports.store.settle(over, [entry], pointer=pointer, split=_steady(ports, over, phase))


def again(work: Callable[[], _ResultT]) -> _ResultT:
    """What the work came to, from the start whenever somebody wrote in between."""
    for _ in range(_TRIES - 1):
        try:
            return work()
        except ConflictError:
            continue
    return work()


def entry_of(
    before: ReleaseRecord,
    after: ReleaseRecord,
    *,
    what: str,
    why: str,
    at: float,
    who: str = "deploy",
) -> LogEntry:
    """The line of the log for a change from one record to the next."""
    return LogEntry(
        at=at,
        who=who,
        what=what,
        why=why,
        before=_shares(before, opened=what == "opened"),
        after=_shares(after, opened=what == "opened"),
    )


def _shares(record: ReleaseRecord, *, opened: bool) -> dict[str, int]:
    return {VARIANT.value: 100, NEW_FLEET.value: 0} if opened else record.target_shares


def _moved(ports: Ports, record: ReleaseRecord) -> LivePointer:
    current = ports.store.pointer(record.model)
    return LivePointer(
        model=record.model,
        slot=VARIANT,
        version=record.candidate.version,
        generation=1 if current is None else current.generation + 1,
        moved_at=ports.clock.now(),
        moved_by=record.release_id,
    )


def _steady(ports: Ports, record: ReleaseRecord, phase: Phase) -> SplitDocument:
    known = ports.store.split(record.model)
    if known is None:
        raise ConflictError(f"model {record.model} has no split document: deploy it again")
    serving = record.candidate if phase is Phase.PROMOTED else record.live
    return replace(
        known,
        version=known.version + 1,
        release_id=NO_RELEASE,
        digests={slot.value: serving.version.digest for slot in PAIR},
        settling=False,
        echoed=False,
    )
