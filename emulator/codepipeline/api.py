"""CodePipeline's API as a table of operations, spoken in JSON 1.1 behind the front door."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from emulator import apimodels
from emulator.codepipeline import errors, permissions
from emulator.codepipeline.declaration import Tenant
from emulator.codepipeline.errors import CodePipelineError
from emulator.codepipeline.executions import ExecutionOperations
from emulator.codepipeline.pipelines import PipelineOperations
from emulator.codepipeline.state import Json
from emulator.seams.authorization import caller_of
from emulator.seams.services import (
    Permission,
    Request,
    Response,
    Service,
    error_response,
    json_response,
)

Operation = Callable[[Tenant, Mapping[str, Any]], Awaitable[Json]]

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
        operation = self._table(caller).get(name)
        if operation is None:
            raise errors.not_emulated(f"the operation {name}")
        try:
            failures = apimodels.constraint_failures("codepipeline", name, request)
        except apimodels.MalformedRequestError as error:
            raise CodePipelineError("SerializationException", str(error)) from error
        if failures:
            raise errors.constraint_failures(failures)
        return await operation(tenant, request)

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
        try:
            answer = await self.call(tenant, request.operation, request.json(), caller)
        except CodePipelineError as error:
            return error_response(error.code, error.message)
        return json_response(answer)

    def _table(self, caller: str) -> dict[str, Operation]:
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
