"""CodeBuild's API as a table of operations, spoken in JSON 1.1 behind the front door."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from emulator import jsonapi
from emulator.codebuild import permissions
from emulator.codebuild.builds import BuildOperations
from emulator.codebuild.errors import CodeBuildError
from emulator.codebuild.projects import ProjectOperations
from emulator.codebuild.reports import ReportOperations
from emulator.codebuild.state import Json, Tenant
from emulator.jsonapi import Operation
from emulator.seams.authorization import caller_of
from emulator.seams.services import (
    Permission,
    Request,
    Response,
    Service,
)

_TARGET = "CodeBuild_20161006."


@dataclass(frozen=True, slots=True, kw_only=True)
class CodeBuild:
    """Every operation, by family."""

    projects: ProjectOperations
    builds: BuildOperations
    reports: ReportOperations

    async def call(
        self, tenant: Tenant, name: str, request: Mapping[str, Any], caller: str = ""
    ) -> Json:
        """The operation's answer to a request that satisfies every constraint of its shape."""
        return await jsonapi.call(
            name,
            tenant,
            request,
            service="codebuild",
            operations=self._table(caller),
            refused=CodeBuildError,
        )

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
        return await jsonapi.respond(
            request, lambda body: self.call(tenant, request.operation, body, caller)
        )

    def _table(self, caller: str) -> dict[str, Operation[Tenant]]:
        builds, projects, reports = self.builds, self.projects, self.reports
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
            "CreateReportGroup": reports.create_group,
            "UpdateReportGroup": reports.update_group,
            "DeleteReportGroup": reports.delete_group,
            "BatchGetReportGroups": reports.batch_get_groups,
            "ListReportGroups": reports.list_groups,
            "ListReports": reports.list_reports,
            "ListReportsForReportGroup": reports.list_of_group,
            "BatchGetReports": reports.batch_get,
            "DescribeTestCases": reports.describe_cases,
            "DeleteReport": reports.delete,
        }


def _permissions(request: Request) -> Sequence[Permission]:
    tenant = Tenant(request.account, request.region)
    return permissions.needed(request.operation, tenant, request.json())
