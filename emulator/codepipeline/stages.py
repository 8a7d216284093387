"""Takes one execution through one stage: conditions, groups of actions, what follows a failure."""

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from emulator.codepipeline.declaration import ActionDeclaration, Condition, Result
from emulator.codepipeline.state import (
    ActionStatus,
    ConditionRun,
    Pipeline,
    StageRun,
    StageStatus,
    WorkRun,
)
from emulator.codepipeline.workers import Workers

BEFORE_ENTRY, ON_SUCCESS, ON_FAILURE = "beforeEntry", "onSuccess", "onFailure"


@dataclass(slots=True, kw_only=True, eq=False)
class StagePassage:
    """One passage; `run` says how it ended, and what is to follow a failure."""

    pipeline: Pipeline
    run: StageRun
    workers: Workers
    lock: threading.RLock
    now: Callable[[], float]

    def go(self) -> Result:
        """The passage is over; what a failure leads to (FAIL also where there was none)."""
        refused = self._first_unmet(BEFORE_ENTRY, self.run.stage.before_entry)
        if refused is Result.SKIP:
            return self._end(StageStatus.SKIPPED)
        if refused is not None:
            return self._end(StageStatus.FAILED)
        if not self._run_actions():
            return self._after_failure()
        unmet = self._first_unmet(ON_SUCCESS, self.run.stage.on_success)
        if unmet is not None:
            return self._end(StageStatus.FAILED, unmet)
        return self._end(StageStatus.SUCCEEDED)

    def _after_failure(self) -> Result:
        stage = self.run.stage
        if self._is_interrupted():
            return self._end(StageStatus.STOPPED)
        if not stage.failure_conditions:
            return self._end(StageStatus.FAILED, stage.on_failure or Result.FAIL)
        unmet = self._first_unmet(ON_FAILURE, stage.failure_conditions)
        if unmet is Result.SKIP:
            return self._end(StageStatus.SKIPPED)
        return self._end(StageStatus.FAILED, unmet or Result.FAIL)

    def _end(self, status: StageStatus, follows: Result = Result.FAIL) -> Result:
        interrupted = self._is_interrupted() and status is not StageStatus.SUCCEEDED
        self.run.status = StageStatus.STOPPED if interrupted else status
        return Result.FAIL if interrupted else follows

    def _is_interrupted(self) -> bool:
        """Whether the execution is being stopped, or is over for another reason."""
        execution = self.run.execution
        return execution.status.is_over or execution.status == "Stopping"

    def _run_actions(self) -> bool:
        """Whether every action has succeeded; groups follow each other, actions run abreast."""
        for group in self.run.stage.groups():
            todo = [action for action in group if not self._is_done(action)]
            if self._is_interrupted():
                return False
            if not self._run_group(todo):
                return False
        return True

    def _is_done(self, action: ActionDeclaration) -> bool:
        """Whether an earlier passage did it already, for a retry of failed actions."""
        known = self.run.actions.get(action.name)
        return known is not None and known.status is ActionStatus.SUCCEEDED

    def _run_group(self, actions: Sequence[ActionDeclaration]) -> bool:
        execution = self.run.execution
        runs = []
        for action in actions:
            work = self.workers.begin(self.pipeline, execution, self.run.stage.name, action)
            self.run.actions = {**self.run.actions, action.name: work}
            runs.append(work)
        self._abreast(runs)
        for work in runs:
            if work.status is ActionStatus.SUCCEEDED:
                self._keep(work)
        return all(work.status is ActionStatus.SUCCEEDED for work in runs)

    def _abreast(self, runs: Sequence[WorkRun]) -> None:
        threads = [
            threading.Thread(
                target=self.workers.carry_out,
                args=(self.pipeline, self.run.execution, work),
                daemon=True,
                name=f"pipeline-{work.declaration.name}",
            )
            for work in runs
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    def _keep(self, work: WorkRun) -> None:
        """What the action made is there for those after it."""
        execution, declared = self.run.execution, work.declaration
        with self.lock:
            execution.artifacts = {**execution.artifacts, **work.outputs}
            if isinstance(declared, ActionDeclaration) and declared.namespace is not None:
                execution.namespaces = {
                    **execution.namespaces,
                    declared.namespace: work.variables,
                }
            if work.revision is not None:
                execution.revisions = [*execution.revisions, work.revision]

    def _first_unmet(self, kind: str, conditions: Sequence[Condition]) -> Result | None:
        """The result of the first condition that is not met, None if all are."""
        for condition in conditions:
            evaluated = ConditionRun(updated=self.now())
            self.run.conditions.setdefault(kind, []).append(evaluated)
            if not self._is_met(condition, evaluated):
                return condition.result
        return None

    def _is_met(self, condition: Condition, evaluated: ConditionRun) -> bool:
        execution = self.run.execution
        for rule in condition.rules:
            work = self.workers.begin(self.pipeline, execution, self.run.stage.name, rule)
            evaluated.rules = [*evaluated.rules, work]
        self._abreast(evaluated.rules)
        met = all(rule.status is ActionStatus.SUCCEEDED for rule in evaluated.rules)
        evaluated.status = "Succeeded" if met else "Failed"
        failed = [r for r in evaluated.rules if r.status is not ActionStatus.SUCCEEDED]
        evaluated.summary = "; ".join(
            f"Rule {r.declaration.name} failed: {r.error[1]}" for r in failed if r.error
        )
        evaluated.updated = self.now()
        return met
