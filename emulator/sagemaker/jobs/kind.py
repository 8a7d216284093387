"""What is special about a kind of job, and what carries one out."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from emulator.sagemaker.jobs.job import Job, Measured, Result
from emulator.sagemaker.jobs.script import Controls
from emulator.sagemaker.names import Tenant

Json = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """How one family of operations reads its requests and words its answers."""

    noun: str
    """`TrainingJob`: what operations and members are named after."""
    arn_kind: str
    detail_type: str
    """Of its events."""
    check: Callable[[Mapping[str, Any]], None]
    """A request that cannot be carried out here is refused, with every fault at once."""
    described: Callable[[Job], Json]
    summary: Callable[[Job], Json]
    unknown: Callable[[str], Exception]

    @property
    def name_member(self) -> str:
        """The member that holds the name."""
        return f"{self.noun}Name"

    @property
    def words(self) -> str:
        """As sentences have it: `training job`."""
        return self.arn_kind


class Progress(Protocol):
    """What a job that runs says of itself; callable from any thread."""

    def entering(self, status: str, message: str) -> None:
        """The job is in its next secondary status."""
        ...

    def working(self) -> None:
        """The user's program is about to start."""
        ...

    def measured(self, values: list[Measured]) -> None:
        """Metrics have these values now."""
        ...


class Runs(Protocol):
    """Carries jobs of one kind out; blocks, in a thread of its own."""

    def run(self, tenant: Tenant, job: Job, progress: Progress, controls: Controls) -> Result:
        """The job is done, or JobFailedError says why not; nothing of it is left on this machine.

        A stopped or timed out job has a result that says so.
        """
        ...
