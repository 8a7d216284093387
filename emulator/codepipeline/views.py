"""What the read operations show of pipelines, executions, actions and rules. Pure."""

from collections.abc import Mapping, Sequence
from typing import Any

from emulator.codepipeline import errors
from emulator.codepipeline.declaration import ActionDeclaration, StageDeclaration
from emulator.codepipeline.errors import CodePipelineError
from emulator.codepipeline.stages import BEFORE_ENTRY, ON_FAILURE, ON_SUCCESS
from emulator.codepipeline.state import (
    Artifact,
    ConditionRun,
    Execution,
    Json,
    Pipeline,
    Revision,
    Slot,
    StageRun,
    WorkRun,
)

_CONDITION_MEMBERS = {
    BEFORE_ENTRY: "beforeEntryConditionState",
    ON_SUCCESS: "onSuccessConditionState",
    ON_FAILURE: "onFailureConditionState",
}


def present(members: Mapping[str, Any]) -> Json:
    """The members that have a value."""
    return {name: value for name, value in members.items() if value is not None}


def page_of(items: Sequence[Json], request: Mapping[str, Any], member: str) -> Json:
    """The page that the request asks for; a token is the position where the next one begins."""
    token = str(request.get("nextToken", "0"))
    if not token.isdigit():
        raise CodePipelineError("InvalidNextTokenException", f"Invalid next token: {token}")
    start = int(token)
    end = start + int(request.get("maxResults", 100))
    answer: Json = {member: list(items[start:end])}
    if end < len(items):
        answer["nextToken"] = str(end)
    return answer


def pipeline_state(pipeline: Pipeline) -> Json:
    """GetPipelineState."""
    return {
        "pipelineName": pipeline.name,
        "pipelineVersion": pipeline.version,
        "stageStates": [
            _stage_state(stage, pipeline.slot(stage.name)) for stage in pipeline.declaration.stages
        ],
        "created": pipeline.created,
        "updated": pipeline.updated,
    }


def execution_detail(pipeline: Pipeline, execution: Execution) -> Json:
    """GetPipelineExecution."""
    return present(
        {
            "pipelineName": pipeline.name,
            "pipelineVersion": execution.version,
            "pipelineExecutionId": execution.id,
            "status": str(execution.status),
            "statusSummary": execution.status_summary,
            "artifactRevisions": [_artifact_revision(r) for r in execution.revisions],
            "variables": [
                {"name": name, "resolvedValue": value}
                for name, value in execution.variables.items()
            ],
            **_common(execution),
        }
    )


def execution_summary(execution: Execution) -> Json:
    """One of ListPipelineExecutions."""
    stop = None if execution.stop_reason is None else {"reason": execution.stop_reason}
    return present(
        {
            "pipelineExecutionId": execution.id,
            "status": str(execution.status),
            "statusSummary": execution.status_summary,
            "startTime": execution.started,
            "lastUpdateTime": execution.updated,
            "sourceRevisions": [
                present(
                    {
                        "actionName": revision.action,
                        "revisionId": revision.revision_id,
                        "revisionSummary": revision.summary,
                        "revisionUrl": revision.url,
                    }
                )
                for revision in execution.revisions
            ],
            "stopTrigger": stop,
            **_common(execution),
        }
    )


def action_detail(execution: Execution, run: WorkRun) -> Json:
    """One of ListActionExecutions."""
    declared = run.declaration
    namespace = declared.namespace if isinstance(declared, ActionDeclaration) else None
    region = declared.region if isinstance(declared, ActionDeclaration) else None
    return {
        **_work_head(execution, run),
        "actionExecutionId": run.id,
        "actionName": declared.name,
        "input": present(
            {
                "actionTypeId": dict(declared.type_id),
                "namespace": namespace,
                "region": region,
                **_work_input(run),
            }
        ),
        "output": {
            "outputArtifacts": _artifacts(run.outputs),
            "executionResult": _result(run),
            "outputVariables": dict(run.variables),
        },
    }


def rule_detail(execution: Execution, run: WorkRun) -> Json:
    """One of ListRuleExecutions."""
    return {
        **_work_head(execution, run),
        "ruleExecutionId": run.id,
        "ruleName": run.declaration.name,
        "input": present({"ruleTypeId": dict(run.declaration.type_id), **_work_input(run)}),
        "output": {"executionResult": _result(run)},
    }


def selected(pipeline: Pipeline, request: Mapping[str, Any]) -> list[Execution]:
    """The executions that the request's filter names, all without one; the newest first."""
    wanted = request.get("filter", {})
    latest = wanted.get("latestInPipelineExecution", {})
    execution_id = wanted.get("pipelineExecutionId", latest.get("pipelineExecutionId"))
    if execution_id is None:
        return list(reversed(pipeline.executions.values()))
    found = pipeline.executions.get(execution_id)
    if found is None:
        raise errors.execution_not_found(pipeline.name, execution_id)
    return [found]


def _common(execution: Execution) -> Json:
    rollback = execution.rollback_of
    return {
        "trigger": present(
            {
                "triggerType": execution.trigger.type,
                "triggerDetail": execution.trigger.detail or None,
            }
        ),
        "executionMode": str(execution.declaration.mode),
        "executionType": execution.type,
        "rollbackMetadata": None
        if rollback is None
        else {"rollbackTargetPipelineExecutionId": rollback},
    }


def _artifact_revision(revision: Revision) -> Json:
    return present(
        {
            "name": revision.artifact,
            "revisionId": revision.revision_id,
            "revisionSummary": revision.summary,
            "created": revision.created,
            "revisionUrl": revision.url,
        }
    )


def _work_head(execution: Execution, run: WorkRun) -> Json:
    return present(
        {
            "pipelineExecutionId": execution.id,
            "pipelineVersion": run.version,
            "stageName": run.stage,
            "startTime": run.started,
            "lastUpdateTime": run.updated,
            "updatedBy": run.updated_by,
            "status": str(run.status),
        }
    )


def _work_input(run: WorkRun) -> Json:
    return {
        "configuration": dict(run.declaration.configuration),
        "resolvedConfiguration": dict(run.resolved),
        "roleArn": run.declaration.role_arn,
        "inputArtifacts": _artifacts(run.inputs),
    }


def _artifacts(artifacts: Mapping[str, Artifact]) -> list[Json]:
    return [
        {"name": name, "s3location": {"bucket": artifact.bucket, "key": artifact.key}}
        for name, artifact in artifacts.items()
    ]


def _result(run: WorkRun) -> Json:
    return present(
        {
            "externalExecutionId": run.external_id,
            "externalExecutionSummary": run.summary,
            "externalExecutionUrl": run.external_url,
            "errorDetails": _error(run),
            "logStreamARN": run.log_stream_arn,
        }
    )


def _error(run: WorkRun) -> Json | None:
    if run.error is None:
        return None
    code, message = run.error
    return {"code": code, "message": message[:4000]}


def _stage_state(stage: StageDeclaration, slot: Slot) -> Json:
    transition, latest = slot.transition, slot.latest
    body = {
        "stageName": stage.name,
        "inboundExecution": _inbound(slot.waiting[0]) if slot.waiting else None,
        "inboundExecutions": [_inbound(execution) for execution in slot.waiting],
        "inboundTransitionState": present(
            {
                "enabled": transition.enabled,
                "lastChangedBy": transition.changed_by,
                "lastChangedAt": transition.changed_at,
                "disabledReason": transition.reason,
            }
        ),
        "actionStates": [_action_state(action, latest) for action in stage.actions],
    }
    if latest is not None:
        body |= _latest(latest)
    return present(body)


def _latest(run: StageRun) -> Json:
    retried = run.automatic_retries + run.manual_retries > 0
    stopping = str(run.status) == "InProgress" and str(run.execution.status) == "Stopping"
    members: Json = {
        "latestExecution": {
            "pipelineExecutionId": run.execution.id,
            "status": "Stopping" if stopping else str(run.status),
            "type": run.execution.type,
        },
        "retryStageMetadata": {
            "autoStageRetryAttempt": run.automatic_retries,
            "manualStageRetryAttempt": run.manual_retries,
            "latestRetryTrigger": run.last_retry,
        }
        if retried
        else None,
    }
    for kind, member in _CONDITION_MEMBERS.items():
        evaluated = run.conditions.get(kind)
        if evaluated:
            members[member] = _condition_state(evaluated)
    return members


def _condition_state(evaluated: Sequence[ConditionRun]) -> Json:
    last = evaluated[-1]
    return {
        "latestExecution": {"status": last.status, "summary": last.summary},
        "conditionStates": [
            {
                "latestExecution": {
                    "status": one.status,
                    "summary": one.summary,
                    "lastStatusChange": one.updated,
                },
                "ruleStates": [
                    {
                        "ruleName": rule.declaration.name,
                        "latestExecution": present(
                            {
                                "ruleExecutionId": rule.id,
                                "status": str(rule.status),
                                "summary": rule.summary,
                                "lastStatusChange": rule.updated,
                                "errorDetails": _error(rule),
                            }
                        ),
                    }
                    for rule in one.rules
                ],
            }
            for one in evaluated
        ],
    }


def _inbound(execution: Execution) -> Json:
    return {
        "pipelineExecutionId": execution.id,
        "status": "InProgress",
        "type": execution.type,
    }


def _action_state(action: ActionDeclaration, latest: StageRun | None) -> Json:
    run = None if latest is None else latest.actions.get(action.name)
    if run is None:
        return {"actionName": action.name}
    execution = {
        "actionExecutionId": run.id,
        "status": str(run.status),
        "summary": run.summary,
        "lastStatusChange": run.updated,
        "token": run.token,
        "lastUpdatedBy": run.updated_by,
        "externalExecutionId": run.external_id,
        "externalExecutionUrl": run.external_url,
        "percentComplete": run.percent,
        "errorDetails": _error(run),
        "logStreamARN": run.log_stream_arn,
    }
    state: Json = {"actionName": action.name, "latestExecution": present(execution)}
    if run.revision is not None:
        state["currentRevision"] = {
            "revisionId": run.revision.revision_id,
            "revisionChangeId": run.revision.revision_id,
            "created": run.revision.created,
        }
    return state
