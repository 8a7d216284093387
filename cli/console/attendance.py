"""Whether an execution works on a release: asked rarely, and believed only when said twice.

Between the end of one execution and the start of the next, none runs for a moment.
"""

from dataclasses import dataclass

from tidegate.ports import Executions
from tidegate.release import ReleaseRecord
from tidegate.strategies import Mechanism

EVERY = 8
"""Looks from one question to the next, as `tidegate release watch` has it."""


@dataclass(slots=True, kw_only=True)
class Attendance:
    """What was heard of the executions of one release."""

    looks: int = 0
    missed: int = 0
    epoch: int = 0

    def attended(self, executions: Executions, record: ReleaseRecord) -> bool:
        """Whether somebody works on the release, as far as was heard; true once it is over.

        A halted release is nobody's until an operator takes it up, and says so by itself; one whose
        traffic SageMaker moves needs no execution of the release machine.
        """
        guardrail = record.plan.mechanism is Mechanism.GUARDRAIL
        if record.phase.terminal or record.halted is not None or guardrail:
            return True
        if record.epoch != self.epoch:
            self.looks, self.missed, self.epoch = 0, 0, record.epoch
        if self.looks % EVERY == 0:
            there = executions.running(release_id=record.release_id, epoch=record.epoch)
            self.missed = 0 if there else self.missed + 1
        self.looks += 1
        return self.missed < 2
