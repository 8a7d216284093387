"""Settle: pointer, lock and record agree with the read-back, or nothing is settled."""

from dataclasses import replace

from tidegate.decide import Next, finish
from tidegate.loop.readback import has_shares, in_service
from tidegate.loop.task import POLL_SECONDS, TaskInput, TaskOutput, go, load_own, split_of
from tidegate.pointer import LivePointer
from tidegate.ports import Clock, Endpoints, ReleaseStore
from tidegate.release import Phase, ReleaseRecord
from tidegate.split import NO_RELEASE, SplitDocument


def settle(
    *, store: ReleaseStore, endpoints: Endpoints, clock: Clock, task: TaskInput
) -> TaskOutput:
    """End the release; afterwards the pointer names what serves and the model is free again."""
    record = load_own(store, task)
    if not record.phase.terminal:
        state = endpoints.read(record.endpoint_name)
        if not in_service(state):
            return go(task, Next.SETTLE, wait_seconds=POLL_SECONDS)
        if not has_shares(state, record.target_shares):
            return go(task, Next.SHIFT)
        decision = finish(record, now=clock.now())
        pointer = _moved_pointer(store, decision.record)
        record = store.settle(decision.record, decision.entries, pointer=pointer)
    store.put_split(steady_split(record))
    return go(task, Next.REPORT)


def _moved_pointer(store: ReleaseStore, record: ReleaseRecord) -> LivePointer | None:
    if record.phase is not Phase.PROMOTED:
        return None
    current = store.pointer(record.model)
    return LivePointer(
        model=record.model,
        slot=record.candidate.slot,
        version=record.candidate.version,
        generation=1 if current is None else current.generation + 1,
        moved_at=record.started_at if record.finished_at is None else record.finished_at,
        moved_by=record.release_id,
    )


def steady_split(record: ReleaseRecord) -> SplitDocument:
    """The split document after the release: what serves, stamped with no release."""
    following = replace(record, split_version=record.split_version + 1)
    return replace(split_of(following, settling=False), release_id=NO_RELEASE)
