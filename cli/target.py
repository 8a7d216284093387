"""Which cloud a command talks to: an embedded one of this machine, or AWS in the usual ways.

`--on embedded` and `--on aws` say it outright. Without it AWS_ENDPOINT_URL counts, as for every AWS
tool; then an embedded cloud that runs in this folder, even where the shell has AWS credentials:
a laptop's cloud changed by mistake costs nothing, a real account does.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config

from cli.exits import CommandError, Exit
from cli.options import On
from cli.output import note
from emulator.clock import FILE_VARIABLE, CloudClock
from emulator.deployment.target import is_loopback
from emulator.server import STATE_FILE, CloudError, EmbeddedCloud

STATE_DIRECTORY = Path(".tidegate")
_SHELL_CREDENTIALS = ("AWS_PROFILE", "AWS_ACCESS_KEY_ID")


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """A cloud that commands work on."""

    session: boto3.Session
    endpoint_url: str | None
    region: str
    clock: CloudClock
    environment: dict[str, str]
    """AWS variables for child processes; the shell's own on AWS."""
    embedded: bool

    @property
    def name(self) -> str:
        """What people are told they are talking to."""
        if self.endpoint_url is not None:
            place = "the embedded cloud at " if self.embedded else ""
            return f"{place}{self.endpoint_url}"
        return f"AWS, {self.region}"

    def client(self, service: str) -> Any:
        """A client of one of the cloud's services, with stated limits.

        A cloud on this machine answers at once or is gone; AWS may throttle, and is asked again.
        """
        config = Config(
            connect_timeout=2,
            read_timeout=30,
            retries={"mode": "standard", "total_max_attempts": 2 if self.embedded else 5},
        )
        factory: Any = self.session.client
        return factory(service, config=config)

    @property
    def refresh_seconds(self) -> float:
        """How long to wait between two looks at a release: on AWS, looking costs."""
        return 0.5 if self.embedded else 5.0


def embedded_target(cloud: EmbeddedCloud, account: str | None = None) -> Target:
    """A running embedded cloud as a target: one of its accounts, its own without one."""
    return Target(
        session=cloud.session(account),
        endpoint_url=cloud.endpoint_url,
        region=cloud.region,
        clock=cloud.clock,
        environment=cloud.environment(account),
        embedded=True,
    )


def running_cloud(directory: Path = STATE_DIRECTORY) -> EmbeddedCloud | None:
    """The embedded cloud that runs in this folder, None when none does."""
    try:
        return EmbeddedCloud.attach(directory)
    except CloudError:
        return None
    except (ValueError, LookupError, TypeError) as error:
        raise CommandError(
            f"{directory / STATE_FILE} cannot be read ({error}): remove it, and end the process "
            "'python -m emulator' if one still runs",
            code=Exit.UNREACHABLE,
        ) from error


def choose(on: On, *, region: str, account: str | None = None) -> Target:
    """The cloud to work on; CommandError says what to do when there is none."""
    cloud = None if on is On.AWS else running_cloud()
    if cloud is None:
        if on is On.EMBEDDED:
            raise CommandError(
                "no embedded cloud runs in this folder: run 'tidegate up'", code=Exit.UNREACHABLE
            )
        return _aws(region, environment=os.environ)
    elsewhere = os.environ.get("AWS_ENDPOINT_URL")
    if on is On.AUTO and elsewhere not in (None, cloud.endpoint_url):
        return _aws(region, environment=os.environ)
    if on is On.AUTO and elsewhere is None and any(n in os.environ for n in _SHELL_CREDENTIALS):
        note("an embedded cloud runs here: working on it, not on AWS ('--on aws' would)")
    return _there(cloud, region, account)


def _there(cloud: EmbeddedCloud, region: str, account: str | None) -> Target:
    if region not in ("", cloud.region):
        raise CommandError(
            f"the stage is in {region}, the embedded cloud of this folder in {cloud.region}: "
            f"run 'tidegate down' and 'tidegate up --region {region}'",
            code=Exit.REFUSED,
        )
    if account is not None and account not in cloud.administrators:
        raise CommandError(
            f"the stage is in account {account}, the embedded cloud of this folder has "
            f"{', '.join(cloud.administrators)}: run 'tidegate down' and 'tidegate up', which "
            "starts one with the accounts of the project file",
            code=Exit.REFUSED,
        )
    return embedded_target(cloud, account)


def _aws(region: str, *, environment: Mapping[str, str]) -> Target:
    session = boto3.Session(region_name=region or None)
    if session.get_credentials() is None:
        raise CommandError(
            "no embedded cloud runs here and no AWS credentials were found: run 'tidegate up', "
            "or sign in to AWS",
            code=Exit.UNREACHABLE,
        )
    if session.region_name is None:
        raise CommandError(
            "the stage names no region and neither does the shell: set 'region' in the project "
            "file, or AWS_REGION",
            code=Exit.USAGE,
        )
    return Target(
        session=session,
        endpoint_url=environment.get("AWS_ENDPOINT_URL"),
        region=session.region_name,
        clock=CloudClock.from_environment(environment),
        environment={},
        embedded=_is_embedded(environment),
    )


def _is_embedded(environment: Mapping[str, str]) -> bool:
    """Whether the shell's endpoint is an embedded cloud's: only such a one has a clock to tell."""
    endpoint = environment.get("AWS_ENDPOINT_URL")
    return endpoint is not None and is_loopback(endpoint) and FILE_VARIABLE in environment
