"""CodeBuild's API as a table of operations, spoken in JSON 1.1 behind the front door."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from emulator import apimodels
from emulator.codebuild import errors, permissions
from emulator.codebuild.builds import BuildOperations
from emulator.codebuild.errors import CodeBuildError
from emulator.codebuild.projects import ProjectOperations
from emulator.codebuild.state import Json, Tenant
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

_TARGET = "CodeBuild_20161006."


@dataclass(frozen=True, slots=True, kw_only=True)
class CodeBuild:
    """Every operation, by family."""

    projects: ProjectOperations
    builds: BuildOperations

    async def call(
        self, tenant: Tenant, name: str, request: Mapping[str, Any], caller: str = ""
    ) -> Json:
        """The operation's answer to a request that satisfies every constraint of its shape."""
        operation = self._table(caller).get(name)
        if operation is None:
            raise errors.not_emulated(f"the operation {name}")
        try:
            failures = apimodels.constraint_failures("codebuild", name, request)
        except apimodels.MalformedRequestError as error:
            raise CodeBuildError("SerializationException", str(error)) from error
        if failures:
            raise errors.constraint_failures(failures)
        return await operation(tenant, request)

    def service(self) -> Service:
        """The service, ready to be registered."""
        return Service(
            name="codebuild",
            signing_name="codebuild",
            claims=lambda _method, _path, headers: headers.get("x-amz-target", "").startswith(
                _TARGET
            ),
            permissions=_permissions,
            handle=self._handle,
        )

    async def _handle(self, request: Request) -> Response:
        tenant = Tenant(request.account, request.region)
        # Builds name their initiator as `user` or `role/session`, not by the whole ARN.
        caller = caller_of(request).partition("/")[2]
        try:
            answer = await self.call(tenant, request.operation, request.json(), caller)
        except CodeBuildError as error:
            return error_response(error.code, error.message)
        return json_response(answer)

    def _table(self, caller: str) -> dict[str, Operation]:
        builds, projects = self.builds, self.projects
        return {
            "CreateProject": projects.create,
            "UpdateProject": projects.update,
            "DeleteProject": projects.delete,
            "BatchGetProjects": projects.batch_get,
            "ListProjects": projects.list_,
            "StartBuild": lambda tenant, request: builds.start(tenant, request, caller),
            "StopBuild": builds.stop,
            "RetryBuild": lambda tenant, request: builds.retry(tenant, request, caller),
            "BatchGetBuilds": builds.batch_get,
            "BatchDeleteBuilds": builds.batch_delete,
            "ListBuilds": builds.list_,
            "ListBuildsForProject": builds.list_of_project,
        }


def _permissions(request: Request) -> Sequence[Permission]:
    tenant = Tenant(request.account, request.region)
    return permissions.needed(request.operation, tenant, request.json())
