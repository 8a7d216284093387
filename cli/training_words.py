"""A run of a training pipeline in words."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from tidegate.training.run import Figure, RunView, StepView, TuningView

if TYPE_CHECKING:
    from cli.training import JobPrice

_SECONDS_OF_A_MINUTE = 60


def run_lines(model: str, run: RunView, price: "JobPrice") -> Iterator[str]:
    """The run, its steps, what they took and cost, its figures, and what to do next."""
    yield f"{model}: run {run.id} {run.status.lower()}"
    yield from (step_line(step) for step in run.steps)
    yield f"  {cost_words(run, price)}: {price.said}"
    for tuning in run.tuning:
        yield from tuning_lines(tuning)
    yield from (figure_line(figure) for figure in run.figures)
    yield from run.reasons
    yield next_line(model, run)


def cost_words(run: RunView, price: "JobPrice") -> str:
    """How long a run took, and what its jobs cost at the most."""
    took = "" if run.seconds is None else f"took {_duration(run.seconds)}, "
    usd = price.usd(run)
    cost = "costs an unknown sum" if usd is None else f"costs ${usd:.4f} at the most"
    return f"{took}{cost} ({_duration(run.job_seconds)} of jobs)"


def step_line(step: StepView) -> str:
    """One step."""
    took = "" if step.ended is None else f", {_duration(step.ended - step.started)}"
    outcome = "" if step.outcome is None else f" ({step.outcome})"
    return f"  {step.name}: {step.status}{outcome}{took}"


def tuning_lines(tuning: TuningView) -> Iterator[str]:
    """A tuning job and its training jobs, the best first."""
    yield f"  {tuning.name}: {len(tuning.jobs)} training jobs, {tuning.goal} {tuning.objective}"
    for job in tuning.jobs:
        value = "no value" if job.value is None else f"{job.value:.5g}"
        drawn = ", ".join(f"{name}={text}" for name, text in sorted(job.drawn.items()))
        best = ", the best" if job.name == tuning.best else ""
        yield f"    {value}{best}: {drawn} ({job.status}, {_duration(job.seconds)})"


def figure_line(figure: Figure) -> str:
    """One metric, of the new version and of the live one."""
    live = "" if figure.live is None else f", live version {figure.live:.4g}"
    return f"  {figure.metric}: {figure.value:.4g}{live}"


def next_line(model: str, run: RunView) -> str:
    """What comes next, and who does it."""
    if not run.over:
        return f"it goes on: 'tidegate train status {model}'"
    if run.package is None:
        return "nothing was registered"
    name = run.package.rpartition(":")[2].removeprefix("model-package/")
    if run.approval == "Approved":
        return f"{name} is approved: 'tidegate deploy' puts it into the idle slot"
    if run.approval == "Rejected":
        return f"{name} was rejected"
    return f"{name} waits for approval: 'tidegate train approve {model}'"


def _duration(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), _SECONDS_OF_A_MINUTE)
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"
