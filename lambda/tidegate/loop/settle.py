"""Settle: pointer, split, lock and record agree with the read-back, or nothing is settled."""

import math
from dataclasses import replace

from tidegate.decide import Next, finish
from tidegate.ec2 import is_rolling
from tidegate.errors import ConflictError, InstancesFailedError
from tidegate.loop.readback import has_shares, in_service
from tidegate.loop.task import POLL_SECONDS, TaskInput, TaskOutput, go, load_own, split_of
from tidegate.loop.underneath import turned_back
from tidegate.pointer import LivePointer
from tidegate.ports import Clock, ReleaseStore
from tidegate.release import Phase, ReleaseRecord
from tidegate.split import NO_RELEASE, SplitDocument
from tidegate.traffic import Traffic

FENCE_SECONDS = 60
"""How long a task of an older epoch may still live after the epoch was raised.

It is the timeout of `shift_traffic` in the release stack. A task that had passed its check of the
epoch could set its weights this late; a release ends only after that, on a read-back that nobody
can undo.
"""

_ALL = 100

_ENDING = frozenset({Phase.PROMOTING, Phase.RESTORING, Phase.KEEPING, Phase.ABORTING})


def settle(*, store: ReleaseStore, traffic: Traffic, clock: Clock, task: TaskInput) -> TaskOutput:
    """End the release; afterwards the pointer names what serves and the model is free again."""
    record = load_own(store, task)
    elsewhere = _not_here(record)
    if elsewhere is not None:
        return go(task, elsewhere)
    fenced = _fenced_seconds(record, now=clock.now())
    if fenced > 0:
        return go(task, Next.SETTLE, wait_seconds=fenced)
    state = traffic.after(record)
    turned = turned_back(store=store, clock=clock, task=task, record=record, state=state)
    if turned is not None or not in_service(state):
        return turned or go(task, Next.SETTLE, wait_seconds=POLL_SECONDS)
    if not has_shares(state, record.target_shares):
        return go(task, Next.SHIFT)
    if not _followed(traffic, record):
        return go(task, Next.SETTLE, wait_seconds=POLL_SECONDS)
    _end(store, record, now=clock.now())
    return go(task, Next.REPORT)


def _not_here(record: ReleaseRecord) -> Next | None:
    """Where a release belongs that is over, or does not end."""
    if record.phase.terminal:
        return Next.REPORT
    return Next.SHIFT if record.phase not in _ENDING or record.halted is not None else None


def _followed(traffic: Traffic, record: ReleaseRecord) -> bool:
    """Whether the instances of one group have followed its users, who went first.

    A release that ended before would leave a version running that nobody asks, and too few
    instances of the one that everybody does; and a deploy would change a group under a refresh.
    """
    if not is_rolling(record.endpoint_name):
        return True
    everything = [slot for slot, share in record.target_shares.items() if share == _ALL]
    try:
        for slot in everything:
            traffic.wake(record, slot, share=_ALL)
    except ConflictError:
        return False
    except InstancesFailedError:
        # Users are where they belong, and those that answer serve them: alarms tell of the others.
        return True
    return True


def _fenced_seconds(record: ReleaseRecord, *, now: float) -> int:
    if record.taken_over_at is None:
        return 0
    return max(0, math.ceil(record.taken_over_at + FENCE_SECONDS - now))


def _end(store: ReleaseStore, record: ReleaseRecord, *, now: float) -> None:
    decision = finish(record, now=now)
    over = decision.record
    store.settle(
        over, decision.entries, pointer=_moved_pointer(store, over), split=steady_split(over)
    )


def _moved_pointer(store: ReleaseStore, record: ReleaseRecord) -> LivePointer | None:
    current = store.pointer(record.model)
    if record.phase is Phase.PASSED and current is not None:
        digest = record.candidate.version.digest
        return replace(current, generation=current.generation + 1, passed=digest)
    if record.phase is not Phase.PROMOTED:
        return None
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
    live = record.candidate if record.phase is Phase.PROMOTED else record.live
    return replace(
        split_of(following, settling=False), release_id=NO_RELEASE, control=live.slot.value
    )
