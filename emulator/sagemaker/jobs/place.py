"""Where jobs run: what all of one cloud share, and the folder of each. It blocks."""

import contextlib
import shutil
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from emulator.sagemaker.artifacts import ClientOfRole
from emulator.sagemaker.jobs import paths
from emulator.sagemaker.jobs.inputs import Reader
from emulator.sagemaker.jobs.job import Job
from emulator.sagemaker.jobs.outputs import Writer
from emulator.sagemaker.jobs.script import Lines
from emulator.sagemaker.names import Tenant

WriteLog = Callable[[Tenant, str, str, Sequence[str]], None]
"""(tenant, group, stream, lines); from any thread."""

GRACE_SECONDS = 120.0
"""The cloud's seconds between SIGTERM and SIGKILL: API reference, StopTrainingJob."""
_SHORTEST_GRACE = 5.0
"""On the wall's clock: programs do not end faster because the cloud's clock runs faster."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """What the jobs of one cloud share."""

    directory: Path
    client_of: ClientOfRole
    credentials: Callable[[str, str], Mapping[str, str]]
    """(role ARN, region) -> the variables by which an AWS SDK acts as the role."""
    write_log: WriteLog
    now: Callable[[], float]
    wall_seconds: Callable[[float], float]

    @contextlib.contextmanager
    def folder(self, job: Job) -> Iterator[Path]:
        """A folder of the job alone, gone afterwards."""
        home = self.directory / f"{job.name}-{uuid.uuid4().hex[:8]}"
        home.mkdir(parents=True)
        try:
            yield home
        finally:
            shutil.rmtree(home, ignore_errors=True)

    def reader(self, tenant: Tenant, role_arn: str) -> Reader:
        """S3 as the role reads it."""
        client = self.client_of(role_arn, tenant.region)
        return Reader(client=client, role_arn=role_arn, region=tenant.region)

    def writer(self, tenant: Tenant, role_arn: str, *, kms_key_id: str | None) -> Writer:
        """S3 as the role writes it."""
        client = self.client_of(role_arn, tenant.region)
        return Writer(client=client, role_arn=role_arn, kms_key_id=kms_key_id)

    def environment(self, tenant: Tenant, role_arn: str, home: Path) -> dict[str, str]:
        """What every program finds: an empty home, the region, and the role's credentials."""
        return {
            **paths.surroundings(home),
            **self.credentials(role_arn, tenant.region),
            "AWS_REGION": tenant.region,
            "AWS_DEFAULT_REGION": tenant.region,
        }

    def log(self, tenant: Tenant, group: str, job: Job) -> Lines:
        """Writes lines to the job's log stream: `<job>/algo-1-<seconds>`."""
        return partial(self.write_log, tenant, group, f"{job.name}/algo-1-{int(self.now())}")

    @property
    def grace_seconds(self) -> float:
        """How long a program may go on after it was asked to end, on the wall's clock."""
        return max(_SHORTEST_GRACE, self.wall_seconds(GRACE_SECONDS))


def text_of(file: Path, *, limit: int) -> str:
    """The beginning of a file that a program may have left, empty without one."""
    if not file.is_file():
        return ""
    with file.open(encoding="utf-8", errors="replace") as opened:
        return opened.read(limit)


def resources(instance_type: Any) -> dict[str, Any]:
    """`resourceconfig.json` of a job on one instance."""
    group = "homogeneousCluster"
    return {
        "current_host": "algo-1",
        "hosts": ["algo-1"],
        "current_instance_type": instance_type,
        "current_group_name": group,
        "instance_groups": [
            {
                "instance_group_name": group,
                "instance_type": instance_type,
                "hosts": ["algo-1"],
            }
        ],
        "network_interface_name": "eth0",
    }
