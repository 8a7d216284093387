"""An embedded cloud from the outside: start it, reach it, stop it.

The cloud is a process of its own (`python -m emulator`). Started with `start` it dies with this
process, whatever ends it; started with `start_detached` it stays until `stop_detached`, and its
address and keys are in `cloud.json` of its state directory. This module may not import ministack.
"""

import base64
import contextlib
import json
import os
import signal
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import TracebackType
from typing import IO, TYPE_CHECKING, Any, Self

from emulator import loopback, processes
from emulator.ai import control, recordings
from emulator.ai.faults import Faults
from emulator.clock import CloudClock
from emulator.descriptors import readable
from emulator.runtime import Credentials
from emulator.settings import Settings

if TYPE_CHECKING:
    import boto3

__all__ = ["CloudError", "EmbeddedCloud", "Settings"]

START_TIMEOUT_SECONDS = 30.0
STOP_GRACE_SECONDS = 5.0
STATE_FILE = "cloud.json"
LOG_FILE = "server.log"
_ENTRY = {
    "SAGEMAKER_PROGRAM": "inference.py",
    "SAGEMAKER_SUBMIT_DIRECTORY": "/opt/ml/model/code",
}
_INHERITED = ("PATH", "HOME", "LANG", "LC_ALL", "TZ", "TMPDIR", "LD_LIBRARY_PATH", "VIRTUAL_ENV")


class CloudError(Exception):
    """The embedded cloud could not be started, reached or stopped; the message says why."""


@dataclass(kw_only=True)
class EmbeddedCloud:
    """A running cloud: its address, its administrator's credentials and its clock.

    `dns_port` answers DNS on 127.0.0.1; load balancers listen on the addresses it gives, on their
    listeners' ports (those under 1024 plus `low_port_offset`), with certificates of the authority
    whose certificate is in the file `certificate_authority`. `account` is its own; `administrators`
    has the keys for every account in it.
    """

    pid: int
    endpoint_url: str
    region: str
    account: str
    administrators: Mapping[str, Credentials] = field(repr=False)
    clock: CloudClock
    dns_port: int = 0
    low_port_offset: int = 0
    certificate_authority: Path = Path()
    start_seconds: float = 0.0
    child: processes.Child | None = field(default=None, repr=False)
    temporary: tempfile.TemporaryDirectory[str] | None = field(default=None, repr=False)

    @classmethod
    def start(cls, settings: Settings | None = None) -> Self:
        """A cloud runs that dies with this process; CloudError if it does not answer."""
        settings = settings if settings is not None else Settings()
        directory = None
        if settings.state_directory is None:
            directory = tempfile.TemporaryDirectory(prefix="embedded-cloud-")
            settings = replace(settings, state_directory=Path(directory.name))
        try:
            cloud = cls._launch(settings, processes.spawn)
        except BaseException:
            if directory is not None:
                directory.cleanup()
            raise
        cloud.temporary = directory
        return cloud

    @classmethod
    def start_detached(cls, settings: Settings) -> Self:
        """A cloud runs that outlives this process; one already running there is refused."""
        directory = _required_directory(settings)
        running = cls._recorded(directory)
        if running is not None:
            raise CloudError(
                f"an embedded cloud already runs in {directory}, "
                f"got process {running.pid} at {running.endpoint_url}: stop it or attach to it"
            )
        cloud = cls._launch(settings, processes.spawn_detached)
        _write_private(directory / STATE_FILE, cloud.record())
        return cloud

    @classmethod
    def attach(cls, state_directory: Path) -> Self:
        """The detached cloud of that state directory; CloudError if none runs."""
        running = cls._recorded(state_directory)
        if running is None:
            raise CloudError(f"no embedded cloud runs in {state_directory}: start one")
        return running

    @classmethod
    def stop_detached(cls, state_directory: Path) -> bool:
        """No cloud runs in that state directory; whether one did."""
        running = cls._recorded(state_directory)
        (state_directory / STATE_FILE).unlink(missing_ok=True)
        if running is None:
            return False
        running.stop()
        return True

    @property
    def alive(self) -> bool:
        """Whether the server process runs."""
        return self.child.alive if self.child is not None else processes.is_running(self.pid)

    def credentials(self, account: str | None = None) -> Credentials:
        """The keys of an account's administrator, of the cloud's own without one.

        Raises:
            CloudError: the cloud has no such account.
        """
        wanted = self.account if account is None else account
        if wanted not in self.administrators:
            raise CloudError(
                f"the embedded cloud has no account {wanted}, it has: "
                f"{', '.join(self.administrators)}"
            )
        return self.administrators[wanted]

    def session(self, account: str | None = None) -> "boto3.Session":
        """A boto3 session of an account's administrator; its clients reach this cloud."""
        credentials = self.credentials(account)
        return credentials.session(endpoint_url=self.endpoint_url, region=self.region)

    def environment(self, account: str | None = None) -> dict[str, str]:
        """The variables that make any AWS SDK or tool in a child process use this cloud."""
        return {
            **self.credentials(account).environment(),
            "AWS_ENDPOINT_URL": self.endpoint_url,
            "AWS_REGION": self.region,
            "AWS_DEFAULT_REGION": self.region,
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_CONFIG_FILE": os.devnull,
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        }

    def api_url(self, api_id: str, *, stage: str = "$default") -> str:
        """Where an HTTP API of API Gateway is reached; the path follows without a slash between."""
        return f"{self.endpoint_url}/_aws/execute-api/{api_id}/{stage}"

    def set_faults(self, service: str, faults: Faults) -> None:
        """The AI service (`comprehend`) throttles and fails by those shares from now on.

        Raises:
            FaultControlError: the cloud has no such service.
        """
        control.put_faults(
            self._faults_url(service), self.credentials(), self.region, faults=faults
        )

    def faults(self, service: str) -> dict[str, Any]:
        """The faults of the AI service, with calls and items counted since they were set.

        Raises:
            FaultControlError: the cloud has no such service.
        """
        return control.get_faults(self._faults_url(service), self.credentials(), self.region)

    def interrupt_spot(self, training_job: str) -> None:
        """The training job, which runs on spot capacity, loses it and begins again.

        Raises:
            FaultControlError: there is no such job, it does not train now, or not on spot.
        """
        url = f"{self.endpoint_url}{control.SPOT_PATH}{training_job}"
        control.put_interruption(url, self.credentials(), self.region)

    def end_liveness(
        self,
        session_id: str,
        *,
        confidence: float | None = None,
        image: bytes | None = None,
        feedback: Sequence[str] = (),
    ) -> None:
        """The session of Face Liveness found a live face on the image, or none without one.

        Raises:
            FaultControlError: there is no such session, it ended before, or the image is wrong.
        """
        outcome: dict[str, Any] = {"feedback": list(feedback)}
        if image is not None:
            outcome["image"] = base64.b64encode(image).decode()
        if confidence is not None:
            outcome["confidence"] = confidence
        url = f"{self.endpoint_url}{control.LIVENESS_PATH}{session_id}"
        control.put_liveness(url, self.credentials(), self.region, outcome=outcome)

    def record_answer(self, service: str, content: bytes, answer: Mapping[str, Any]) -> None:
        """The AI service (`transcribe`) answers so to an input of these bytes, in all accounts.

        Raises:
            FaultControlError: the service takes no recordings, or the answer can't be one.
        """
        url = f"{self.endpoint_url}{recordings.PATH}{service}/{recordings.digest_of(content)}"
        control.put_recording(url, self.credentials(), self.region, answer=answer)

    def list_in_marketplace(
        self, arn: str, *, image: str, artifact: Path, subscribed: Sequence[str] = ()
    ) -> None:
        """The model package of that ARN is listed, and these accounts are subscribed to it.

        It runs the artifact, a .tar.gz on this machine, in the image's container, by the entry
        point code/inference.py.

        Raises:
            FaultControlError: there is no such artifact.
        """
        product = {"ModelPackageArn": arn, "Image": image, "Artifact": str(artifact)}
        self._list(product, subscribed)

    def list_algorithm_in_marketplace(
        self, arn: str, *, image: str, subscribed: Sequence[str] = ()
    ) -> None:
        """The algorithm of that ARN is listed, and these accounts are subscribed to it.

        Models that were made with it run in the image's container, by the entry point of their
        artifacts. Training jobs do not run it. Raises as `list_in_marketplace`.
        """
        self._list({"AlgorithmArn": arn, "Image": image}, subscribed)

    def _list(self, product: Mapping[str, str], subscribed: Sequence[str]) -> None:
        listing = {**product, "Environment": _ENTRY, "Subscribers": list(subscribed)}
        url = f"{self.endpoint_url}{control.MARKETPLACE_PATH}"
        control.put_listing(url, self.credentials(), self.region, listing=listing)

    def _faults_url(self, service: str) -> str:
        return f"{self.endpoint_url}{control.PATH}{service}"

    def local_port(self, port: int) -> int:
        """Where the listener port of a load balancer is open on this machine."""
        return loopback.local_port(port, self.low_port_offset)

    def stop(self) -> None:
        """Neither the server nor anything it started runs."""
        if self.child is not None:
            self.child.stop(STOP_GRACE_SECONDS)
        else:
            _end(self.pid)
        if self.temporary is not None:
            self.temporary.cleanup()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    @classmethod
    def _launch(cls, settings: Settings, spawn: Any) -> Self:
        directory = _required_directory(settings)
        directory.mkdir(parents=True, exist_ok=True)
        started = time.monotonic()
        reading, writing = os.pipe()
        argv = [sys.executable, "-m", "emulator", *settings.arguments(), f"--ready-fd={writing}"]
        log_path = directory / LOG_FILE
        try:
            with log_path.open("wb") as log:
                child = spawn(
                    argv, environment=_server_environment(), output=log, pass_fds=(writing,)
                )
        finally:
            os.close(writing)
        with os.fdopen(reading, "rb") as pipe:
            line = _read_line(pipe, child)
        if line is None:
            child.stop()
            raise CloudError(f"the embedded cloud did not start: {_tail(log_path)}")
        cloud = cls._from_record(json.loads(line))
        cloud.child = child
        cloud.start_seconds = time.monotonic() - started
        return cloud

    @classmethod
    def _recorded(cls, state_directory: Path) -> Self | None:
        """The cloud that the state file names, if it still runs."""
        with contextlib.suppress(FileNotFoundError):
            cloud = cls._from_record(json.loads((state_directory / STATE_FILE).read_text("utf-8")))
            if _is_server(cloud.pid):
                return cloud
        return None

    @classmethod
    def _from_record(cls, record: Mapping[str, Any]) -> Self:
        return cls(
            pid=record["pid"],
            endpoint_url=record["endpoint_url"],
            region=record["region"],
            account=record["account"],
            administrators={
                account: Credentials(**keys) for account, keys in record["administrators"].items()
            },
            clock=CloudClock.of_file(Path(record["clock"])),
            dns_port=record["dns_port"],
            low_port_offset=record["low_port_offset"],
            certificate_authority=Path(record["certificate_authority"]),
        )

    def record(self) -> dict[str, Any]:
        """What another process needs to attach; it holds the administrators' secret keys."""
        return {
            "pid": self.pid,
            "endpoint_url": self.endpoint_url,
            "region": self.region,
            "account": self.account,
            "administrators": {
                account: keys.record() for account, keys in self.administrators.items()
            },
            "clock": str(self.clock.file),
            "dns_port": self.dns_port,
            "low_port_offset": self.low_port_offset,
            "certificate_authority": str(self.certificate_authority),
        }


def _required_directory(settings: Settings) -> Path:
    if settings.state_directory is None:
        raise CloudError("a detached cloud needs a state directory, got none: name one")
    return settings.state_directory


def _server_environment() -> dict[str, str]:
    """What the server needs of ours, and nothing of our AWS set-up."""
    kept = {name: os.environ[name] for name in _INHERITED if name in os.environ}
    return {**kept, "PYTHONPATH": str(Path(__file__).resolve().parent.parent)}


def _read_line(pipe: IO[bytes], child: processes.Child) -> bytes | None:
    """The line the server writes when it answers; None if it ended or took too long."""
    ready = readable([pipe.fileno()], seconds=START_TIMEOUT_SECONDS)
    line = pipe.readline() if ready else b""
    return line if line and child.alive else None


def _tail(path: Path) -> str:
    lines = path.read_text("utf-8", errors="replace").strip().splitlines()
    return " | ".join(lines[-5:]) if lines else "it said nothing"


def _write_private(path: Path, record: Mapping[str, Any]) -> None:
    """The file holds credentials: only its owner may read it."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        json.dump(record, file, indent=2)


def _is_server(pid: int) -> bool:
    """Whether that process is an embedded cloud and not another that was given its number."""
    if not processes.is_running(pid):
        return False
    try:
        command = Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return True
    return b"emulator" in command


def _end(pid: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGTERM)
    if not processes.wait_until(
        lambda: not processes.is_running(pid), timeout_seconds=STOP_GRACE_SECONDS
    ):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(pid, signal.SIGKILL)
