"""Moves executions through the stages of their pipelines; nothing here knows a provider.

All movement happens under the store's lock; work happens on threads, one a stage that is being
passed and one an action.
"""

import threading
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from emulator.codepipeline import scheduling
from emulator.codepipeline.announcements import Announcer
from emulator.codepipeline.declaration import Result, StageDeclaration
from emulator.codepipeline.errors import CodePipelineError
from emulator.codepipeline.stages import StagePassage
from emulator.codepipeline.state import (
    ActionStatus,
    Execution,
    ExecutionStatus,
    Override,
    Pipeline,
    StageRun,
    StageStatus,
    Trigger,
)
from emulator.codepipeline.store import Store
from emulator.codepipeline.workers import Workers

_PASSED = (StageStatus.SUCCEEDED, StageStatus.SKIPPED)
AUTOMATED, MANUAL = "AutomatedStageRetry", "ManualStageRetry"


@dataclass(slots=True, kw_only=True, eq=False)
class Engine:
    """Starts, stops, retries and rolls back; one serves all pipelines of the cloud."""

    store: Store
    workers: Workers
    announcer: Announcer
    now: Callable[[], float]
    closed: bool = field(default=False)

    def start(
        self,
        pipeline: Pipeline,
        trigger: Trigger,
        *,
        variables: Mapping[str, str] | None = None,
        overrides: Mapping[str, Override] | None = None,
    ) -> Execution:
        """A new execution waits for the first stage, or is in it already."""
        declaration = pipeline.declaration
        given = {} if variables is None else variables
        known = {**declaration.variables, **given}
        faults = [f"variable {name} is not declared" for name in given
                  if name not in declaration.variables]  # fmt: skip
        faults += [f"variable {name} has no value" for name, value in known.items()
                   if value is None]  # fmt: skip
        if faults:
            raise CodePipelineError("ValidationException", "; ".join(faults))
        with self.store.lock:
            execution = self._new(pipeline, trigger)
            execution.variables = {name: str(value) for name, value in known.items()}
            execution.overrides = {} if overrides is None else overrides
            self._arrive(pipeline, execution, declaration.stages[0].name)
        return execution

    def stop(self, pipeline: Pipeline, execution: Execution, *, reason: str, wait: bool) -> None:
        """The execution ends as Stopped: at once if nothing of it runs, or is to be waited for."""
        with self.store.lock:
            if execution.status is ExecutionStatus.STOPPING and wait:
                raise CodePipelineError(
                    "DuplicatedStopRequestException",
                    f"The execution {execution.id} is being stopped already",
                )
            if execution.status.is_over:
                raise CodePipelineError(
                    "PipelineExecutionNotStoppableException",
                    f"The execution {execution.id} is {execution.status} and can't be stopped",
                )
            execution.stop_reason = reason
            self._set(pipeline, execution, ExecutionStatus.STOPPING)
            self._leave_queues(pipeline, execution)
            if not self._runs(pipeline, execution):
                self._set(pipeline, execution, ExecutionStatus.STOPPED)
            elif not wait:
                self._abandon(execution)

    def cancel(self, pipeline: Pipeline) -> None:
        """What is under way ends as Cancelled: the pipeline has another structure now, or none."""
        with self.store.lock:
            for execution in list(pipeline.executions.values()):
                if not execution.status.is_over:
                    self._set(pipeline, execution, ExecutionStatus.CANCELLED)
                    self._leave_queues(pipeline, execution)
                    self._abandon(execution)

    def retry(
        self, pipeline: Pipeline, stage: StageDeclaration, execution: Execution, mode: str
    ) -> None:
        """The execution passes the stage again: all of it, or what failed."""
        with self.store.lock:
            slot = pipeline.slot(stage.name)
            last = slot.latest
            if last is None or last.execution is not execution or slot.current is not None:
                raise CodePipelineError(
                    "NotLatestPipelineExecutionException",
                    f"The execution {execution.id} is not the latest in stage {stage.name}",
                )
            if last.status not in (StageStatus.FAILED, StageStatus.STOPPED):
                raise CodePipelineError(
                    "StageNotRetryableException",
                    f"Stage {stage.name} is {last.status}: only a failed stage can be retried",
                )
            if execution.version != pipeline.version:
                raise CodePipelineError(
                    "StageNotRetryableException",
                    f"The pipeline was changed after the execution {execution.id} had started",
                )
            self._set(pipeline, execution, ExecutionStatus.IN_PROGRESS, "RESUMED")
            again = self._again(last, mode, MANUAL)
            self._enter(pipeline, again)

    def roll_back(
        self, pipeline: Pipeline, stage: StageDeclaration, target: Execution, trigger: Trigger
    ) -> Execution:
        """An execution passes the stage with what the target had when it passed it."""
        with self.store.lock:
            self._check_target(pipeline, stage, target)
            if pipeline.slot(stage.name).current is not None:
                raise CodePipelineError(
                    "UnableToRollbackStageException", f"Stage {stage.name} has an execution in it"
                )
            execution = self._new(pipeline, trigger, rollback_of=target.id)
            execution.variables = target.variables
            execution.artifacts = dict(target.artifacts)
            execution.namespaces = dict(target.namespaces)
            execution.revisions = list(target.revisions)
            self._arrive(pipeline, execution, stage.name)
        return execution

    def admit(self, pipeline: Pipeline, stage: str) -> None:
        """Who waits for the stage enters it, if it is free and open."""
        with self.store.lock:
            slot = pipeline.slot(stage)
            entering = scheduling.next_in(
                slot.waiting, occupied=slot.current is not None, enabled=slot.transition.enabled
            )
            declared = None if entering is None else entering.declaration.stage(stage)
            if entering is None or declared is None or self.closed:
                return
            slot.waiting.remove(entering)
            run = StageRun(stage=declared, execution=entering, started=self.now())
            self._enter(pipeline, run)

    def close(self) -> None:
        """No thread waits for anything any more."""
        self.closed = True
        with self.store.lock:
            for pipeline in self.store.all():
                for execution in pipeline.executions.values():
                    self._abandon(execution)

    def _new(
        self, pipeline: Pipeline, trigger: Trigger, rollback_of: str | None = None
    ) -> Execution:
        now = self.now()
        execution = Execution(
            id=str(uuid.uuid4()),
            declaration=pipeline.declaration,
            version=pipeline.version,
            trigger=trigger,
            variables={},
            started=now,
            updated=now,
            rollback_of=rollback_of,
        )
        pipeline.executions[execution.id] = execution
        self.announcer.execution(pipeline, execution)
        return execution

    def _arrive(self, pipeline: Pipeline, execution: Execution, stage: str) -> None:
        slot = pipeline.slot(stage)
        slot.waiting, superseded = scheduling.arrive(
            slot.waiting, execution, execution.declaration.mode
        )
        for other in superseded:
            other.status_summary = f"Superseded by {execution.id}"
            self._set(pipeline, other, ExecutionStatus.SUPERSEDED)
        self.admit(pipeline, stage)

    def _enter(self, pipeline: Pipeline, run: StageRun) -> None:
        slot = pipeline.slot(run.stage.name)
        slot.current, slot.latest = run.execution, run
        run.execution.stages[run.stage.name] = run
        self.announcer.stage(pipeline, run)
        threading.Thread(
            target=self._pass, args=(pipeline, run), daemon=True, name=f"stage-{run.stage.name}"
        ).start()

    def _pass(self, pipeline: Pipeline, run: StageRun) -> None:
        passage = StagePassage(
            pipeline=pipeline, run=run, workers=self.workers, lock=self.store.lock, now=self.now
        )
        follows = passage.go()
        with self.store.lock:
            if run.execution.status is ExecutionStatus.CANCELLED:
                run.status = StageStatus.CANCELLED
            self.announcer.stage(pipeline, run)
            failed = run.status is StageStatus.FAILED
            if failed and follows is Result.RETRY and run.automatic_retries == 0:
                self._enter(pipeline, self._again(run, run.stage.retry_mode, AUTOMATED))
                return
            slot = pipeline.slot(run.stage.name)
            slot.current = None
            self._follow(pipeline, run)
            if failed and follows is Result.ROLLBACK and not run.execution.is_rollback:
                self._roll_back_by_itself(pipeline, run)
            self.admit(pipeline, run.stage.name)

    def _follow(self, pipeline: Pipeline, run: StageRun) -> None:
        """The execution goes on to the next stage, or is over."""
        execution = run.execution
        if execution.status.is_over or self.closed:
            return
        stages = execution.declaration.stages
        position = execution.declaration.position(run.stage.name)
        last = position == len(stages) - 1 or execution.is_rollback
        if execution.status is ExecutionStatus.STOPPING:
            self._set(pipeline, execution, ExecutionStatus.STOPPED)
        elif run.status not in _PASSED:
            self._set(pipeline, execution, ExecutionStatus.FAILED)
        elif last:
            self._set(pipeline, execution, ExecutionStatus.SUCCEEDED)
        else:
            execution.updated = self.now()
            self._arrive(pipeline, execution, stages[position + 1].name)

    def _roll_back_by_itself(self, pipeline: Pipeline, run: StageRun) -> None:
        name = run.stage.name
        for target in reversed(list(pipeline.executions.values())):
            passed = target.stages.get(name)
            good = passed is not None and passed.status is StageStatus.SUCCEEDED
            if good and not target.is_rollback and target.version == pipeline.version:
                trigger = Trigger(type="AutomatedRollback", detail=run.execution.id)
                self.roll_back(pipeline, run.stage, target, trigger)
                return
        run.execution.status_summary = (
            f"Stage {name} could not be rolled back: no earlier execution of this structure of the "
            "pipeline has passed it"
        )

    def _check_target(self, pipeline: Pipeline, stage: StageDeclaration, target: Execution) -> None:
        if pipeline.declaration.position(stage.name) == 0:
            raise CodePipelineError(
                "UnableToRollbackStageException", "The source stage can't be rolled back"
            )
        if target.version != pipeline.version:
            raise CodePipelineError(
                "PipelineExecutionOutdatedException",
                f"The execution {target.id} was started in version {target.version} of the "
                f"pipeline's structure, which is {pipeline.version} now",
            )
        passed = target.stages.get(stage.name)
        if target.is_rollback or passed is None or passed.status is not StageStatus.SUCCEEDED:
            raise CodePipelineError(
                "UnableToRollbackStageException",
                f"The execution {target.id} did not succeed in stage {stage.name}, or is a "
                "rollback itself",
            )

    def _again(self, last: StageRun, mode: str, retry: str) -> StageRun:
        kept = {name: work for name, work in last.actions.items()
                if work.status is ActionStatus.SUCCEEDED}  # fmt: skip
        automatic = retry == AUTOMATED
        return StageRun(
            stage=last.stage,
            execution=last.execution,
            started=self.now(),
            actions=kept if mode == "FAILED_ACTIONS" else {},
            automatic_retries=last.automatic_retries + (1 if automatic else 0),
            manual_retries=last.manual_retries + (0 if automatic else 1),
            last_retry=retry,
        )

    def _set(
        self,
        pipeline: Pipeline,
        execution: Execution,
        status: ExecutionStatus,
        said: str | None = None,
    ) -> None:
        execution.status = status
        execution.updated = self.now()
        self.announcer.execution(pipeline, execution, said)

    def _leave_queues(self, pipeline: Pipeline, execution: Execution) -> None:
        for slot in pipeline.slots.values():
            if execution in slot.waiting:
                slot.waiting.remove(execution)

    def _runs(self, pipeline: Pipeline, execution: Execution) -> bool:
        return any(slot.current is execution for slot in pipeline.slots.values())

    def _abandon(self, execution: Execution) -> None:
        for work in execution.work:
            if work.status is ActionStatus.IN_PROGRESS:
                work.abandoned = True
                work.woken.set()
