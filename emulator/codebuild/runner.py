"""Carries out one build: its phases in order, each with its status, times and contexts.

Which phase follows a failed one is AWS's table ("Build phase transitions"): after a failed INSTALL
or PRE_BUILD comes FINALIZING, after a failed BUILD still POST_BUILD. Processes work in wall time,
so a time-out never ends a build in less than `SHORTEST_TIMEOUT_SECONDS` of it.
"""

import contextlib
import logging
import shutil
import threading
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Protocol

from botocore.exceptions import BotoCoreError, ClientError

from emulator.clock import CloudClock
from emulator.codebuild import artifacts, buildspec, environment, reporting, sources, tools
from emulator.codebuild.buildlog import BuildLog
from emulator.codebuild.buildspec import Buildspec, BuildspecError, OnFailure, Phase
from emulator.codebuild.environment import Clients, Folders
from emulator.codebuild.errors import PhaseError
from emulator.codebuild.shell import Shell, ShellEndedError
from emulator.codebuild.state import Build, BuildStatus, PhaseRecord, PhaseType

_log = logging.getLogger(__name__)

SHORTEST_TIMEOUT_SECONDS = 600.0

_COMMAND_PHASES = (
    (PhaseType.INSTALL, "install"),
    (PhaseType.PRE_BUILD, "pre_build"),
    (PhaseType.BUILD, "build"),
    (PhaseType.POST_BUILD, "post_build"),
)


class EndedError(Exception):
    """The build was stopped or has timed out."""


class Surroundings(Protocol):
    """What a build needs of its cloud."""

    clock: CloudClock
    directory: Path

    def clients(self, build: Build) -> Clients:
        """Clients of the service role; PhaseError if CodeBuild can't assume it."""
        ...

    def variables(self, build: Build) -> dict[str, str]:
        """The variables by which the build's processes reach this cloud as the service role."""
        ...

    def reporter(self, build: Build) -> reporting.Reporter:
        """Where its reports go, as the service role."""
        ...

    def changed(self, build: Build) -> None:
        """The build has got another status."""
        ...


@dataclass(slots=True, eq=False)
class BuildRun:
    """One build under way."""

    build: Build
    around: Surroundings
    folders: Folders = field(init=False)
    spec: Buildspec = field(default_factory=Buildspec)
    clients: Clients | None = None
    log: BuildLog | None = None
    shell: Shell | None = None
    succeeding: bool = True

    def __post_init__(self) -> None:
        """Its folder is named by its id, which is unique."""
        self.folders = Folders(root=self.around.directory / self.build.uuid)

    def carry_out(self) -> None:
        """The build is over, its processes and files are gone, and its status says how it ended."""
        timer = self._timer()
        try:
            self._phases()
        except Exception:  # noqa: BLE001 - a build must end whatever happens
            _log.exception("build %s failed", self.build.id)
            self._finish_phase(BuildStatus.FAULT, (("INTERNAL_SERVICE_ERROR", "see the log"),))
            self.build.end_requested = BuildStatus.FAULT
        finally:
            timer.cancel()
            self._clean_up()
            self._conclude()

    def end(self, why: BuildStatus) -> None:
        """The build ends soon with that status; may be called from any thread."""
        if self.build.end_requested is None and not self.build.over.is_set():
            self.build.end_requested = why
            if self.shell is not None:
                self.shell.close()

    def leave_queue(self) -> None:
        """The build ends without having run."""
        self._conclude()

    def _phases(self) -> None:
        build = self.build
        self._finish_phase(BuildStatus.SUCCEEDED)  # QUEUED, which submission began
        if not self._phase(PhaseType.PROVISIONING, self._provision):
            return
        if self._phase(PhaseType.DOWNLOAD_SOURCE, self._download) and self._commands():
            self._phase(PhaseType.UPLOAD_ARTIFACTS, self._upload)
        if build.end_requested is None:
            self._phase(PhaseType.FINALIZING, self._finalize)

    def _commands(self) -> bool:
        """Whether the artifacts are to be uploaded; runs the four phases of commands."""
        for kind, name in _COMMAND_PHASES:
            phase = self.spec.phases.get(name, Phase())
            before = self.succeeding
            if self._phase(kind, self._runner_of(phase)):
                continue
            if self.build.end_requested is not None or phase.on_failure is OnFailure.ABORT:
                return False
            if phase.on_failure is OnFailure.CONTINUE:
                self.succeeding = before
            elif kind in (PhaseType.INSTALL, PhaseType.PRE_BUILD):
                return False
        return True

    def _phase(self, kind: PhaseType, work: Callable[[], None]) -> bool:
        """Whether the phase succeeded; a failed one makes the build fail."""
        self.build.phases = (
            *self.build.phases,
            PhaseRecord(phase=kind, started=self.around.clock.now()),
        )
        status, contexts = BuildStatus.SUCCEEDED, (("", ""),)
        try:
            self._require_time()
            self._say(f"Entering phase {kind}")
            work()
        except PhaseError as error:
            status, contexts = BuildStatus.FAILED, ((error.status_code, error.message),)
        except (ClientError, BotoCoreError) as error:
            status, contexts = BuildStatus.FAILED, (("CLIENT_ERROR", str(error)),)
        except (EndedError, ShellEndedError):
            status = self.build.end_requested or BuildStatus.STOPPED
            if status is BuildStatus.TIMED_OUT:
                contexts = (("BUILD_TIMED_OUT", "Build has timed out."),)
        self._finish_phase(status, contexts)
        if status is not BuildStatus.SUCCEEDED:
            self.succeeding = False
        return status is BuildStatus.SUCCEEDED

    def _require_time(self) -> None:
        if self.build.end_requested is not None:
            raise EndedError

    def _finish_phase(
        self, status: BuildStatus, contexts: tuple[tuple[str, str], ...] = (("", ""),)
    ) -> None:
        last = self.build.phases[-1]
        if last.status is not None:
            return
        done = replace(last, status=status, ended=self.around.clock.now(), contexts=contexts)
        self.build.phases = (*self.build.phases[:-1], done)
        self._say(f"Phase complete: {last.phase} State: {status}")
        for code, message in contexts:
            self._say(f"Phase context status code: {code} Message: {message}")

    def _say(self, text: str) -> None:
        if self.log is not None:
            self.log.say(text)

    def _role_clients(self) -> Clients:
        if self.clients is None:
            self.clients = self.around.clients(self.build)
        return self.clients

    def _provision(self) -> None:
        clients = self._role_clients()
        folders = self.folders
        for folder in (folders.root, folders.source, folders.home, folders.temporary):
            folder.mkdir(parents=True)
        folders.root.chmod(0o700)
        group, stream = log_location(self.build)
        logged = log_is_enabled(self.build)
        log = BuildLog(clients.client("logs") if logged else None, group, stream)
        try:
            log.open()
        except ClientError as error:
            raise PhaseError("ACCESS_DENIED", _log_refusal(self.build, error)) from error
        self.log = log

    def _download(self) -> None:
        clients = self._role_clients()
        s3 = clients.client("s3")
        build, folders = self.build, self.folders
        build.resolved_version = sources.fetch_primary(build, s3, folders.source)
        others = sources.fetch_secondary(build, s3, folders.secondary)
        self.spec = self._read_spec()
        if self.spec.without_effect:
            ignored = ", ".join(self.spec.without_effect)
            self._say(f"Without effect in the embedded cloud: {ignored}")
        declared = environment.declared(build, self.spec, clients)
        if self.log is not None:
            self.log.mask(declared.secrets)
        bin_folder = tools.private_python(folders.root / "python")
        self.shell = Shell(
            self.spec.shell,
            environment={
                **environment.of_codebuild(build, folders),
                **dict(environment.secondary_folders(others)),
                **environment.isolated(),
                **tools.warm_caches(),
                "PATH": tools.search_path(bin_folder),
                "VIRTUAL_ENV": str(bin_folder.parent),
                **self.around.variables(build),
                **declared.values,
            },
            directory=folders.source,
            state=folders.root / "shell",
            output=self.log.output if self.log is not None else -1,
        )

    def _read_spec(self) -> Buildspec:
        """The specification in the source, in the project, or at the path that this names."""
        named = str(self.build.settings.get("source", {}).get("buildspec", ""))
        text = named
        if "\n" not in named and not named.lstrip().startswith("{"):
            path = (self.folders.source / (named or "buildspec.yml")).resolve()
            if not path.is_relative_to(self.folders.source.resolve()) or not path.is_file():
                raise PhaseError("YAML_FILE_ERROR", f"stat {path}: no such file or directory")
            text = path.read_text(encoding="utf-8")
        try:
            return buildspec.parse(text)
        except BuildspecError as error:
            raise PhaseError("YAML_FILE_ERROR", str(error)) from error

    def _runner_of(self, phase: Phase) -> Callable[[], None]:
        def run() -> None:
            try:
                self._run_all(phase.commands)
            finally:
                if phase.finally_ and self.build.end_requested is None:
                    self._run_all(phase.finally_)

        return run

    def _run_all(self, commands: tuple[str, ...]) -> None:
        if self.shell is None:
            raise PhaseError("INTERNAL_SERVICE_ERROR", "the build has no shell")
        exports = {"CODEBUILD_BUILD_SUCCEEDING": "1" if self.succeeding else "0"}
        for command in commands:
            self._require_time()
            self._say(f"Running command {command}")
            code = self.shell.run(command, exports)
            if code != 0:
                self._say(f"Command did not exit successfully {command} exit status {code}")
                raise PhaseError(
                    "COMMAND_EXECUTION_ERROR",
                    f"Error while executing command: {command}. Reason: exit status {code}",
                )

    def _upload(self) -> None:
        self._export()
        try:
            self._report()
        finally:
            s3 = self._role_clients().client("s3")
            self.build.artifacts = artifacts.upload(self.build, self.spec, self.folders.source, s3)

    def _report(self) -> None:
        """What the commands reported is in its groups, also when they failed."""
        reporter = self.around.reporter(self.build)
        for spec in self.spec.reports:
            made = reporter.report(spec, self.folders.source)
            self.build.reports = (*self.build.reports, made)

    def _export(self) -> None:
        if self.shell is not None and self.spec.exported:
            known = self.shell.variables
            self.build.exported = {
                name: known[name] for name in self.spec.exported if name in known
            }

    def _finalize(self) -> None:
        self._export()
        if self.shell is not None:
            self.shell.release()

    def _clean_up(self) -> None:
        if self.shell is not None:
            self.shell.release()
        if self.log is not None:
            with contextlib.suppress(PhaseError):
                self.log.close()
            self.log = None
        shutil.rmtree(self.folders.root, ignore_errors=True)

    def _conclude(self) -> None:
        build, now = self.build, self.around.clock.now()
        self._finish_phase(build.end_requested or BuildStatus.FAILED)
        build.phases = (*build.phases, PhaseRecord(phase=PhaseType.COMPLETED, started=now))
        build.ended = now
        own = BuildStatus.SUCCEEDED if self.succeeding else BuildStatus.FAILED
        build.status = build.end_requested or own
        build.over.set()
        self.around.changed(build)

    def _timer(self) -> threading.Timer:
        seconds = 60.0 * float(self.build.settings.get("timeoutInMinutes", 60))
        patience = max(
            self.around.clock.wall_seconds(seconds), min(seconds, SHORTEST_TIMEOUT_SECONDS)
        )
        timer = threading.Timer(patience, self.end, (BuildStatus.TIMED_OUT,))
        timer.daemon = True
        timer.start()
        return timer


def log_is_enabled(build: Build) -> bool:
    """Whether the build's lines go to CloudWatch Logs."""
    declared = build.settings.get("logsConfig", {}).get("cloudWatchLogs", {})
    return bool(declared.get("status", "ENABLED") == "ENABLED")


def log_location(build: Build) -> tuple[str, str]:
    """The group and stream of the build's log."""
    declared = build.settings.get("logsConfig", {}).get("cloudWatchLogs", {})
    group = declared.get("groupName") or f"/aws/codebuild/{build.project.name}"
    prefix = declared.get("streamName")
    return str(group), build.uuid if not prefix else f"{prefix}/{build.uuid}"


def _log_refusal(build: Build, error: ClientError) -> str:
    return (
        f"Service role {build.settings['serviceRole']} does not allow AWS CodeBuild to create "
        f"Amazon CloudWatch Logs log streams for build {build.arn}. "
        f"Error message: {error.response['Error'].get('Message')}"
    )
