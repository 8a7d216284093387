"""The projects and builds of every tenant, in memory, and the jobs that pipelines announce."""

import threading
from dataclasses import dataclass, field

from emulator.codebuild import errors
from emulator.codebuild.state import Build, PipelineJob, Project, Tenant


@dataclass(slots=True)
class Shelf:
    """What one tenant has; builds in the order of their start."""

    projects: dict[str, Project] = field(default_factory=dict)
    builds: dict[str, Build] = field(default_factory=dict)
    numbers: dict[str, int] = field(default_factory=dict)
    tokens: dict[str, str] = field(default_factory=dict)


class Store:
    """Checks existence and nothing else."""

    def __init__(self) -> None:
        self._shelves: dict[Tenant, Shelf] = {}
        self._jobs: dict[str, PipelineJob] = {}
        self.lock = threading.RLock()

    def shelf(self, tenant: Tenant) -> Shelf:
        """What the tenant has."""
        with self.lock:
            return self._shelves.setdefault(tenant, Shelf())

    def project(self, tenant: Tenant, name_or_arn: str) -> Project:
        """The project, or AWS's error."""
        name = name_or_arn.rpartition("/")[2]
        project = self.shelf(tenant).projects.get(name)
        if project is None:
            raise errors.project_not_found(tenant.arn("project", name))
        return project

    def build(self, tenant: Tenant, id_or_arn: str) -> Build:
        """The build, or AWS's error."""
        build_id = id_or_arn.rpartition("/")[2]
        build = self.shelf(tenant).builds.get(build_id)
        if build is None:
            raise errors.build_not_found(id_or_arn)
        return build

    def announce(self, token: str, job: PipelineJob) -> None:
        """The next StartBuild with that idempotency token is this job of a pipeline."""
        with self.lock:
            self._jobs[token] = job

    def take_job(self, token: str | None) -> PipelineJob | None:
        """The job announced under the token, which is spent; None without one."""
        with self.lock:
            return None if token is None else self._jobs.pop(token, None)
