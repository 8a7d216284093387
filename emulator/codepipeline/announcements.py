"""What EventBridge is told of executions, stages and actions, as AWS words it."""

from collections.abc import Callable, Mapping
from typing import Any

from emulator.codepipeline.declaration import ActionDeclaration, Tenant
from emulator.codepipeline.state import (
    ActionStatus,
    Execution,
    ExecutionStatus,
    Pipeline,
    StageRun,
    StageStatus,
    WorkRun,
)
from emulator.seams.events import Event

Publish = Callable[[Tenant, Event], None]

_EXECUTION_STATES = {
    ExecutionStatus.CANCELLED: "CANCELED",
    ExecutionStatus.IN_PROGRESS: "STARTED",
}
_STAGE_STATES = {StageStatus.IN_PROGRESS: "STARTED", StageStatus.CANCELLED: "CANCELED"}
_ACTION_STATES = {ActionStatus.IN_PROGRESS: "STARTED"}


class Announcer:
    """Publishes the three kinds of events of CodePipeline."""

    def __init__(self, publish: Publish) -> None:
        self._publish = publish

    def execution(self, pipeline: Pipeline, execution: Execution, state: str | None = None) -> None:
        """The execution has its status, or was `RESUMED`."""
        said = state or _EXECUTION_STATES.get(execution.status, str(execution.status).upper())
        detail: dict[str, Any] = {
            "execution-trigger": {
                "trigger-type": execution.trigger.type,
                "trigger-detail": execution.trigger.detail,
            },
            "start-time": execution.started,
        }
        self._tell("Pipeline", pipeline, execution, said, detail)

    def stage(self, pipeline: Pipeline, run: StageRun) -> None:
        """The execution stands in the stage as the run says."""
        said = _STAGE_STATES.get(run.status, str(run.status).upper())
        self._tell("Stage", pipeline, run.execution, said, {"stage": run.stage.name})

    def action(self, pipeline: Pipeline, execution: Execution, run: WorkRun) -> None:
        """The action stands as the run says."""
        declared = run.declaration
        detail: dict[str, Any] = {
            "stage": run.stage,
            "action": declared.name,
            "action-execution-id": run.id,
            "region": pipeline.tenant.region,
            "type": dict(declared.type_id),
        }
        if isinstance(declared, ActionDeclaration):
            detail["run-order"] = declared.run_order
        if run.error is not None:
            code, message = run.error
            detail["execution-result"] = {
                "external-execution-summary": message,
                "error-code": code,
            }
        said = _ACTION_STATES.get(run.status, str(run.status).upper())
        self._tell("Action", pipeline, execution, said, detail)

    def _tell(  # noqa: PLR0917 - the parts of one event
        self,
        what: str,
        pipeline: Pipeline,
        execution: Execution,
        state: str,
        detail: Mapping[str, Any],
    ) -> None:
        event = Event(
            source="aws.codepipeline",
            detail_type=f"CodePipeline {what} Execution State Change",
            resources=(pipeline.arn,),
            detail={
                "pipeline": pipeline.name,
                "execution-id": execution.id,
                "version": execution.version,
                "state": state,
                **detail,
            },
        )
        self._publish(pipeline.tenant, event)
