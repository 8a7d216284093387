"""What a running action or rule has at hand: its configuration, role, artifacts and patience."""

import json
import secrets
import string
import tempfile
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol, TypeVar

from botocore.exceptions import ClientError

from emulator import archives
from emulator.clock import CloudClock
from emulator.codepipeline.errors import (
    CONFIGURATION_ERROR,
    JOB_FAILED,
    TIMED_OUT,
    AbandonedError,
    ActionError,
)
from emulator.codepipeline.sessions import Sessions, explained
from emulator.codepipeline.state import Artifact, Execution, Pipeline, WorkRun
from emulator.runtime import Credentials
from emulator.seams.services import Permission

T = TypeVar("T")

PAUSE_SECONDS = (0.05, 1.0)
"""Wall time between two looks at something that another service does: grows to the second."""
_GROWTH = 1.3
SHORTEST_TIMEOUT_SECONDS = 60.0
"""Others work in wall time: a time-out never ends an action in less of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What a provider's work led to."""

    variables: Mapping[str, str] = field(default_factory=dict)
    summary: str | None = None


class Builds(Protocol):
    """CodeBuild of this cloud, told beforehand of builds that pipelines start."""

    def announce(self, token: str, job: Any) -> None:
        """The next StartBuild with that idempotency token is this job."""
        ...


class Jobs(Protocol):
    """The jobs that functions report on."""

    def open(self, run: WorkRun) -> str:
        """A job exists for the run; its id."""
        ...

    def result(self, job_id: str) -> Any:
        """What was reported since the job was last asked for, None if nothing."""
        ...


class Connections(Protocol):
    """The connections to Git providers of this cloud."""

    def archive(self, arn: str, repository: str, branch: str, commit: str | None) -> Any:
        """A zip of the repository's files, with its commit; LookupError says what is missing."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    """What providers reach beside AWS's APIs."""

    sessions: Sessions
    clock: CloudClock
    endpoint_url: str
    builds: Builds
    jobs: Jobs
    connections: Connections


@dataclass(slots=True, kw_only=True, eq=False)
class Context:
    """One run of an action or a rule."""

    pipeline: Pipeline
    execution: Execution
    run: WorkRun
    services: Services
    configuration: Mapping[str, str]
    folder: Path
    """A private folder, gone after the run."""
    timeout_seconds: float
    region: str
    outputs: tuple[str, ...] = ()
    """Names of the output artifacts, none for a rule."""

    def client(self, service: str, region: str | None = None) -> Any:
        """A client that acts as the run's role."""
        return self.services.sessions.client(service, region or self.region, **self._identity())

    def credentials(self) -> Credentials:
        """The keys of the run's session."""
        return self.services.sessions.credentials(
            self.execution.declaration.role_arn, self.run.declaration.role_arn, self._session()
        )

    def require(self, permission: Permission) -> None:
        """The run's role may do it, or ActionError says in AWS's words that it may not."""
        self.services.sessions.require(permission, self.region, **self._identity())

    def call(self, client: Any, operation: str, **request: Any) -> Any:
        """The answer of a call; ActionError where it is refused."""
        try:
            return getattr(client, operation)(**request)
        except ClientError as error:
            raise explained(error) from error

    def wait_for(self, probe: Callable[[], T | None]) -> T:
        """What the probe returns once it is not None; looked at ever more slowly.

        ActionError at the time-out, AbandonedError if the run was given up.
        """
        deadline = self.services.clock.now() + self._patience()
        pause, longest = PAUSE_SECONDS
        while True:
            self.run.woken.clear()
            if self.run.abandoned:
                raise AbandonedError
            found = probe()
            if found is not None:
                return found
            left = deadline - self.services.clock.now()
            if left <= 0:
                raise ActionError(TIMED_OUT, "The action failed because it timed out.")
            self.run.woken.wait(min(pause, self.services.clock.wall_seconds(left)))
            pause = min(longest, pause * _GROWTH)

    def wait_to_be_woken(self, done: Callable[[], T | None]) -> T:
        """As `wait_for`, but looked at only when somebody woke the run; no time is spent."""
        deadline = self.services.clock.now() + self.timeout_seconds
        while True:
            if self.run.abandoned:
                raise AbandonedError
            found = done()
            if found is not None:
                return found
            left = deadline - self.services.clock.now()
            if left <= 0:
                raise ActionError(TIMED_OUT, "The action failed because it timed out.")
            self.run.woken.wait(self.services.clock.wall_seconds(left))
            self.run.woken.clear()

    def rest(self, cloud_seconds: float) -> None:
        """That much cloud time has passed; AbandonedError if the run was given up."""
        clock = self.services.clock
        end = clock.now() + cloud_seconds
        while not self.run.abandoned and (left := end - clock.now()) > 0.0:
            self.run.woken.clear()
            self.run.woken.wait(clock.wall_seconds(left))
        if self.run.abandoned:
            raise AbandonedError

    def input_folder(self, name: str) -> Path:
        """The input artifact's files, read by the run's role."""
        target = self.folder / f"in-{name}"
        if not target.exists():
            artifact = self._input(name)
            archive = self.folder / f"{name}.zip"
            answer = self.call(
                self.client("s3"), "get_object", Bucket=artifact.bucket, Key=artifact.key
            )
            with archive.open("wb") as file:
                for chunk in answer["Body"].iter_chunks(1 << 20):
                    file.write(chunk)
            target.mkdir()
            try:
                archives.extract_zip(archive, target)
            except zipfile.BadZipFile as error:
                raise ActionError(JOB_FAILED, f"The artifact {name} is no zip file") from error
        return target

    def input_file(self, reference: str) -> str:
        """The text of `Artifact::path/in/it`."""
        name, found, path = reference.partition("::")
        if not found:
            raise ActionError(
                CONFIGURATION_ERROR, f"{reference!r} must name a file as Artifact::path"
            )
        folder = self.input_folder(name)
        file = (folder / path).resolve()
        if not file.is_relative_to(folder.resolve()) or not file.is_file():
            raise ActionError(JOB_FAILED, f"File [{path}] does not exist in artifact [{name}]")
        return file.read_text(encoding="utf-8")

    def output_place(self, name: str) -> Artifact:
        """Where the output artifact of that name goes: a new key in the artifact bucket."""
        alphabet = string.ascii_letters + string.digits
        unique = "".join(secrets.choice(alphabet) for _ in range(7))
        store = self.execution.declaration.store(self.region)
        key = f"{self.pipeline.name[:20]}/{name[:10]}/{unique}"
        return Artifact(bucket=store.bucket, key=key)

    def put_output(self, name: str, archive: Path) -> None:
        """The zip is the output artifact, written by the run's role, encrypted as declared."""
        place = self.output_place(name)
        key_id = self.execution.declaration.store(self.region).key_id
        # Without a key AWS takes the account's `aws/s3`; here S3's own default then.
        extra = {}
        if key_id is not None:
            extra = {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": key_id}
        with archive.open("rb") as body:
            self.call(
                self.client("s3"),
                "put_object",
                Bucket=place.bucket,
                Key=place.key,
                Body=body,
                ContentType="application/zip",
                **extra,
            )
        self.run.outputs = {**self.run.outputs, name: place}

    def put_output_files(self, name: str, files: Mapping[str, str]) -> None:
        """The output artifact holds those texts under those names."""
        with tempfile.TemporaryDirectory(dir=self.folder) as parent:
            members = []
            for path, text in files.items():
                file = Path(parent) / path
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_text(text, encoding="utf-8")
                members.append((path, file))
            archive = self.folder / f"out-{name}.zip"
            archives.pack_zip(archive, members)
        self.put_output(name, archive)

    def required(self, name: str) -> str:
        """A member of the configuration."""
        return self.configuration[name]

    def json_of(self, name: str) -> Any:
        """A member of the configuration that holds JSON; ActionError if it does not."""
        try:
            return json.loads(self.configuration[name])
        except ValueError as error:
            raise ActionError(CONFIGURATION_ERROR, f"{name} is no valid JSON: {error}") from error

    def _input(self, name: str) -> Artifact:
        if name not in self.run.inputs:
            listed = ", ".join(self.run.inputs) or "none"
            raise ActionError(
                CONFIGURATION_ERROR,
                f"{name} is no input artifact of the action, those are: {listed}",
            )
        return self.run.inputs[name]

    def _identity(self) -> dict[str, Any]:
        return {
            "role": self.execution.declaration.role_arn,
            "action_role": self.run.declaration.role_arn,
            "name": self._session(),
        }

    def _session(self) -> str:
        """An execution's own where an action has a role: whether it may be taken is asked anew."""
        return self.pipeline.name if self.run.declaration.role_arn is None else self.execution.id

    def _patience(self) -> float:
        """The time-out in cloud seconds, long enough for honest work in wall time."""
        shortest = min(self.timeout_seconds, SHORTEST_TIMEOUT_SECONDS)
        return max(self.timeout_seconds, shortest * self.services.clock.scale)
