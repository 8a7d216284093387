"""One run of a training pipeline as it is told: steps, figures, and the package that it made."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

OVER = frozenset({"Succeeded", "Failed", "Stopped"})
"""The statuses of an execution after which nothing follows (API reference of SageMaker)."""


_TUNING = ":hyper-parameter-tuning-job/"
_JOB = "-job/"
"""What ARNs of processing and training jobs have, and those of packages have not."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StepView:
    """A step that has begun; times are Unix seconds, `ended` None while it runs."""

    name: str
    status: str
    started: float
    ended: float | None = None
    failure: str | None = None
    outcome: str | None = None
    """Of a condition: True or False."""
    made: str | None = None
    """ARN of the job or of the package that it made."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """A training job of a tuning job: the values that were drawn for it, and its objective."""

    name: str
    status: str
    drawn: Mapping[str, str]
    value: float | None
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class TuningView:
    """A tuning job; its training jobs, the best first, those without a value last."""

    name: str
    objective: str
    goal: str
    best: str | None
    """The name of the best training job; None before one is complete."""
    jobs: tuple[Trial, ...]

    def to_json(self) -> dict[str, Any]:
        """The tuning job in JSON types."""
        return {
            "name": self.name,
            "objective": self.objective,
            "goal": self.goal,
            "best": self.best,
            "jobs": [
                {
                    "name": job.name,
                    "status": job.status,
                    "drawn": dict(job.drawn),
                    "value": job.value,
                    "seconds": job.seconds,
                }
                for job in self.jobs
            ],
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """A metric of the evaluation: of the new version, and of the live one where it was measured."""

    metric: str
    value: float
    live: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class RunView:
    """A run; `package` is the ARN of what it registered, None if nothing."""

    arn: str
    status: str
    started: float
    steps: tuple[StepView, ...]
    failure: str | None = None
    figures: tuple[Figure, ...] = ()
    package: str | None = None
    approval: str | None = None
    tuning: tuple[TuningView, ...] = ()
    """The tuning jobs of its steps."""

    @property
    def id(self) -> str:
        """The last part of its ARN."""
        return self.arn.rpartition("/")[2]

    @property
    def over(self) -> bool:
        """Whether nothing follows."""
        return self.status in OVER

    @property
    def seconds(self) -> float | None:
        """From its begin to the end of its last step; None while it runs."""
        ends = [step.ended for step in self.steps if step.ended is not None]
        return max(ends) - self.started if self.over and ends else None

    @property
    def job_seconds(self) -> float:
        """Of all jobs that have ended, as long as their steps took: an instance bills less.

        A tuning step has run for as long as the training jobs of it together.
        """
        jobs = (s for s in self.steps if s.made is not None and _JOB in s.made)
        single = (job for job in jobs if _TUNING not in str(job.made))
        tuned = sum(each.seconds for tuning in self.tuning for each in tuning.jobs)
        return tuned + sum(job.ended - job.started for job in single if job.ended is not None)

    @property
    def reasons(self) -> tuple[str, ...]:
        """Why steps failed, in their order."""
        return tuple(f"{s.name}: {s.failure}" for s in self.steps if s.failure is not None)

    def to_json(self) -> dict[str, Any]:
        """The run in JSON types."""
        return {
            "id": self.id,
            "arn": self.arn,
            "status": self.status,
            "started": self.started,
            "seconds": self.seconds,
            "job_seconds": self.job_seconds,
            "failure": self.failure,
            "steps": [_step_json(step) for step in self.steps],
            "figures": [
                {"metric": f.metric, "value": f.value, "live": f.live} for f in self.figures
            ],
            "package": self.package,
            "approval": self.approval,
            "tuning": [each.to_json() for each in self.tuning],
        }


def is_tuning(step: StepView) -> bool:
    """Whether a step made a tuning job."""
    return step.made is not None and _TUNING in step.made


def figures_of(report: Mapping[str, Any]) -> tuple[Figure, ...]:
    """The metrics of an evaluation.json, in the order of their names; a wrong one is left out."""
    metrics = report.get("metrics")
    if not isinstance(metrics, Mapping):
        return ()
    return tuple(
        Figure(metric=name, value=float(given["value"]), live=_number(given.get("live")))
        for name, given in sorted(metrics.items())
        if isinstance(given, Mapping) and _number(given.get("value")) is not None
    )


def _number(value: Any) -> float | None:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return float(value) if is_number else None


def _step_json(step: StepView) -> dict[str, Any]:
    return {
        "name": step.name,
        "status": step.status,
        "started": step.started,
        "ended": step.ended,
        "failure": step.failure,
        "outcome": step.outcome,
        "made": step.made,
    }
