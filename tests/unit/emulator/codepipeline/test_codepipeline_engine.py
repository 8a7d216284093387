"""Executions move through stages, whatever their actions do."""

import threading
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from emulator.codepipeline.announcements import Announcer
from emulator.codepipeline.declaration import (
    ActionDeclaration,
    RuleDeclaration,
    Tenant,
    declaration_of,
)
from emulator.codepipeline.engine import Engine
from emulator.codepipeline.errors import CodePipelineError
from emulator.codepipeline.state import (
    ActionStatus,
    Execution,
    ExecutionStatus,
    Pipeline,
    StageStatus,
    Trigger,
    WorkRun,
)
from emulator.codepipeline.store import Store
from tests.emulated_pipelines import action, approval, stage
from tests.polling import until

TENANT = Tenant("123456789012", "eu-west-1")
TEST = Trigger(type="StartPipelineExecution", detail="a test")


class Workers:
    """Actions end as they are told to: at once, or when their gate is opened."""

    def __init__(self) -> None:
        self.outcomes: dict[str, list[ActionStatus]] = {}
        self.gates: dict[str, threading.Event] = {}
        self.ran: list[tuple[str, str]] = []

    def begin(
        self,
        _pipeline: Pipeline,
        execution: Execution,
        stage_name: str,
        declared: ActionDeclaration | RuleDeclaration,
    ) -> WorkRun:
        """A run in progress."""
        run = WorkRun(
            id=str(len(self.ran)), stage=stage_name, execution_id=execution.id, version=1,
            declaration=declared, started=0.0, updated=0.0,
        )  # fmt: skip
        execution.work.append(run)
        return run

    def carry_out(self, _pipeline: Pipeline, _execution: Execution, run: WorkRun) -> None:
        """The run ends as planned, or as abandoned."""
        name = run.declaration.name
        self.ran.append((run.execution_id, name))
        gate = self.gates.get(name)
        while gate is not None and not gate.wait(0.01) and not run.abandoned:
            continue
        planned = self.outcomes.get(name, [])
        status = planned.pop(0) if planned else ActionStatus.SUCCEEDED
        run.status = ActionStatus.ABANDONED if run.abandoned else status


class World:
    """A pipeline of a source and two stages, with an engine and actions under control."""

    def __init__(self, mode: str = "SUPERSEDED", **second: Any) -> None:
        self.workers = Workers()
        self.events: list[tuple[str, str]] = []
        engine: Any = Engine(
            store=Store(), workers=self.workers,  # type: ignore[arg-type]
            announcer=Announcer(lambda _, event: self._heard(event.detail_type, event.detail)),
            now=lambda: 0.0,
        )  # fmt: skip
        self.engine: Engine = engine
        source = action("S", "Source", "S3", outputs=["Src"], S3Bucket="b", S3ObjectKey="k")
        wire = {
            "name": "p",
            "roleArn": "arn:aws:iam::123456789012:role/r",
            "artifactStore": {"type": "S3", "location": "b"},
            "executionMode": mode,
            "stages": [
                stage("Source", source),
                stage("One", approval("A")),
                stage("Two", approval("B"), **second),
            ],
        }
        self.pipeline = Pipeline(
            tenant=TENANT, declaration=declaration_of(wire, "eu-west-1"), created=0.0, updated=0.0
        )
        self.engine.store.put(self.pipeline)

    def start(self) -> Execution:
        """A new execution."""
        return self.engine.start(self.pipeline, TEST)

    def gate(self, name: str) -> threading.Event:
        """The action waits until this is set."""
        return self.workers.gates.setdefault(name, threading.Event())

    def fails(self, name: str, times: int) -> None:
        """The action fails that often."""
        self.workers.outcomes[name] = [ActionStatus.FAILED] * times

    def reached(self, execution: Execution, status: ExecutionStatus) -> None:
        """The execution gets there."""
        until(lambda: execution.status is status, seconds=5, what=f"{status}")

    def entered(self, execution: Execution, stage_name: str) -> None:
        """The execution is in the stage."""
        slot = self.pipeline.slot(stage_name)
        until(lambda: slot.current is execution, seconds=5, what=f"in {stage_name}")

    def waits(self, execution: Execution, stage_name: str) -> None:
        """The execution waits for the stage."""
        slot = self.pipeline.slot(stage_name)
        until(lambda: execution in slot.waiting, seconds=5, what=f"before {stage_name}")

    def _heard(self, kind: str, detail: Mapping[str, Any]) -> None:
        if kind == "CodePipeline Pipeline Execution State Change":
            self.events.append((detail["execution-id"], detail["state"]))


@pytest.fixture
def world() -> Callable[..., World]:
    """Makes worlds."""
    return World


def test_an_execution_passes_its_stages_and_says_so(world: Callable[..., World]):
    """STARTED and SUCCEEDED are announced, actions run in order."""
    made = world()
    execution = made.start()
    made.reached(execution, ExecutionStatus.SUCCEEDED)
    assert [name for _, name in made.workers.ran] == ["S", "A", "B"]
    assert made.events == [(execution.id, "STARTED"), (execution.id, "SUCCEEDED")]


def test_queued_executions_enter_in_turn(world: Callable[..., World]):
    """Three wait for a taken stage and pass it in their order; none is superseded."""
    made = world("QUEUED")
    gate = made.gate("A")
    executions = [made.start()]
    made.entered(executions[0], "One")
    for _ in range(2):
        executions.append(made.start())
        made.waits(executions[-1], "One")
    gate.set()
    for execution in executions:
        made.reached(execution, ExecutionStatus.SUCCEEDED)
    passed = [execution_id for execution_id, name in made.workers.ran if name == "A"]
    assert passed == [execution.id for execution in executions]


def test_a_waiting_execution_is_superseded(world: Callable[..., World]):
    """The one in the stage goes on, the newest waits."""
    made = world()
    gate = made.gate("A")
    first = made.start()
    made.entered(first, "One")
    second = made.start()
    made.waits(second, "One")
    third = made.start()
    made.reached(second, ExecutionStatus.SUPERSEDED)
    gate.set()
    made.reached(first, ExecutionStatus.SUCCEEDED)
    made.reached(third, ExecutionStatus.SUCCEEDED)


def test_a_failure_ends_the_execution_and_frees_the_stage(world: Callable[..., World]):
    """The next execution passes."""
    made = world()
    made.fails("A", 1)
    execution = made.start()
    made.reached(execution, ExecutionStatus.FAILED)
    assert execution.stages["One"].status is StageStatus.FAILED
    assert "Two" not in execution.stages
    made.reached(made.start(), ExecutionStatus.SUCCEEDED)


def test_an_automatic_retry_happens_once(world: Callable[..., World]):
    """A second failure is final."""
    made = world(onFailure={"result": "RETRY"})
    made.fails("B", 1)
    good = made.start()
    made.reached(good, ExecutionStatus.SUCCEEDED)
    assert good.stages["Two"].automatic_retries == 1
    made.fails("B", 2)
    made.reached(made.start(), ExecutionStatus.FAILED)


def test_a_rollback_needs_an_execution_that_passed(world: Callable[..., World]):
    """Without one the failed execution says so; with one a rollback passes that stage only."""
    made = world(onFailure={"result": "ROLLBACK"})
    made.fails("B", 1)
    first = made.start()
    made.reached(first, ExecutionStatus.FAILED)
    until(lambda: first.status_summary, seconds=5, what="a summary")
    assert "could not be rolled back" in str(first.status_summary)
    good = made.start()
    made.reached(good, ExecutionStatus.SUCCEEDED)
    made.fails("B", 1)
    bad = made.start()
    made.reached(bad, ExecutionStatus.FAILED)
    until(lambda: len(made.pipeline.executions) == 4, seconds=5, what="a rollback")
    rollback = list(made.pipeline.executions.values())[-1]
    made.reached(rollback, ExecutionStatus.SUCCEEDED)
    assert (rollback.rollback_of, list(rollback.stages)) == (good.id, ["Two"])


def test_a_failed_rollback_is_not_rolled_back(world: Callable[..., World]):
    """It ends as Failed, and no further execution starts."""
    made = world(onFailure={"result": "ROLLBACK"})
    good = made.start()
    made.reached(good, ExecutionStatus.SUCCEEDED)
    made.fails("B", 2)
    bad = made.start()
    made.reached(bad, ExecutionStatus.FAILED)
    until(lambda: len(made.pipeline.executions) == 3, seconds=5, what="a rollback")
    made.reached(list(made.pipeline.executions.values())[-1], ExecutionStatus.FAILED)
    assert len(made.pipeline.executions) == 3


def test_a_stop_waits_for_the_action_or_abandons_it(world: Callable[..., World]):
    """In both cases nothing after it runs."""
    made = world()
    gate = made.gate("A")
    patient = made.start()
    made.entered(patient, "One")
    made.engine.stop(made.pipeline, patient, reason="r", wait=True)
    assert patient.status is ExecutionStatus.STOPPING
    gate.set()
    made.reached(patient, ExecutionStatus.STOPPED)
    gate.clear()
    abrupt = made.start()
    made.entered(abrupt, "One")
    until(lambda: len(abrupt.work) == 2, seconds=5, what="the action's run")
    made.engine.stop(made.pipeline, abrupt, reason="r", wait=False)
    made.reached(abrupt, ExecutionStatus.STOPPED)
    assert abrupt.work[-1].status is ActionStatus.ABANDONED
    with pytest.raises(CodePipelineError, match="can't be stopped"):
        made.engine.stop(made.pipeline, abrupt, reason="r", wait=False)


def test_only_the_latest_failed_execution_can_be_retried(world: Callable[..., World]):
    """An older one is refused, and so is a stage that succeeded."""
    made = world()
    made.fails("B", 2)
    declared = made.pipeline.declaration.stages[2]
    older, newer = made.start(), None
    made.reached(older, ExecutionStatus.FAILED)
    newer = made.start()
    made.reached(newer, ExecutionStatus.FAILED)
    with pytest.raises(CodePipelineError) as caught:
        made.engine.retry(made.pipeline, declared, older, "FAILED_ACTIONS")
    assert caught.value.code == "NotLatestPipelineExecutionException"
    made.engine.retry(made.pipeline, declared, newer, "FAILED_ACTIONS")
    made.reached(newer, ExecutionStatus.SUCCEEDED)
    with pytest.raises(CodePipelineError) as again:
        made.engine.retry(made.pipeline, declared, newer, "ALL_ACTIONS")
    assert again.value.code == "StageNotRetryableException"


def test_variables_without_a_value_are_refused(world: Callable[..., World]):
    """And so are those that the pipeline does not declare."""
    made = world()
    with pytest.raises(CodePipelineError, match="variable x is not declared"):
        made.engine.start(made.pipeline, TEST, variables={"x": "1"})
