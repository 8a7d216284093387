"""Runs executions: which step is next, how many at once, and what the end of each means.

An execution is a task of the server's event loop. A step that fails lets those that run finish and
starts no other; then the execution has failed, and a retry runs what did not succeed.
"""

import asyncio
import logging
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from emulator.sagemaker.names import Tenant
from emulator.sagemaker.pipelines.announcing import Tell, execution_changed, step_changed
from emulator.sagemaker.pipelines.definition import Definition, Step, definition_of
from emulator.sagemaker.pipelines.state import Execution, RunStatus, StepRun
from emulator.sagemaker.pipelines.steps import Done, StepFailedError, Steps, StepStoppedError
from emulator.sagemaker.store import Store

FAILED_STEPS = "Step failure: One or multiple steps failed."
INTERNAL = "InternalServerError: We encountered an internal error. Please try again."
MOST_PARALLEL = 50
"""Steps at once when nothing is said: every step of the largest pipeline."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Engine:
    """Carries executions out; `now` is Unix seconds."""

    store: Store
    steps: Steps
    tell: Tell
    now: Callable[[], float]
    tasks: dict[str, "asyncio.Task[None]"] = field(default_factory=dict)
    """By ARN, of the executions that run."""

    def start(self, tenant: Tenant, arn: str) -> None:
        """The execution goes on by itself."""
        task = asyncio.get_running_loop().create_task(self._run(tenant, arn))
        self.tasks[arn] = task
        task.add_done_callback(lambda _: self.tasks.pop(arn, None))

    async def stop(self, tenant: Tenant, arn: str) -> None:
        """No further step starts, and the jobs of running ones have been asked to end."""
        self.change(tenant, arn, status=RunStatus.STOPPING)
        execution = self.store.execution(tenant, arn)
        running = [run for run in execution.steps.values() if not run.status.over]
        for run in running:
            await self.steps.stop_job(tenant, execution, dict(run.metadata))

    async def close(self) -> None:
        """No execution runs any more."""
        running = list(self.tasks.values())
        for task in running:
            task.cancel()
        if running:
            await asyncio.wait(running)

    async def _run(self, tenant: Tenant, arn: str) -> None:
        definition = definition_of(self.store.execution(tenant, arn).pipeline.definition)
        running: dict[asyncio.Task[None], str] = {}
        try:
            while True:
                execution = self.store.execution(tenant, arn)
                for step in next_steps(definition, execution, started=set(running.values())):
                    self._begin(tenant, arn, step)
                    work = self._carry_out(tenant, arn, step)
                    running[asyncio.get_running_loop().create_task(work)] = step.name
                if not running:
                    break
                done, _ = await asyncio.wait(running, return_when=asyncio.FIRST_COMPLETED)
                for task in done:
                    del running[task]
        finally:
            for task in running:
                task.cancel()
        self._finish(tenant, arn)

    async def _carry_out(self, tenant: Tenant, arn: str, step: Step) -> None:
        async def job_created(metadata: Mapping[str, Any]) -> None:
            self._step(tenant, arn, step.name, metadata=metadata)
            now = self.store.execution(tenant, arn)
            # The execution may have been stopped while its job was being created.
            if now.status is RunStatus.STOPPING:
                await self.steps.stop_job(tenant, now, dict(metadata))

        execution = self.store.execution(tenant, arn)
        try:
            done = await self.steps.carry_out(tenant, execution, step, job_created)
        except StepFailedError as failure:
            self._end_step(tenant, arn, step, _failed(str(failure), failure.metadata))
        except StepStoppedError as stopped:
            changes = {"status": RunStatus.STOPPED, "metadata": stopped.metadata}
            self._end_step(tenant, arn, step, changes)
        except Exception:  # noqa: BLE001 - the step must say so, not stay Executing
            _log.exception("step %s of %s failed", step.name, arn)
            self._end_step(tenant, arn, step, _failed(INTERNAL, {}))
        else:
            self._end_step(tenant, arn, step, _succeeded(done))

    def _begin(self, tenant: Tenant, arn: str, step: Step) -> None:
        before = self.store.execution(tenant, arn).steps.get(step.name)
        run = StepRun(
            name=step.name,
            type=step.type,
            status=RunStatus.EXECUTING,
            started=self.now(),
            attempts=1 if before is None else before.attempts + 1,
            display_name=step.display_name,
            description=step.description,
        )
        self._put_step(tenant, arn, run)

    def _end_step(self, tenant: Tenant, arn: str, step: Step, changes: Mapping[str, Any]) -> None:
        self._step(tenant, arn, step.name, ended=self.now(), **changes)

    def _step(self, tenant: Tenant, arn: str, name: str, **changes: Any) -> None:
        run = self.store.execution(tenant, arn).steps[name]
        self._put_step(tenant, arn, replace(run, **changes))

    def _put_step(self, tenant: Tenant, arn: str, run: StepRun) -> None:
        execution = self.store.execution(tenant, arn)
        before = execution.steps.get(run.name)
        self.change(tenant, arn, steps={**execution.steps, run.name: run})
        if before is None or before.status is not run.status:
            self.tell(tenant, step_changed(execution, run, before))

    def _finish(self, tenant: Tenant, arn: str) -> None:
        execution = self.store.execution(tenant, arn)
        statuses = {run.status for run in execution.steps.values()}
        now = self.now()
        if RunStatus.FAILED in statuses:
            self.change(
                tenant, arn, status=RunStatus.FAILED, failure_reason=FAILED_STEPS, ended=now
            )
        elif execution.status is RunStatus.STOPPING or RunStatus.STOPPED in statuses:
            self.change(tenant, arn, status=RunStatus.STOPPED, ended=now)
        else:
            self.change(tenant, arn, status=RunStatus.SUCCEEDED, ended=now)

    def change(self, tenant: Tenant, arn: str, **changes: Any) -> None:
        """The execution is changed; EventBridge hears of a new status."""
        before = self.store.execution(tenant, arn)
        after = replace(before, modified=self.now(), **changes)
        self.store.put_execution(tenant, after)
        if after.status is not before.status:
            self.tell(tenant, execution_changed(after, before))


def next_steps(definition: Definition, execution: Execution, *, started: set[str]) -> list[Step]:
    """The steps to start now, as far as the execution's parallelism allows."""
    runs = execution.steps
    ended_badly = {RunStatus.FAILED, RunStatus.STOPPED}
    if execution.status is not RunStatus.EXECUTING:
        return []
    if any(run.status in ended_badly for run in runs.values()):
        return []
    most = MOST_PARALLEL if execution.parallelism is None else execution.parallelism
    free = max(0, most - len(started))
    return [*_ready(definition, runs, started)][:free]


def _ready(
    definition: Definition, runs: Mapping[str, StepRun], started: set[str]
) -> Iterator[Step]:
    succeeded = {name for name, run in runs.items() if run.status is RunStatus.SUCCEEDED}
    for step in definition.steps:
        if step.name in started or step.name in succeeded or not step.needs <= succeeded:
            continue
        branch = step.branch
        if branch is None or runs[branch.condition].outcome is branch.outcome:
            yield step


def _failed(reason: str, metadata: Mapping[str, Any]) -> dict[str, Any]:
    return {"status": RunStatus.FAILED, "failure_reason": reason, "metadata": metadata}


def _succeeded(done: Done) -> dict[str, Any]:
    return {
        "status": RunStatus.SUCCEEDED,
        "metadata": done.metadata,
        "properties": done.properties,
        "outcome": done.outcome,
    }
