"""Puts CodeBuild into the running cloud: API, resource type, the machine that runs builds."""

import asyncio
import os
import shutil
import threading
from pathlib import Path
from typing import Any

from botocore.config import Config

from emulator.cloudformation.registry import RESOURCE_TYPES
from emulator.cloudformation.schemas import bundled_catalogue
from emulator.codebuild import errors
from emulator.codebuild.api import CodeBuild
from emulator.codebuild.builds import BuildOperations
from emulator.codebuild.errors import PhaseError
from emulator.codebuild.projects import ProjectOperations
from emulator.codebuild.queue import BuildQueue
from emulator.codebuild.reporting import Reporter
from emulator.codebuild.reports import ReportOperations, ReportStore
from emulator.codebuild.resources import register_builds
from emulator.codebuild.runner import BuildRun
from emulator.codebuild.state import Build, BuildStatus, PipelineJob
from emulator.codebuild.store import Store
from emulator.runtime import Runtime
from emulator.seams import events, tenancy
from emulator.seams.services import register_service
from emulator.seams.trust import allows, trusts_service

SERVICE_PRINCIPAL = "codebuild.amazonaws.com"

_installed: dict[int, "BuildMachine"] = {}


class RoleClients:
    """Clients of one session of a build's service role."""

    def __init__(self, session: Any, region: str) -> None:
        self._session = session
        self._region = region
        self._made: dict[str, Any] = {}

    def client(self, service: str) -> Any:
        """One that acts as the role."""
        if service not in self._made:
            config = Config(retries={"max_attempts": 2, "mode": "standard"})
            self._made[service] = self._session.client(
                service, region_name=self._region, config=config
            )
        return self._made[service]


class BuildMachine:
    """Where the builds of one cloud run: as many at once as the machine has processors."""

    def __init__(self, runtime: Runtime, store: Store, reports: ReportStore) -> None:
        self._runtime = runtime
        self._store = store
        self._reports = reports
        self.clock = runtime.clock
        self.directory: Path = runtime.state_directory / "codebuild"
        self._queue = BuildQueue(self._carry_out, self._leave, places=max(2, os.cpu_count() or 2))
        self._runs: dict[str, BuildRun] = {}
        self._timers: dict[str, threading.Timer] = {}

    def submit(self, build: Build) -> None:
        """The build is queued; it leaves the queue in time or times out."""
        self._runs[build.id] = BuildRun(build, self)
        minutes = float(build.settings.get("queuedTimeoutInMinutes", 480))
        timer = threading.Timer(
            self.clock.wall_seconds(60.0 * minutes),
            self._queue.drop,
            (build, BuildStatus.TIMED_OUT),
        )
        timer.daemon = True
        self._timers[build.id] = timer
        timer.start()
        self.changed(build)
        self._queue.submit(build)

    def end(self, build: Build, why: BuildStatus) -> None:
        """The build ends soon with that status."""
        run = self._runs.get(build.id)
        if run is not None and not self._queue.drop(build, why):
            # Killing waits for the processes to be gone: not on the event loop.
            threading.Thread(target=run.end, args=(why,), daemon=True, name="build-stop").start()

    def announce(self, token: str, job: PipelineJob) -> None:
        """The next StartBuild with that idempotency token is this job of a pipeline."""
        self._store.announce(token, job)

    def clients(self, build: Build) -> RoleClients:
        """Clients of the service role; PhaseError if CodeBuild can't assume it."""
        role = str(build.settings["serviceRole"])
        if not trusts(role):
            raise PhaseError("ACCESS_DENIED", errors.role_not_assumable(role).message)
        session = self._runtime.session_for_role(role, _session_name(build))
        return RoleClients(session, build.project.tenant.region)

    def variables(self, build: Build) -> dict[str, str]:
        """How the build's processes reach this cloud, as the service role."""
        role = str(build.settings["serviceRole"])
        return {
            **self._runtime.role_credentials(role, _session_name(build)).environment(),
            **self.clock.environment(),
            "AWS_ENDPOINT_URL": self._runtime.endpoint_url,
        }

    def reporter(self, build: Build) -> Reporter:
        """Where its reports go, as the service role."""
        return Reporter(build=build, store=self._reports, allows=role_allows)

    def changed(self, build: Build) -> None:
        """EventBridge is told of the build's status."""
        tenant = build.project.tenant
        event = events.Event(
            source="aws.codebuild",
            detail_type="CodeBuild Build State Change",
            resources=(build.arn,),
            detail={
                "build-status": str(build.status),
                "project-name": build.project.name,
                "build-id": build.arn,
                "current-phase": build.current_phase,
                "additional-information": {
                    "initiator": build.initiator,
                    "build-number": build.number,
                    "build-complete": build.over.is_set(),
                },
                "version": "1",
            },
        )
        events.publish(tenant.account, tenant.region, event)

    def close(self) -> None:
        """No process of a build runs."""
        running = self._queue.close()
        for timer in self._timers.values():
            timer.cancel()
        for build in running:
            run = self._runs.get(build.id)
            if run is not None:
                run.end(BuildStatus.STOPPED)
        shutil.rmtree(self.directory, ignore_errors=True)

    def _carry_out(self, build: Build) -> None:
        self._timers.pop(build.id).cancel()
        try:
            self._runs[build.id].carry_out()
        finally:
            self._runs.pop(build.id, None)

    def _leave(self, build: Build) -> None:
        self._timers.pop(build.id).cancel()
        self._runs.pop(build.id).leave_queue()


def trusts(role_arn: str) -> bool:
    """Whether CodeBuild may assume the role."""
    if role_arn.count(":") < 5:
        return False
    with tenancy.acting_for(role_arn.split(":")[4], "us-east-1"):
        return trusts_service(role_arn, SERVICE_PRINCIPAL)


def role_allows(role_arn: str, action: str, resource: str) -> bool:
    """Whether the role may do the action on the resource."""
    with tenancy.acting_for(role_arn.split(":")[4], "us-east-1"):
        return allows(role_arn, action, resource)


def install_codebuild(runtime: Runtime) -> None:
    """CodeBuild's API answers, and templates may contain projects."""
    now = runtime.clock.now
    store, reports = Store(), ReportStore(now=now)
    machine = BuildMachine(runtime, store, reports)
    _installed[id(runtime)] = machine
    codebuild = CodeBuild(
        projects=ProjectOperations(store=store, trusts=trusts, now=now),
        builds=BuildOperations(store=store, runs=machine, now=now),
        reports=ReportOperations(store=reports),
    )
    register_service(codebuild.service())
    register_builds(RESOURCE_TYPES, bundled_catalogue(), codebuild, runtime)

    async def stop() -> None:
        await asyncio.to_thread(machine.close)

    runtime.on_stop(stop)


def installed(runtime: Runtime) -> BuildMachine:
    """The build machine of that cloud, for the service whose actions are builds."""
    return _installed[id(runtime)]


def _session_name(build: Build) -> str:
    return f"AWSCodeBuild-{build.uuid}"
