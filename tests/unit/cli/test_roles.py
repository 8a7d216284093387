"""Working under another role."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber

from cli.exits import CommandError, Exit
from cli.roles import assumed
from cli.target import Target
from tests.cli_world import CliWorld

ROLE = "arn:aws:iam::333333333333:role/shop-prod-pipeline-read"


class Stubbed(Target):
    """A target whose STS is a stub."""

    __slots__ = ()

    def client(self, service: str) -> Any:
        """The stub."""
        assert service == "sts"
        return STS


_SESSION = boto3.Session(aws_access_key_id="a", aws_secret_access_key="s", region_name="eu-west-1")
STS: Any = _SESSION.client("sts")


def _target(*, endpoint: str | None) -> Target:
    known = replace(CliWorld().target(), endpoint_url=endpoint)
    fields = ("session", "endpoint_url", "region", "clock", "environment", "embedded")
    return Stubbed(**{name: getattr(known, name) for name in fields})


def _answer(stub: Stubber) -> None:
    taken = {
        "AccessKeyId": "ASIAEXAMPLEEXAMPLE01",
        "SecretAccessKey": "secret",
        "SessionToken": "token",
        "Expiration": datetime.now(UTC) + timedelta(hours=1),
    }
    wanted = {"RoleArn": ROLE, "RoleSessionName": "tidegate"}
    stub.add_response("assume_role", {"Credentials": taken}, wanted)


@pytest.mark.parametrize("endpoint", [None, "http://127.0.0.1:1"])
def test_the_session_is_the_role_s(endpoint: str | None):
    """On AWS and on an embedded cloud, whose address the session keeps."""
    with Stubber(STS) as stub:
        _answer(stub)
        target = assumed(_target(endpoint=endpoint), ROLE)
    credentials = target.session.get_credentials()
    assert credentials is not None
    assert credentials.get_frozen_credentials().access_key == "ASIAEXAMPLEEXAMPLE01"
    if endpoint is not None:
        make: Any = target.session.client
        assert make("dynamodb").meta.endpoint_url == endpoint


def test_a_role_that_may_not_be_taken_says_what_to_do():
    """The first deploy of a stage is a person's."""
    with Stubber(STS) as stub:
        stub.add_client_error("assume_role", "AccessDenied", "not authorized")
        with pytest.raises(CommandError, match="deploy the stage once") as refusal:
            assumed(_target(endpoint=None), ROLE)
    assert refusal.value.code is Exit.REFUSED
