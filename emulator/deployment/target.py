"""The embedded cloud that a session points at; nothing but this machine is accepted."""

import ipaddress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from emulator.deployment.errors import NotLoopbackError

if TYPE_CHECKING:
    import boto3

SERVICES = ("cloudformation", "s3", "ssm", "sts")


@dataclass(frozen=True, kw_only=True, slots=True)
class Target:
    """Clients for one account and region of an embedded cloud."""

    account: str
    region: str
    cloudformation: Any
    s3: Any
    ssm: Any

    def filled_in(self, text: str) -> str:
        """Return the text with the placeholders of a cloud assembly replaced."""
        values = {"AccountId": self.account, "Region": self.region, "Partition": "aws"}
        for name, value in values.items():
            text = text.replace(f"${{AWS::{name}}}", value)
        return text

    @property
    def s3_url(self) -> str:
        """Where buckets are reached, path style."""
        return str(self.s3.meta.endpoint_url).rstrip("/")


def loopback_target(session: "boto3.Session") -> Target:
    """Return the session's clients, once all of them are known to stay on this machine.

    Raises:
        NotLoopbackError: one of them would not; nothing has been sent.
    """
    make: Any = session.client  # its type is an overload for each service of AWS
    clients = {name: make(name) for name in SERVICES}
    for name, client in clients.items():
        endpoint = str(client.meta.endpoint_url)
        if not is_loopback(endpoint):
            raise NotLoopbackError(
                f"this deployer serves embedded clouds only, got {endpoint} for {name}: "
                "set AWS_ENDPOINT_URL to http://127.0.0.1:PORT, or use `cdk deploy` for AWS"
            )
    return Target(
        account=clients["sts"].get_caller_identity()["Account"],
        region=str(clients["cloudformation"].meta.region_name),
        cloudformation=clients["cloudformation"],
        s3=clients["s3"],
        ssm=clients["ssm"],
    )


def is_loopback(url: str) -> bool:
    """Tell whether the URL's host is this machine, without asking DNS."""
    host = urlsplit(url).hostname
    if host is None:
        return False
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
