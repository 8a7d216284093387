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
_BUILD_MEMBERS = {"StopBuild": "id", "RetryBuild": "id"}
_LISTS = {"BatchGetProjects": "names", "BatchGetBuilds": "ids", "BatchDeleteBuilds": "ids"}


def needed(operation: str, tenant: Tenant, request: Mapping[str, Any]) -> Sequence[Permission]:
    """Every permission that the request needs; a wrong request needs those it names so far."""
    names = _project_names(operation, request)
    action = f"codebuild:{operation}"
    arns = [tenant.arn("project", name) for name in names]
    wanted = [Permission(action=action, resource=arn) for arn in arns or ["*"]]
    role = request.get("serviceRole", request.get("serviceRoleOverride"))
    if isinstance(role, str):
        context = {"iam:PassedToService": "codebuild.amazonaws.com"}
        wanted.append(Permission(action="iam:PassRole", resource=role, context=context))
    return wanted


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
