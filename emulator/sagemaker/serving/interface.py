"""What the data plane says beyond `emulator.sagemaker.ports`: requests, logs, captured data.

The control plane hands over fleets and views by `ports`; these are the values that the rest of the
embedded cloud (front door, CloudWatch Logs, S3) gives and takes. Everything here is immutable.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

from emulator.sagemaker.names import Tenant
from emulator.sagemaker.ports import FleetUnhealthyError


@dataclass(frozen=True, kw_only=True, slots=True)
class InvokeRequest:
    """One InvokeEndpoint call, after authentication; header names are in lower case."""

    tenant: Tenant
    endpoint: str
    headers: Mapping[str, str]
    body: bytes
    request_id: str = ""
    """What AWS's answer names the request by."""


@dataclass(frozen=True, kw_only=True, slots=True)
class InvokeResponse:
    """The answer as it goes on the wire."""

    status: int
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, kw_only=True, slots=True)
class LogLines:
    """Lines that a container wrote, for CloudWatch Logs.

    An event is (milliseconds since the epoch in the cloud's time, message), in order.
    """

    tenant: Tenant | None
    group: str
    stream: str
    events: tuple[tuple[int, str], ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class CaptureObject:
    """One object of captured data, to be written to S3 as `role_arn`."""

    role_arn: str | None
    region: str
    bucket: str
    key: str
    body: bytes
    kms_key_id: str | None


LogSink = Callable[[LogLines], None]
"""Called on the event loop; must be quick and must not raise."""

CaptureStore = Callable[[CaptureObject], Awaitable[None]]
"""Writes one object; what it raises goes to the log of the server."""


class UnknownImageError(Exception):
    """The image is not one of the containers that the embedded cloud can play."""


class ArtifactError(FleetUnhealthyError):
    """The model archive can't be unpacked."""


class FleetClosedError(Exception):
    """A request reached a fleet that takes none any more."""
