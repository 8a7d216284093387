"""What CodeBuild remembers of projects and builds. Times are Unix seconds on the cloud's clock."""

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Tenant:
    """One account in one region: nothing is shared between two."""

    account: str
    region: str

    def arn(self, kind: str, name: str) -> str:
        """The ARN of a `project`, `build` or `report`."""
        return f"arn:aws:codebuild:{self.region}:{self.account}:{kind}/{name}"


class BuildStatus(StrEnum):
    """How a build or a phase of it stands, spelled as AWS does."""

    IN_PROGRESS = "IN_PROGRESS"
    SUCCEEDED = "SUCCEEDED"
    FAILED = "FAILED"
    FAULT = "FAULT"
    TIMED_OUT = "TIMED_OUT"
    STOPPED = "STOPPED"


class PhaseType(StrEnum):
    """The phases of a build in their order, spelled as AWS does."""

    SUBMITTED = "SUBMITTED"
    QUEUED = "QUEUED"
    PROVISIONING = "PROVISIONING"
    DOWNLOAD_SOURCE = "DOWNLOAD_SOURCE"
    INSTALL = "INSTALL"
    PRE_BUILD = "PRE_BUILD"
    BUILD = "BUILD"
    POST_BUILD = "POST_BUILD"
    UPLOAD_ARTIFACTS = "UPLOAD_ARTIFACTS"
    FINALIZING = "FINALIZING"
    COMPLETED = "COMPLETED"


@dataclass(frozen=True, slots=True, kw_only=True)
class Project:
    """A project as it was created or last updated; `request` is that request, tags taken out."""

    tenant: Tenant
    name: str
    request: Mapping[str, Any]
    tags: Mapping[str, str]
    created: float
    modified: float

    @property
    def arn(self) -> str:
        """Its ARN."""
        return self.tenant.arn("project", self.name)


@dataclass(frozen=True, slots=True, kw_only=True)
class PhaseRecord:
    """One phase of a build; the last one has neither status nor end while it runs."""

    phase: PhaseType
    started: float
    status: BuildStatus | None = None
    ended: float | None = None
    contexts: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class S3Object:
    """Where an artifact is, or is to be put."""

    bucket: str
    key: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PipelineJob:
    """What a pipeline's action hands to its build: input zips by name, where outputs go.

    The primary input is the build's source; the first output is the primary artifact.
    """

    initiator: str
    inputs: Mapping[str, S3Object]
    primary_input: str
    outputs: Mapping[str, S3Object]
    revision: str | None = None
    encryption_key: str | None = None


@dataclass(slots=True, kw_only=True, eq=False)
class Build:
    """One build. Its thread changes it; readers see each assignment whole."""

    project: Project
    id: str
    number: int
    overrides: Mapping[str, Any]
    settings: Mapping[str, Any]
    """The project's request with the overrides applied."""
    initiator: str
    started: float
    job: PipelineJob | None = None
    status: BuildStatus = BuildStatus.IN_PROGRESS
    phases: tuple[PhaseRecord, ...] = ()
    ended: float | None = None
    resolved_version: str | None = None
    exported: Mapping[str, str] = field(default_factory=dict)
    artifacts: tuple[Json, ...] = ()
    reports: tuple[str, ...] = ()
    end_requested: BuildStatus | None = None
    """Why it has to end before its time: STOPPED or TIMED_OUT."""
    over: threading.Event = field(default_factory=threading.Event)

    @property
    def uuid(self) -> str:
        """The part of the id after the project's name; also the name of its log stream."""
        return self.id.partition(":")[2]

    @property
    def arn(self) -> str:
        """Its ARN."""
        return self.project.tenant.arn("build", self.id)

    @property
    def current_phase(self) -> str:
        """The phase that it is in, or was in last."""
        return str(self.phases[-1].phase) if self.phases else str(PhaseType.SUBMITTED)
