"""Working under another role: the session of whoever may take it, fresh for as long as it lasts."""

from dataclasses import replace
from typing import Any

import boto3
import botocore.session
from botocore.credentials import RefreshableCredentials
from botocore.exceptions import ClientError

from cli.exits import CommandError, Exit
from cli.target import Target
from emulator.runtime import Credentials

_SESSION = "tidegate"


def assumed(target: Target, role: str) -> Target:
    """The target as this role sees it; CommandError when the role may not be taken."""
    try:
        first = _take(target, role)
    except ClientError as error:
        raise CommandError(
            f"role {role} may not be taken ({error.response['Error']['Message']}): deploy the "
            "stage once from a shell that may, and the roles of its pipeline are there",
            code=Exit.REFUSED,
        ) from error
    return replace(target, session=_session(target, role, first))


def _take(target: Target, role: str) -> dict[str, Any]:
    client = target.client("sts")
    taken: dict[str, Any] = client.assume_role(RoleArn=role, RoleSessionName=_SESSION)
    return dict(taken["Credentials"])


def _session(target: Target, role: str, first: dict[str, Any]) -> boto3.Session:
    if target.endpoint_url is not None:
        # An embedded cloud: its own session knows where it is.
        credentials = Credentials.of_sts(first)
        return credentials.session(endpoint_url=target.endpoint_url, region=target.region)
    session: Any = botocore.session.Session()
    session._credentials = RefreshableCredentials.create_from_metadata(  # noqa: SLF001 - as botocore's own examples of refreshing do
        metadata=_metadata(first),
        refresh_using=lambda: _metadata(_take(target, role)),
        method="sts-assume-role",
    )
    return boto3.Session(botocore_session=session, region_name=target.region)


def _metadata(taken: dict[str, Any]) -> dict[str, str]:
    return {
        "access_key": taken["AccessKeyId"],
        "secret_key": taken["SecretAccessKey"],
        "token": taken["SessionToken"],
        "expiry_time": taken["Expiration"].isoformat(),
    }
