"""Executions: start, stop, retry, roll back, approve, transitions, describe, list."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from emulator.codepipeline import errors, views
from emulator.codepipeline.declaration import ActionDeclaration, Tenant
from emulator.codepipeline.engine import Engine
from emulator.codepipeline.errors import CodePipelineError
from emulator.codepipeline.jobs import JobBoard
from emulator.codepipeline.state import (
    ActionStatus,
    Decision,
    Json,
    Override,
    StageStatus,
    Transition,
    Trigger,
)
from emulator.codepipeline.store import Store, execution_of, stage_of


@dataclass(frozen=True, slots=True, kw_only=True)
class ExecutionOperations:
    """The operations on executions; `caller` is who asks, as records name them."""

    store: Store
    engine: Engine
    jobs: JobBoard
    now: Callable[[], float]
    tokens: dict[tuple[Tenant, str, str], str] = field(default_factory=dict)

    async def start(self, tenant: Tenant, request: Mapping[str, Any], caller: str) -> Json:
        """A new execution has started; the same client token gives the same one."""
        pipeline = self.store.pipeline(tenant, request["name"])
        token = request.get("clientRequestToken")
        key = (tenant, pipeline.name, str(token))
        if token is not None and key in self.tokens:
            return {"pipelineExecutionId": self.tokens[key]}
        execution = self.engine.start(
            pipeline,
            Trigger(type="StartPipelineExecution", detail=caller),
            variables={v["name"]: v["value"] for v in request.get("variables", [])},
            overrides=overrides_of(request),
        )
        if token is not None:
            self.tokens[key] = execution.id
        return {"pipelineExecutionId": execution.id}

    async def stop(self, tenant: Tenant, request: Mapping[str, Any]) -> Json:
        """The execution is being stopped; `abandon` does not wait for its actions."""
        pipeline = self.store.pipeline(tenant, request["pipelineName"])
        execution = execution_of(pipeline, request["pipelineExecutionId"])
        reason = str(request.get("reason", ""))
        self.engine.stop(pipeline, execution, reason=reason, wait=not request.get("abandon", False))
        return {"pipelineExecutionId": execution.id}

    async def retry(self, tenant: Tenant, request: Mapping[str, Any]) -> Json:
        """The failed stage runs again, all of it or its failed actions."""
        pipeline = self.store.pipeline(tenant, request["pipelineName"])
        stage = stage_of(pipeline, request["stageName"])
        execution = execution_of(pipeline, request["pipelineExecutionId"])
        self.engine.retry(pipeline, stage, execution, request["retryMode"])
        return {"pipelineExecutionId": execution.id}

    async def roll_back(self, tenant: Tenant, request: Mapping[str, Any], caller: str) -> Json:
        """A rollback of the stage has started, with what the target execution had."""
        pipeline = self.store.pipeline(tenant, request["pipelineName"])
        stage = stage_of(pipeline, request["stageName"])
        target = execution_of(pipeline, request["targetPipelineExecutionId"])
        trigger = Trigger(type="ManualRollback", detail=caller)
        execution = self.engine.roll_back(pipeline, stage, target, trigger)
        return {"pipelineExecutionId": execution.id}

    async def decide(self, tenant: Tenant, request: Mapping[str, Any], caller: str) -> Json:
        """The approval that waits under the token is decided."""
        pipeline = self.store.pipeline(tenant, request["pipelineName"])
        stage = stage_of(pipeline, request["stageName"])
        if stage.action(request["actionName"]) is None:
            raise errors.action_not_found(stage.name, request["actionName"])
        latest = pipeline.slot(stage.name).latest
        run = None if latest is None else latest.actions.get(request["actionName"])
        if run is None or run.status is not ActionStatus.IN_PROGRESS or run.decision is not None:
            raise CodePipelineError(
                "ApprovalAlreadyCompletedException",
                f"The approval {request['actionName']} does not wait for a decision",
            )
        if run.token != request["token"]:
            raise CodePipelineError(
                "InvalidApprovalTokenException", "The approval token is not valid"
            )
        result = request["result"]
        run.decision = Decision(status=result["status"], summary=result["summary"], by=caller)
        run.woken.set()
        return {"approvedAt": self.now()}

    async def enable(self, tenant: Tenant, request: Mapping[str, Any], caller: str) -> Json:
        """Executions may enter the stage; the one that waits does."""
        return self._change(tenant, request, caller, reason=None)

    async def disable(self, tenant: Tenant, request: Mapping[str, Any], caller: str) -> Json:
        """No execution enters the stage any more; the one in it goes on."""
        return self._change(tenant, request, caller, reason=str(request["reason"]))

    async def state(self, tenant: Tenant, request: Mapping[str, Any]) -> Json:
        """GetPipelineState."""
        return views.pipeline_state(self.store.pipeline(tenant, request["name"]))

    async def get(self, tenant: Tenant, request: Mapping[str, Any]) -> Json:
        """GetPipelineExecution."""
        pipeline = self.store.pipeline(tenant, request["pipelineName"])
        execution = execution_of(pipeline, request["pipelineExecutionId"])
        return {"pipelineExecution": views.execution_detail(pipeline, execution)}

    async def list_(self, tenant: Tenant, request: Mapping[str, Any]) -> Json:
        """The executions, the newest first."""
        pipeline = self.store.pipeline(tenant, request["pipelineName"])
        stage = request.get("filter", {}).get("succeededInStage", {}).get("stageName")
        listed = [
            execution
            for execution in reversed(pipeline.executions.values())
            if stage is None
            or (
                stage in execution.stages
                and execution.stages[stage].status is StageStatus.SUCCEEDED
            )
        ]
        summaries = [views.execution_summary(execution) for execution in listed]
        return views.page_of(summaries, request, "pipelineExecutionSummaries")

    async def list_actions(self, tenant: Tenant, request: Mapping[str, Any]) -> Json:
        """The runs of actions, the newest first."""
        pipeline = self.store.pipeline(tenant, request["pipelineName"])
        details = [
            views.action_detail(execution, run)
            for execution in views.selected(pipeline, request)
            for run in reversed(execution.work)
            if isinstance(run.declaration, ActionDeclaration)
        ]
        return views.page_of(details, request, "actionExecutionDetails")

    async def list_rules(self, tenant: Tenant, request: Mapping[str, Any]) -> Json:
        """The runs of rules, the newest first."""
        pipeline = self.store.pipeline(tenant, request["pipelineName"])
        details = [
            views.rule_detail(execution, run)
            for execution in views.selected(pipeline, request)
            for run in reversed(execution.work)
            if not isinstance(run.declaration, ActionDeclaration)
        ]
        return views.page_of(details, request, "ruleExecutionDetails")

    async def job_succeeded(self, _tenant: Tenant, request: Mapping[str, Any]) -> Json:
        """PutJobSuccessResult."""
        self.jobs.succeed(request)
        return {}

    async def job_failed(self, _tenant: Tenant, request: Mapping[str, Any]) -> Json:
        """PutJobFailureResult."""
        self.jobs.fail(request)
        return {}

    def _change(
        self, tenant: Tenant, request: Mapping[str, Any], caller: str, *, reason: str | None
    ) -> Json:
        pipeline = self.store.pipeline(tenant, request["pipelineName"])
        stage = stage_of(pipeline, request["stageName"])
        if request["transitionType"] != "Inbound":
            raise errors.not_emulated("disabling outbound transitions, which AWS has not either")
        pipeline.slot(stage.name).transition = Transition(
            enabled=reason is None, changed_by=caller, changed_at=self.now(), reason=reason
        )
        self.engine.admit(pipeline, stage.name)
        return {}


def overrides_of(request: Mapping[str, Any]) -> dict[str, Override]:
    """The revisions that a start names for source actions."""
    return {
        entry["actionName"]: Override(type=entry["revisionType"], value=entry["revisionValue"])
        for entry in request.get("sourceRevisions", [])
    }
