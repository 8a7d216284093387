"""Which cloud a command talks to: the embedded one when it runs here, AWS in the usual ways.

`--on embedded` and `--on aws` say it outright. Without it, AWS_ENDPOINT_URL or AWS credentials in
the environment mean what they mean to every AWS tool; else a running embedded cloud is taken.
"""

import os
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

import boto3

from cli.exits import CommandError, Exit
from emulator.clock import CloudClock
from emulator.server import CloudError, EmbeddedCloud

STATE_DIRECTORY = Path(".tidegate")


class On(StrEnum):
    """The cloud asked for by `--on`."""

    AUTO = "auto"
    EMBEDDED = "embedded"
    AWS = "aws"


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


def embedded_target(cloud: EmbeddedCloud) -> Target:
    """A running embedded cloud as a target."""
    return Target(
        session=cloud.session(),
        endpoint_url=cloud.endpoint_url,
        region=cloud.region,
        clock=cloud.clock,
        environment=cloud.environment(),
        embedded=True,
    )


def choose(on: On, *, region: str) -> Target:
    """The cloud to work on; CommandError says what to do when there is none."""
    if on is not On.AWS and not (on is On.AUTO and _shell_points_at_aws()):
        try:
            return embedded_target(EmbeddedCloud.attach(STATE_DIRECTORY))
        except CloudError as error:
            if on is On.EMBEDDED:
                raise CommandError(f"{error}: run 'tidegate up'", code=Exit.UNREACHABLE) from error
    session = boto3.Session(region_name=region)
    if session.get_credentials() is None:
        raise CommandError(
            "no embedded cloud runs here and no AWS credentials were found: run 'tidegate up', "
            "or sign in to AWS",
            code=Exit.UNREACHABLE,
        )
    return Target(
        session=session,
        endpoint_url=os.environ.get("AWS_ENDPOINT_URL"),
        region=region,
        clock=CloudClock(origin_seconds=0.0),
        environment={},
        embedded=False,
    )


def _shell_points_at_aws() -> bool:
    return any(
        name in os.environ for name in ("AWS_ENDPOINT_URL", "AWS_PROFILE", "AWS_ACCESS_KEY_ID")
    )
