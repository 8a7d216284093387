"""One run at work: what it reaches, what it is to do, and where it keeps things."""

from dataclasses import dataclass

from tidegate.batch.plan import BatchPlan
from tidegate.batch.ports import BatchPorts
from tidegate.batch.run import RunRecord
from tidegate.batch.units import Keys


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """Ports and plan of a batch, and one of its runs."""

    ports: BatchPorts
    plan: BatchPlan
    record: RunRecord

    @property
    def keys(self) -> Keys:
        """Where the run keeps what."""
        return Keys(run=self.record.run, purpose=self.record.purpose.value)
