"""What a caller of CodeBuild must be allowed to do, by operation. Pure.

Actions and resources: AWS's service authorization reference for CodeBuild. Creating or updating a
project passes its service role to CodeBuild.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from emulator.codebuild.state import Tenant
from emulator.seams.services import Permission

_PROJECT_MEMBERS = {
    "CreateProject": "name",
    "UpdateProject": "name",
    "DeleteProject": "name",
    "StartBuild": "projectName",
    "ListBuildsForProject": "projectName",
}
_GROUP_MEMBERS = {
    "UpdateReportGroup": "arn",
    "DeleteReportGroup": "arn",
    "ListReportsForReportGroup": "reportGroupArn",
    "DescribeTestCases": "reportArn",
    "DeleteReport": "arn",
}
_GROUP_LISTS = {"BatchGetReportGroups": "reportGroupArns", "BatchGetReports": "reportArns"}
_BUILD_MEMBERS = {"StopBuild": "id", "RetryBuild": "id"}
_LISTS = {"BatchGetProjects": "names", "BatchGetBuilds": "ids", "BatchDeleteBuilds": "ids"}


def needed(operation: str, tenant: Tenant, request: Mapping[str, Any]) -> Sequence[Permission]:
    """Every permission that the request needs; a wrong request needs those it names so far."""
    action = f"codebuild:{operation}"
    arns = [tenant.arn("project", name) for name in _project_names(operation, request)]
    arns += _group_arns(operation, tenant, request)
    wanted = [Permission(action=action, resource=arn) for arn in arns or ["*"]]
    role = request.get("serviceRole", request.get("serviceRoleOverride"))
    if isinstance(role, str):
        context = {"iam:PassedToService": "codebuild.amazonaws.com"}
        wanted.append(Permission(action="iam:PassRole", resource=role, context=context))
    return wanted


def _group_arns(operation: str, tenant: Tenant, request: Mapping[str, Any]) -> list[str]:
    """Reports are no resources in IAM: their group is, whose name begins theirs."""
    if operation == "CreateReportGroup":
        return [tenant.arn("report-group", str(request.get("name", "")))]
    listed = request.get(_GROUP_LISTS.get(operation, ""), [])
    given = [str(arn) for arn in listed] if isinstance(listed, list) else []
    member = _GROUP_MEMBERS.get(operation, "")
    given += [str(request[member])] if member in request else []
    return list(dict.fromkeys(group_of_report(arn) for arn in given))


def group_of_report(arn: str) -> str:
    """The ARN of the group that a report, or the group itself, is of."""
    head, found, rest = arn.partition(":report/")
    return f"{head}:report-group/{rest.partition(':')[0]}" if found else arn


def _project_names(operation: str, request: Mapping[str, Any]) -> list[str]:
    """Builds are no resources in IAM: their project is, whose name begins their id."""
    if operation in _LISTS:
        listed = request.get(_LISTS[operation], [])
        given = [str(name) for name in listed] if isinstance(listed, list) else []
    else:
        member = {**_PROJECT_MEMBERS, **_BUILD_MEMBERS}.get(operation)
        given = [str(request[member])] if member is not None and member in request else []
    names = [name.rpartition("/")[2].partition(":")[0] for name in given]
    return list(dict.fromkeys(names))
