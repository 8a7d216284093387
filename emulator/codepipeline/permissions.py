"""What a caller of CodePipeline must be allowed to do, by operation. Pure.

Actions and resources: AWS's service authorization reference for CodePipeline: a pipeline, a stage
`pipeline/stage`, an action `pipeline/stage/action`. Creating or updating passes the role.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from emulator.codepipeline.declaration import Tenant
from emulator.seams.services import Permission

_RESOURCES: Mapping[str, tuple[str, ...]] = {
    "DeletePipeline": ("name",),
    "GetPipeline": ("name",),
    "GetPipelineState": ("name",),
    "StartPipelineExecution": ("name",),
    "GetPipelineExecution": ("pipelineName",),
    "StopPipelineExecution": ("pipelineName",),
    "ListPipelineExecutions": ("pipelineName",),
    "ListActionExecutions": ("pipelineName",),
    "ListRuleExecutions": ("pipelineName",),
    "RetryStageExecution": ("pipelineName", "stageName"),
    "RollbackStage": ("pipelineName", "stageName"),
    "EnableStageTransition": ("pipelineName", "stageName"),
    "DisableStageTransition": ("pipelineName", "stageName"),
    "PutApprovalResult": ("pipelineName", "stageName", "actionName"),
}
_BY_ARN = frozenset({"TagResource", "UntagResource", "ListTagsForResource"})


def needed(operation: str, tenant: Tenant, request: Mapping[str, Any]) -> Sequence[Permission]:
    """Every permission that the request needs; a wrong request needs those it names so far."""
    action = f"codepipeline:{operation}"
    declared = request.get("pipeline")
    if isinstance(declared, dict):
        wanted = [Permission(action=action, resource=tenant.arn(str(declared.get("name", "*"))))]
        role = declared.get("roleArn")
        if isinstance(role, str):
            context = {"iam:PassedToService": "codepipeline.amazonaws.com"}
            wanted.append(Permission(action="iam:PassRole", resource=role, context=context))
        return wanted
    if operation in _BY_ARN:
        return [Permission(action=action, resource=str(request.get("resourceArn", "*")))]
    members = _RESOURCES.get(operation, ())
    parts = [str(request.get(member, "*")) for member in members]
    return [Permission(action=action, resource=tenant.arn("/".join(parts)) if parts else "*")]
