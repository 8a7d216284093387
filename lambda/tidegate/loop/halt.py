"""Halt: the loop itself failed, so the candidate gets no traffic until an operator decides."""

from tidegate.decide import MACHINE, Decision, Next, halt
from tidegate.loop.task import TaskInput, TaskOutput, advance, go
from tidegate.ports import Clock, ReleaseStore
from tidegate.release import Intervention, ReleaseRecord


def halt_release(*, store: ReleaseStore, clock: Clock, task: TaskInput, why: str) -> TaskOutput:
    """Mark the release as halted; the shift that follows puts all traffic on the live version."""

    def decide(record: ReleaseRecord) -> Decision:
        if record.phase.terminal or record.halted is not None:
            return Decision(record=record, next=Next.SHIFT)
        return halt(record, Intervention(who=MACHINE, at=clock.now(), why=why))

    advance(store, task, decide)
    return go(task, Next.SHIFT)
