"""What every task of the loop shares: its input, its output, and yielding to a newer epoch."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from tidegate.decide import Decision, Next
from tidegate.errors import ConflictError, SupersededError
from tidegate.ports import ReleaseStore
from tidegate.release import ReleaseRecord
from tidegate.split import SplitDocument
from tidegate.version import models_of

POLL_SECONDS = 5
"""How long to wait before an endpoint that is being changed is read again."""

_TRIES = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskInput:
    """What the state machine hands to each task."""

    release_id: str
    epoch: int

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "TaskInput":
        """The input in a task's event, whose other members are of no interest."""
        return cls(release_id=data["release_id"], epoch=int(data["epoch"]))


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskOutput:
    """What a task hands back: the input of the next one and where to go."""

    release_id: str
    epoch: int
    next: Next
    wait_seconds: int = 0

    def to_json(self) -> dict[str, Any]:
        """The output in JSON types, as the state machine reads it."""
        return {
            "release_id": self.release_id,
            "epoch": self.epoch,
            "next": self.next.value,
            "wait_seconds": self.wait_seconds,
        }


def load_own(store: ReleaseStore, task: TaskInput) -> ReleaseRecord:
    """The record, if this task's epoch still owns it; SupersededError when a newer one does."""
    record = store.load(task.release_id)
    if record.epoch != task.epoch:
        raise SupersededError(release_id=task.release_id, expected=task.epoch, found=record.epoch)
    return record


def advance(
    store: ReleaseStore, task: TaskInput, decide: Callable[[ReleaseRecord], Decision]
) -> tuple[ReleaseRecord, Decision]:
    """Decide on the newest record and save it, again if somebody wrote in between.

    Returns the saved record; nothing is written when the decision changes nothing.
    """
    for _ in range(_TRIES):
        record = load_own(store, task)
        decision = decide(record)
        if decision.record == record and not decision.entries:
            return record, decision
        try:
            return store.save(decision.record, decision.entries), decision
        except ConflictError:
            continue
    raise ConflictError(f"release {task.release_id} was written {_TRIES} times in between")


def perform(event: Mapping[str, Any], work: Callable[[TaskInput], TaskOutput]) -> dict[str, Any]:
    """What the task in an event came to, in JSON types; a superseded one yields."""
    task = TaskInput.from_json(event)
    try:
        return work(task).to_json()
    except SupersededError:
        return go(task, Next.YIELD).to_json()


def go(task: TaskInput, following: Next, *, wait_seconds: int = 0) -> TaskOutput:
    """The output that sends the machine to a task."""
    return TaskOutput(
        release_id=task.release_id, epoch=task.epoch, next=following, wait_seconds=wait_seconds
    )


def split_of(record: ReleaseRecord, *, settling: bool) -> SplitDocument:
    """The split document that belongs to a record while its release is open."""
    return SplitDocument(
        model=record.model,
        endpoint_name=record.endpoint_name,
        version=record.split_version,
        release_id=record.release_id,
        shares=record.target_shares,
        digests={held.slot.value: held.version.digest for held in record.slots},
        models=models_of({held.slot: held.version for held in record.slots}),
        control=record.live.slot.value,
        drawn_by=record.plan.split,
        holdout_percent=record.plan.holdout_percent,
        settling=settling,
        runs=record.runs,
        asynchronous=None if record.tracks is None else record.tracks.asynchronous,
    )
