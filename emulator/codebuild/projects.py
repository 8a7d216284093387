"""Projects: CreateProject, UpdateProject, DeleteProject, BatchGetProjects, ListProjects."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from emulator.codebuild import errors
from emulator.codebuild.listing import page_of
from emulator.codebuild.state import Json, Project, Tenant
from emulator.codebuild.store import Store

_DEFAULTS: Mapping[str, Any] = {
    "timeoutInMinutes": 60,
    "queuedTimeoutInMinutes": 480,
    "badge": {"badgeEnabled": False},
    "cache": {"type": "NO_CACHE"},
    "secondarySources": [],
    "secondarySourceVersions": [],
    "secondaryArtifacts": [],
    "projectVisibility": "PRIVATE",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ProjectOperations:
    """The operations on projects; `trusts` asks whether CodeBuild may assume a role."""

    store: Store
    trusts: Callable[[str], bool]
    now: Callable[[], float]

    async def create(self, tenant: Tenant, request: Mapping[str, Any]) -> Json:
        """The project exists."""
        name = request["name"]
        projects = self.store.shelf(tenant).projects
        if name in projects:
            raise errors.project_exists(tenant.arn("project", name))
        self._check(request)
        now = self.now()
        projects[name] = Project(
            tenant=tenant,
            name=name,
            request=_without_tags(request),
            tags=_tags(request),
            created=now,
            modified=now,
        )
        return {"project": shown(projects[name])}

    async def update(self, tenant: Tenant, request: Mapping[str, Any]) -> Json:
        """The members of the request replace the project's; builds under way keep theirs."""
        known = self.store.project(tenant, request["name"])
        changed = {**known.request, **_without_tags(request)}
        self._check(changed)
        project = Project(
            tenant=tenant,
            name=known.name,
            request=changed,
            tags=_tags(request) if "tags" in request else known.tags,
            created=known.created,
            modified=self.now(),
        )
        self.store.shelf(tenant).projects[known.name] = project
        return {"project": shown(project)}

    async def delete(self, tenant: Tenant, request: Mapping[str, Any]) -> Json:
        """The project is gone, and its builds with it; one that was gone already counts."""
        shelf = self.store.shelf(tenant)
        name = str(request["name"]).rpartition("/")[2]
        with self.store.lock:
            shelf.projects.pop(name, None)
            for build_id in [b.id for b in shelf.builds.values() if b.project.name == name]:
                if shelf.builds[build_id].over.is_set():
                    del shelf.builds[build_id]
        return {}

    async def batch_get(self, tenant: Tenant, request: Mapping[str, Any]) -> Json:
        """The projects of those names, and the names that there are none of."""
        known = self.store.shelf(tenant).projects
        names = [str(name).rpartition("/")[2] for name in request["names"]]
        return {
            "projects": [shown(known[name]) for name in names if name in known],
            "projectsNotFound": [name for name in names if name not in known],
        }

    async def list_(self, tenant: Tenant, request: Mapping[str, Any]) -> Json:
        """The names of all projects."""
        orders: dict[str, Callable[[Project], Any]] = {
            "NAME": lambda project: project.name,
            "CREATED_TIME": lambda project: project.created,
            "LAST_MODIFIED_TIME": lambda project: project.modified,
        }
        projects = sorted(
            self.store.shelf(tenant).projects.values(),
            key=orders[request.get("sortBy", "NAME")],
            reverse=request.get("sortOrder", "ASCENDING") == "DESCENDING",
        )
        return page_of([project.name for project in projects], request, "projects")

    def _check(self, request: Mapping[str, Any]) -> None:
        faults = list(_faults(request))
        if faults:
            raise errors.invalid_input("; ".join(faults))
        if not self.trusts(str(request["serviceRole"])):
            raise errors.role_not_assumable(str(request["serviceRole"]))


def _faults(request: Mapping[str, Any]) -> list[str]:
    faults = []
    sources = {"source": request["source"]["type"]}
    primary = request["artifacts"]["type"]
    if (sources["source"] == "CODEPIPELINE") != (primary == "CODEPIPELINE"):
        faults.append(
            "Invalid artifacts: artifacts type CODEPIPELINE needs source type CODEPIPELINE and the "
            f"other way round, got source {sources['source']} and artifacts {primary}"
        )
    if sources["source"] in ("S3", "GITHUB", "CODECOMMIT") and not request["source"].get(
        "location"
    ):
        faults.append("Invalid project source: location is required")
    if sources["source"] == "NO_SOURCE" and not request["source"].get("buildspec"):
        faults.append("Invalid project source: buildspec is required for source type NO_SOURCE")
    if primary == "S3" and not request["artifacts"].get("location"):
        faults.append("Invalid artifacts: location is required for artifacts type S3")
    if request.get("triggers"):
        faults.append("Invalid project: triggers are webhooks of a Git provider, not emulated")
    return faults


def shown(project: Project) -> Json:
    """A project as the API shows it."""
    body = {**_DEFAULTS, **project.request}
    if "badgeEnabled" in body:
        body["badge"] = {"badgeEnabled": body.pop("badgeEnabled")}
    tenant = project.tenant
    default_key = f"arn:aws:kms:{tenant.region}:{tenant.account}:alias/aws/s3"
    return {
        "encryptionKey": default_key,
        **body,
        "name": project.name,
        "arn": project.arn,
        "tags": [{"key": key, "value": value} for key, value in project.tags.items()],
        "created": project.created,
        "lastModified": project.modified,
    }


def _tags(request: Mapping[str, Any]) -> dict[str, str]:
    return {tag["key"]: tag.get("value", "") for tag in request.get("tags", [])}


def _without_tags(request: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in request.items() if key != "tags"}
