"""What is remembered of a training or processing job. Immutable values."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from emulator.sagemaker.jobstatus import JobStatus

Json = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Transition:
    """One secondary status of a training job; times are Unix seconds, None while it lasts."""

    status: str
    message: str
    started: float
    ended: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """The last value of a metric that the job's metric definitions found in its log."""

    name: str
    value: float
    moment: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What a job that has run leaves behind."""

    artifact: str | None = None
    """Where `model.tar.gz` is in S3; None for a processing job."""
    exit_message: str | None = None
    timed_out: bool = False
    stopped: bool = False
    measures: Mapping[str, float] = field(default_factory=dict)
    """What an AutoML job measured of its candidate."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One job; `request` is the Create request, tags taken out; times are Unix seconds."""

    name: str
    arn: str
    request: Mapping[str, Any]
    created: float
    modified: float
    status: JobStatus = JobStatus.IN_PROGRESS
    transitions: tuple[Transition, ...] = ()
    started: float | None = None
    ended: float | None = None
    failure_reason: str | None = None
    result: Result = field(default_factory=Result)
    metrics: tuple[Measured, ...] = ()
    """The last value of each."""
    measured: tuple[Measured, ...] = ()
    """Every value, in the order in which they came."""

    @property
    def role_arn(self) -> str:
        """The execution role, which the job's data is read and written as."""
        return str(self.request["RoleArn"])

    def curve(self, metric: str) -> tuple[float, ...]:
        """All values of a metric so far."""
        return tuple(each.value for each in self.measured if each.name == metric)

    def entering(self, status: str, message: str, *, now: float) -> "Job":
        """The job in its next secondary status; the one before has ended."""
        before = [*self.transitions]
        if before and before[-1].ended is None:
            before[-1] = replace(before[-1], ended=now)
        return replace(
            self,
            transitions=(*before, Transition(status=status, message=message, started=now)),
            modified=now,
        )
