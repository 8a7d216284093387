"""Builds: StartBuild, StopBuild, RetryBuild, BatchGetBuilds, ListBuilds, BatchDeleteBuilds."""

import threading
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from emulator.codebuild import errors
from emulator.codebuild.listing import page_of
from emulator.codebuild.runner import log_is_enabled, log_location
from emulator.codebuild.sources import EMULATED_TYPES
from emulator.codebuild.state import Build, BuildStatus, Json, PhaseRecord, PhaseType, Tenant
from emulator.codebuild.store import Store

_OVERRIDES = {
    "artifactsOverride": ("artifacts",),
    "secondaryArtifactsOverride": ("secondaryArtifacts",),
    "secondarySourcesOverride": ("secondarySources",),
    "secondarySourcesVersionOverride": ("secondarySourceVersions",),
    "sourceTypeOverride": ("source", "type"),
    "sourceLocationOverride": ("source", "location"),
    "buildspecOverride": ("source", "buildspec"),
    "environmentTypeOverride": ("environment", "type"),
    "imageOverride": ("environment", "image"),
    "computeTypeOverride": ("environment", "computeType"),
    "privilegedModeOverride": ("environment", "privilegedMode"),
    "serviceRoleOverride": ("serviceRole",),
    "timeoutInMinutesOverride": ("timeoutInMinutes",),
    "queuedTimeoutInMinutesOverride": ("queuedTimeoutInMinutes",),
    "encryptionKeyOverride": ("encryptionKey",),
    "logsConfigOverride": ("logsConfig",),
    "cacheOverride": ("cache",),
    "sourceVersion": ("sourceVersion",),
}
"""Members of StartBuild and what they replace of the project."""


class Runs(Protocol):
    """Where builds are carried out."""

    def submit(self, build: Build) -> None:
        """The build is queued."""
        ...

    def end(self, build: Build, why: BuildStatus) -> None:
        """The build ends soon with that status."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class BuildOperations:
    """The operations on builds."""

    store: Store
    runs: Runs
    now: Callable[[], float]
    numbering: threading.Lock = field(default_factory=threading.Lock)

    async def start(self, tenant: Tenant, request: Mapping[str, Any], caller: str = "") -> Json:
        """The build is queued; the same idempotency token gives the same build."""
        project = self.store.project(tenant, request["projectName"])
        token = request.get("idempotencyToken")
        shelf = self.store.shelf(tenant)
        if token is not None and token in shelf.tokens:
            return {"build": shown(self.store.build(tenant, shelf.tokens[token]))}
        job = self.store.take_job(token)
        settings = _overridden(project.request, request)
        if job is None:
            _check_source(settings)
        with self.numbering:
            number = shelf.numbers.get(project.name, 0) + 1
            shelf.numbers[project.name] = number
        now = self.now()
        build = Build(
            project=project,
            id=f"{project.name}:{uuid.uuid4()}",
            number=number,
            overrides=dict(request),
            settings=settings,
            initiator=job.initiator if job is not None else caller,
            started=now,
            job=job,
        )
        submitted = PhaseRecord(
            phase=PhaseType.SUBMITTED, started=now, ended=now, status=BuildStatus.SUCCEEDED
        )
        build.phases = (submitted, PhaseRecord(phase=PhaseType.QUEUED, started=now))
        shelf.builds[build.id] = build
        if token is not None:
            shelf.tokens[token] = build.id
        self.runs.submit(build)
        return {"build": shown(build)}

    async def stop(self, tenant: Tenant, request: Mapping[str, Any]) -> Json:
        """The build is being ended; one that is over stays as it is."""
        build = self.store.build(tenant, request["id"])
        self.runs.end(build, BuildStatus.STOPPED)
        return {"build": shown(build)}

    async def retry(self, tenant: Tenant, request: Mapping[str, Any], caller: str = "") -> Json:
        """A new build with the same overrides is queued."""
        if "id" not in request:
            raise errors.invalid_input("id is required")
        build = self.store.build(tenant, request["id"])
        if build.job is not None:
            raise errors.invalid_input(
                f"Build {build.id} was started by {build.initiator}: retry the pipeline's stage"
            )
        again = {k: v for k, v in build.overrides.items() if k != "idempotencyToken"}
        return await self.start(tenant, again, caller)

    async def batch_get(self, tenant: Tenant, request: Mapping[str, Any]) -> Json:
        """The builds of those ids, and the ids that there are none of."""
        known = self.store.shelf(tenant).builds
        ids = [str(build_id).rpartition("/")[2] for build_id in request["ids"]]
        return {
            "builds": [shown(known[build_id]) for build_id in ids if build_id in known],
            "buildsNotFound": [build_id for build_id in ids if build_id not in known],
        }

    async def batch_delete(self, tenant: Tenant, request: Mapping[str, Any]) -> Json:
        """Builds that are over are gone."""
        known = self.store.shelf(tenant).builds
        deleted, kept = [], []
        for build_id in (str(given).rpartition("/")[2] for given in request["ids"]):
            build = known.get(build_id)
            if build is not None and build.over.is_set():
                del known[build_id]
                deleted.append(build.arn)
            else:
                status = "BUILD_NOT_FOUND" if build is None else "BUILD_IN_PROGRESS"
                kept.append({"id": build_id, "statusCode": status})
        return {"buildsDeleted": deleted, "buildsNotDeleted": kept}

    async def list_(self, tenant: Tenant, request: Mapping[str, Any]) -> Json:
        """The ids of all builds, the newest first."""
        return self._page(list(self.store.shelf(tenant).builds.values()), request)

    async def list_of_project(self, tenant: Tenant, request: Mapping[str, Any]) -> Json:
        """The ids of a project's builds, the newest first."""
        project = self.store.project(tenant, request["projectName"])
        builds = self.store.shelf(tenant).builds.values()
        return self._page([b for b in builds if b.project.name == project.name], request)

    def _page(self, builds: list[Build], request: Mapping[str, Any]) -> Json:
        if request.get("sortOrder", "DESCENDING") == "DESCENDING":
            builds.reverse()
        return page_of([build.id for build in builds], request, "ids")


def _check_source(settings: Mapping[str, Any]) -> None:
    kind = settings["source"]["type"]
    if kind not in EMULATED_TYPES:
        raise errors.not_emulated(f"builds of source type {kind}")
    if kind == "CODEPIPELINE":
        raise errors.invalid_input(
            "Project source type CODEPIPELINE: only a pipeline can start the build, "
            "or a request that overrides source type and artifacts"
        )


def _overridden(project: Mapping[str, Any], request: Mapping[str, Any]) -> dict[str, Any]:
    settings: dict[str, Any] = dict(project)
    for member, path in _OVERRIDES.items():
        if member not in request:
            continue
        if len(path) == 1:
            settings[path[0]] = request[member]
        else:
            settings[path[0]] = {**settings.get(path[0], {}), path[1]: request[member]}
    overrides = request.get("environmentVariablesOverride")
    if overrides:
        environment = dict(settings.get("environment", {}))
        merged = {e["name"]: e for e in environment.get("environmentVariables", [])}
        merged.update({entry["name"]: entry for entry in overrides})
        environment["environmentVariables"] = list(merged.values())
        settings["environment"] = environment
    return settings


def shown(build: Build) -> Json:
    """A build as the API shows it."""
    settings, tenant = build.settings, build.project.tenant
    body: Json = {
        "id": build.id,
        "arn": build.arn,
        "buildNumber": build.number,
        "startTime": build.started,
        "currentPhase": build.current_phase,
        "buildStatus": str(build.status),
        "projectName": build.project.name,
        "phases": [_shown_phase(phase) for phase in build.phases],
        "source": settings["source"],
        "secondarySources": settings.get("secondarySources", []),
        "artifacts": _primary_artifact(build),
        "secondaryArtifacts": [a for a in build.artifacts[1:] if "artifactIdentifier" in a],
        "cache": settings.get("cache", {"type": "NO_CACHE"}),
        "environment": settings["environment"],
        "serviceRole": settings["serviceRole"],
        "logs": _shown_logs(build),
        "timeoutInMinutes": settings.get("timeoutInMinutes", 60),
        "queuedTimeoutInMinutes": settings.get("queuedTimeoutInMinutes", 480),
        "buildComplete": build.over.is_set(),
        "initiator": build.initiator,
        "encryptionKey": settings.get(
            "encryptionKey", f"arn:aws:kms:{tenant.region}:{tenant.account}:alias/aws/s3"
        ),
        "exportedEnvironmentVariables": [
            {"name": name, "value": value} for name, value in build.exported.items()
        ],
        "reportArns": list(build.reports),
    }
    optional = {
        "endTime": build.ended,
        "sourceVersion": settings.get("sourceVersion"),
        "resolvedSourceVersion": build.resolved_version,
    }
    return body | {name: value for name, value in optional.items() if value is not None}


def _primary_artifact(build: Build) -> Json:
    return dict(build.artifacts[0]) if build.artifacts else {"location": ""}


def _shown_phase(record: PhaseRecord) -> Json:
    body: Json = {"phaseType": str(record.phase), "startTime": record.started}
    if record.status is not None and record.ended is not None:
        body |= {
            "phaseStatus": str(record.status),
            "endTime": record.ended,
            "durationInSeconds": int(record.ended - record.started),
            "contexts": [{"statusCode": code, "message": text} for code, text in record.contexts],
        }
    return body


def _shown_logs(build: Build) -> Json:
    if not log_is_enabled(build):
        return {"cloudWatchLogs": {"status": "DISABLED"}}
    tenant = build.project.tenant
    group, stream = log_location(build)
    return {
        "groupName": group,
        "streamName": stream,
        "cloudWatchLogs": {"status": "ENABLED", "groupName": group},
        "cloudWatchLogsArn": (
            f"arn:aws:logs:{tenant.region}:{tenant.account}:log-group:{group}:log-stream:{stream}"
        ),
    }
