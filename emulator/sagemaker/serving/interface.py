"""What control plane and data plane tell each other, and nothing else.

The control plane builds a `FleetSpec` for each variant, waits until the fleet is healthy and then
publishes an `EndpointView`. Views are immutable and swapped whole: a request sees either the old
one or the new one, never a mixture. Everything here lives on the server's event loop.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path
from typing import Protocol


class EndpointStatus(Enum):
    """The statuses of an endpoint, as DescribeEndpoint spells them."""

    OUT_OF_SERVICE = "OutOfService"
    CREATING = "Creating"
    UPDATING = "Updating"
    SYSTEM_UPDATING = "SystemUpdating"
    ROLLING_BACK = "RollingBack"
    IN_SERVICE = "InService"
    DELETING = "Deleting"
    FAILED = "Failed"
    UPDATE_ROLLBACK_FAILED = "UpdateRollbackFailed"


@dataclass(frozen=True, kw_only=True, slots=True)
class ModelSpec:
    """One container of a model, its artifact already downloaded under the execution role.

    `model_data_path` is None for a model without ModelDataUrl; `model_data_url` is only quoted.
    """

    name: str
    image: str
    model_data_path: Path | None
    environment: Mapping[str, str]
    model_data_url: str = ""
    container_name: str = "primary"


@dataclass(frozen=True, kw_only=True, slots=True)
class FleetSpec:
    """What the instances of one production variant run, and how many there are at first."""

    account: str
    region: str
    endpoint: str
    variant: str
    model: ModelSpec
    instance_count: int
    model_seconds: float = 60.0
    """SageMaker's limit for one invocation of a container, in wall seconds."""


@dataclass(frozen=True, kw_only=True, slots=True)
class FleetMetrics:
    """What a fleet served since the counts were last taken.

    Latencies are histograms {microseconds, rounded to three digits: requests}, the shape that
    PutMetricData takes as Values and Counts, so that percentiles stay possible.
    """

    invocations: int = 0
    errors_4xx: int = 0
    errors_5xx: int = 0
    model_errors: int = 0
    model_latency: Mapping[int, int] = field(default_factory=dict)
    overhead_latency: Mapping[int, int] = field(default_factory=dict)


class FleetPort(Protocol):
    """What the control plane may do with a fleet."""

    @property
    def spec(self) -> FleetSpec:
        """What the fleet runs."""

    @property
    def healthy_instances(self) -> int:
        """Instances that answered their last ping with 200 and are not draining."""

    @property
    def instance_pids(self) -> tuple[int, ...]:
        """Process ids of the living instances, for reports of memory."""

    async def wait_healthy(self, deadline_seconds: float) -> None:
        """Return once every instance is healthy; raise `FleetUnhealthyError` with AWS's reason."""

    async def resize(self, instance_count: int) -> None:
        """Start or drain instances; returns when the wanted number serves."""

    async def close(self, *, drain_seconds: float = 60.0) -> None:
        """Finish the requests under way, then end every process; safe to call twice."""

    def take_metrics(self) -> FleetMetrics:
        """Hand over the counts since the last call and begin anew."""


class CaptureSide(Enum):
    """Which half of an invocation is captured, as CaptureOptions spells it."""

    INPUT = "Input"
    OUTPUT = "Output"
    INPUT_AND_OUTPUT = "InputAndOutput"


@dataclass(frozen=True, kw_only=True, slots=True)
class DataCapture:
    """DataCaptureConfig of an endpoint configuration, with the role its objects are written as."""

    sampling_percentage: int
    destination_s3_uri: str
    sides: frozenset[CaptureSide]
    role_arn: str
    csv_content_types: frozenset[str] = frozenset()
    json_content_types: frozenset[str] = frozenset()
    kms_key_id: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class VariantView:
    """One production variant as requests see it: its weight now, and the fleet that serves it."""

    name: str
    weight: float
    fleet: FleetPort
    shadow: bool = False
    """Shadow variants get copies, never answers; their weight is the share that is copied."""


@dataclass(frozen=True, kw_only=True, slots=True)
class EndpointView:
    """One endpoint as requests see it."""

    name: str
    arn: str
    status: EndpointStatus
    config_name: str
    variants: tuple[VariantView, ...]
    data_capture: DataCapture | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class InvokeRequest:
    """One InvokeEndpoint call, after authentication; header names are in lower case."""

    account: str
    region: str
    endpoint: str
    headers: Mapping[str, str]
    body: bytes
    request_id: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class InvokeResponse:
    """The answer as it goes on the wire."""

    status: int
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, kw_only=True, slots=True)
class LogLines:
    """Lines that a container wrote, for CloudWatch Logs."""

    group: str
    stream: str
    events: tuple[tuple[int, str], ...]
    """(milliseconds since the epoch, message), in order."""


@dataclass(frozen=True, kw_only=True, slots=True)
class CaptureObject:
    """One object of captured data to be written to S3 under `role_arn`."""

    role_arn: str
    bucket: str
    key: str
    body: bytes
    kms_key_id: str | None


ViewLookup = Callable[[str, str, str], EndpointView | None]
"""(account, region, endpoint name) -> the view that serves now; must not block."""

LogSink = Callable[[LogLines], None]
"""Called on the event loop; must be quick and must not raise."""

CaptureStore = Callable[[CaptureObject], Awaitable[None]]
"""Writes one object; raises when it may not, and the failure is logged with the endpoint."""


class ServingError(Exception):
    """Root of what the data plane reports to the control plane."""


class UnknownImageError(ServingError):
    """The image is not one of the containers that the embedded cloud can play."""


class ArtifactError(ServingError):
    """The model archive can't be unpacked."""


class FleetUnhealthyError(ServingError):
    """A fleet did not pass its health check in time."""


class FleetClosedError(ServingError):
    """A request reached a fleet that no longer takes any."""
