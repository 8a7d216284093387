"""Carries a tuning job out: starts training jobs, waits for them, draws the next. It blocks.

Its training jobs are jobs like any other, on the event loop; this is the thread that minds them.
"""

import asyncio
import secrets
import statistics
import time
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Any

from emulator.sagemaker.errors import SageMakerError
from emulator.sagemaker.jobs import failures
from emulator.sagemaker.jobs.job import Job, Result
from emulator.sagemaker.jobs.kind import Progress
from emulator.sagemaker.jobs.operations import JobOperations
from emulator.sagemaker.jobs.script import Controls
from emulator.sagemaker.jobstatus import JobStatus
from emulator.sagemaker.names import Tenant
from emulator.sagemaker.tuning.describe import TUNED_BY, drawn_of, objective_of
from emulator.sagemaker.tuning.drawing import Trial, next_values
from emulator.sagemaker.tuning.recipe import Recipe, recipe_of, training_request

_LOOK_SECONDS = 0.05
_LEAST_TO_COMPARE = 3
"""Completed training jobs that early stopping compares with, at least."""
_MARK_LENGTH = 8

NONE_COMPLETED = "All training jobs failed. Please take a look at the training job failures."


@dataclass(frozen=True, slots=True, kw_only=True)
class TuningRunner:
    """Runs tuning jobs by the training jobs of the same cloud."""

    training: JobOperations
    loop: Callable[[], asyncio.AbstractEventLoop | None]

    def run(self, tenant: Tenant, job: Job, progress: Progress, controls: Controls) -> Result:
        """Every training job is over, or JobFailedError says that none was of use."""
        progress.working()
        work = _Work(runner=self, tenant=tenant, job=job, recipe=recipe_of(job.request))
        return work.carry_out(controls)

    def on_loop(self, work: Coroutine[Any, Any, Any]) -> Any:
        """What a coroutine comes to on the server's event loop."""
        loop = self.loop()
        if loop is None:
            work.close()
            raise RuntimeError("the embedded cloud has not started yet")
        return asyncio.run_coroutine_threadsafe(work, loop).result()


@dataclass(slots=True, kw_only=True)
class _Work:
    """One tuning job under way."""

    runner: TuningRunner
    tenant: Tenant
    job: Job
    recipe: Recipe
    names: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        seed = self.recipe.seed
        self.random = Random(secrets.randbits(32) if seed is None else seed)  # noqa: S311 - no secret

    random: Random = field(init=False)

    def carry_out(self, controls: Controls) -> Result:
        exhausted = False
        while not controls.stop.is_set():
            trained = self.trained()
            running = [each for each in trained if each.status.running]
            while not exhausted and len(running) < self.recipe.parallel and self._left():
                exhausted = not self._start(self.trained())
                running = [each for each in self.trained() if each.status.running]
            if not running:
                return self._ended()
            if self.recipe.early_stopping:
                self._stop_hopeless(running)
            time.sleep(_LOOK_SECONDS)
        self._stop([each for each in self.trained() if each.status.running])
        return Result(stopped=True)

    def trained(self) -> list[Job]:
        """The training jobs as they stand."""
        return [self.runner.training.job(self.tenant, name) for name in self.names]

    def _left(self) -> bool:
        return len(self.names) < self.recipe.most_jobs

    def _start(self, trained: Sequence[Job]) -> bool:
        """One more training job runs; False when there are no more values to try."""
        recipe, number = self.recipe, len(self.names)
        drawn = next_values(
            recipe.strategy, recipe.ranges, self._trials(trained), number=number, random=self.random
        )
        if drawn is None:
            return False
        mark = secrets.token_hex(_MARK_LENGTH // 2)
        name = f"{self.job.name}-{number + 1:03d}-{mark}"
        request = {**training_request(self.job.request, name, drawn), TUNED_BY: self.job.arn}
        checkpoints = request.get("CheckpointConfig")
        if checkpoints is not None:
            # Each training job of a tuning job has its own folder below the one that is named.
            uri = f"{checkpoints['S3Uri'].rstrip('/')}/{name}"
            request["CheckpointConfig"] = {**checkpoints, "S3Uri": uri}
        try:
            self.runner.on_loop(self.runner.training.create(self.tenant, request))
        except SageMakerError as error:
            raise failures.client(str(error)) from error
        self.names.append(name)
        return True

    def _trials(self, trained: Sequence[Job]) -> list[Trial]:
        sign = 1.0 if self.recipe.maximize else -1.0
        measured = ((each, objective_of(self.recipe, each)) for each in trained)
        return [
            Trial(drawn=drawn_of(self.recipe, each), merit=sign * value)
            for each, value in measured
            if value is not None and not each.status.running
        ]

    def _stop_hopeless(self, running: Sequence[Job]) -> None:
        """Jobs that are worse than the median of those before them, at the same step, end.

        Developer guide, "Stop Training Jobs Early": the median of the running averages of the
        objective, up to the same point, of the training jobs that are complete.
        """
        sign = 1.0 if self.recipe.maximize else -1.0
        complete = [
            each.curve(self.recipe.objective) for each in self.trained() if not each.status.running
        ]
        for each in running:
            curve = each.curve(self.recipe.objective)
            step = len(curve)
            as_long = [one for one in complete if len(one) >= step > 0]
            if len(as_long) < _LEAST_TO_COMPARE:
                continue
            median = statistics.median(statistics.fmean(one[:step]) for one in as_long)
            if sign * curve[-1] < sign * median:
                self._stop([each])

    def _stop(self, jobs: Sequence[Job]) -> None:
        for each in jobs:
            if each.status is JobStatus.IN_PROGRESS:
                try:
                    name = {"TrainingJobName": each.name}
                    self.runner.on_loop(self.runner.training.stop(self.tenant, name))
                except SageMakerError:
                    continue  # it ended meanwhile

    def _ended(self) -> Result:
        statuses = {each.status for each in self.trained()}
        if JobStatus.COMPLETED not in statuses:
            reasons = {each.failure_reason for each in self.trained() if each.failure_reason}
            raise failures.client(" ".join([NONE_COMPLETED, *sorted(reasons)[:1]]))
        return Result()
