"""CodePipeline's API as a table of operations, spoken in JSON 1.1 behind the front door."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from emulator import jsonapi
from emulator.codepipeline import permissions
from emulator.codepipeline.declaration import Tenant
from emulator.codepipeline.errors import CodePipelineError
from emulator.codepipeline.executions import ExecutionOperations
from emulator.codepipeline.pipelines import PipelineOperations
from emulator.codepipeline.state import Json
from emulator.jsonapi import Operation
from emulator.seams.authorization import caller_of
from emulator.seams.services import (
    Permission,
    Request,
    Response,
    Service,
)

_TARGET = "CodePipeline_20150709."


@dataclass(frozen=True, slots=True, kw_only=True)
class CodePipeline:
    """Every operation, by family."""

    pipelines: PipelineOperations
    executions: ExecutionOperations

    async def call(
        self, tenant: Tenant, name: str, request: Mapping[str, Any], caller: str = ""
    ) -> Json:
        """The operation's answer to a request that satisfies every constraint of its shape."""
        return await jsonapi.call(
            name,
            tenant,
            request,
            service="codepipeline",
            operations=self._table(caller),
            refused=CodePipelineError,
        )

    def service(self) -> Service:
        """The service, ready to be registered."""
        return Service(
            name="codepipeline",
            signing_name="codepipeline",
            claims=lambda _method, _path, headers: headers.get("x-amz-target", "").startswith(
                _TARGET
            ),
            permissions=_permissions,
            handle=self._handle,
        )

    async def _handle(self, request: Request) -> Response:
        tenant = Tenant(request.account, request.region)
        caller = caller_of(request)
        return await jsonapi.respond(
            request, lambda body: self.call(tenant, request.operation, body, caller)
        )

    def _table(self, caller: str) -> dict[str, Operation[Tenant]]:
        pipelines, executions = self.pipelines, self.executions
        return {
            "CreatePipeline": pipelines.create,
            "UpdatePipeline": pipelines.update,
            "DeletePipeline": pipelines.delete,
            "GetPipeline": pipelines.get,
            "ListPipelines": pipelines.list_,
            "TagResource": pipelines.tag,
            "UntagResource": pipelines.untag,
            "ListTagsForResource": pipelines.list_tags,
            "StartPipelineExecution": partial(executions.start, caller=caller),
            "StopPipelineExecution": executions.stop,
            "GetPipelineState": executions.state,
            "GetPipelineExecution": executions.get,
            "ListPipelineExecutions": executions.list_,
            "ListActionExecutions": executions.list_actions,
            "ListRuleExecutions": executions.list_rules,
            "PutApprovalResult": partial(executions.decide, caller=caller),
            "RetryStageExecution": executions.retry,
            "RollbackStage": partial(executions.roll_back, caller=caller),
            "EnableStageTransition": partial(executions.enable, caller=caller),
            "DisableStageTransition": partial(executions.disable, caller=caller),
            "PutJobSuccessResult": executions.job_succeeded,
            "PutJobFailureResult": executions.job_failed,
        }


def _permissions(request: Request) -> Sequence[Permission]:
    tenant = Tenant(request.account, request.region)
    return permissions.needed(request.operation, tenant, request.json())
