"""What the control plane and the data plane of SageMaker agree on.

The control plane builds fleets and publishes, for each endpoint, one immutable `EndpointView`; the
data plane reads the view of the moment and serves. Nothing else may cross between the two, so that
a weight change or a switch of fleets is one assignment that the next request sees.

Every coroutine runs on the server's event loop and must not block it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from emulator.sagemaker.names import Tenant


class TargetMissingError(Exception):
    """A model of a multi-model endpoint is not there, or its role may not read it."""

    def __init__(self, *, bucket: str, key: str) -> None:
        super().__init__(f"{bucket}/{key}")
        self.bucket = bucket
        self.key = key


class Targets(Protocol):
    """The models of a multi-model endpoint, by their paths below its prefix."""

    def url(self, relative: str) -> str:
        """Where a model comes from; only quoted in reasons."""
        ...

    async def fetch(self, relative: str) -> Path:
        """A local copy of its archive, read by the role at this moment, or TargetMissingError."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelSpec:
    """One container to run: image, environment and its artifact on this machine's disk."""

    name: str
    image: str
    environment: Mapping[str, str] = field(default_factory=dict)
    model_data_path: Path | None = None
    """A local copy of `model.tar.gz`; None for an image that brings its model along."""
    model_data_url: str = ""
    """Where it came from; only quoted in reasons."""
    targets: Targets | None = None
    """Of a container of several models: those that it may be asked for."""
    code_path: Path | None = None
    """A local copy of the archive that SAGEMAKER_SUBMIT_DIRECTORY names, where it is a URL."""
    code_url: str = ""
    """That URL; only quoted in reasons."""
    then: tuple["ModelSpec", ...] = ()
    """Containers of an inference pipeline after this one: each gets what the one before answers."""
    hostname: str = ""
    """Of a container of a pipeline: its name in logs."""

    @property
    def containers(self) -> tuple["ModelSpec", ...]:
        """Every container, in the order in which a request goes through them."""
        return (self, *self.then)


@dataclass(frozen=True, slots=True, kw_only=True)
class LogPlace:
    """Where the containers of a fleet write, when it is not an endpoint's log."""

    group: str
    stream: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OnDemand:
    """A serverless variant: how many requests at once, and how many environments stay warm."""

    max_concurrency: int
    provisioned: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class FleetSpec:
    """The processes of one variant: as many copies of one model as it has instances."""

    endpoint: str
    variant: str
    config: str
    model: ModelSpec
    instance_count: int
    execution_role_arn: str | None = None
    tenant: Tenant | None = None
    """Its region becomes AWS_REGION of the processes; their logs are its."""
    startup_timeout_seconds: float = 600.0
    """`ContainerStartupHealthCheckTimeoutInSeconds`, in the cloud's seconds."""
    invocation_timeout_seconds: float | None = None
    """The limit for one request in the wall's seconds; None for that of an endpoint."""
    log_place: LogPlace | None = None
    """None for the log of the endpoint, a stream an instance."""
    on_demand: OnDemand | None = None
    """Processes come and go with requests; None where there are instances."""


class FleetUnhealthyError(Exception):
    """A model process of the fleet ended, or never answered `/ping` with 200."""


class Fleet(Protocol):
    """The running processes of one variant."""

    @property
    def instance_count(self) -> int:
        """How many processes serve now."""
        ...

    async def wait_healthy(self) -> None:
        """Every process answers `/ping`; raises `FleetUnhealthyError` if one never does."""
        ...

    async def resize(self, instance_count: int) -> None:
        """That many healthy processes serve; those taken away finish their requests first."""
        ...

    async def close(self, *, drain_seconds: float) -> None:
        """No process of it is left; running requests had `drain_seconds` to finish."""
        ...


class Fleets(Protocol):
    """Starts fleets; implemented by the data plane."""

    async def create(self, spec: FleetSpec) -> Fleet:
        """The processes are started, perhaps not yet healthy."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class VariantView:
    """One variant as requests see it; `weight` is relative and may be 0.

    While an update shifts traffic step by step, two views share one name: the old fleet and the
    new one, each with its part of the variant's weight. `TargetVariant` draws among those.
    """

    name: str
    weight: float
    fleet: Fleet
    config: str = ""
    """The endpoint configuration that this fleet runs, a dimension of its metrics."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EndpointView:
    """One endpoint as requests see it; replaced as a whole, never changed."""

    name: str
    arn: str
    status: str
    config_name: str
    variants: tuple[VariantView, ...]
    shadows: tuple[VariantView, ...] = ()
    """Get copies of requests and answer nobody; a weight of theirs is beside the others' sum."""
    data_capture: Mapping[str, Any] | None = None
    """The configuration's `DataCaptureConfig` as given, or None."""
    asynchronous: Mapping[str, Any] | None = None
    """The configuration's `AsyncInferenceConfig` as given; None of an endpoint that answers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class InvocationRecord:
    """One answered request of a variant, as the metrics count it; times in microseconds."""

    endpoint: str
    variant: str
    config: str
    status: int
    model_error: bool
    model_latency_microseconds: float | None
    overhead_latency_microseconds: float
    setup_microseconds: float | None = None
    """Of a serverless request that waited for a new environment."""
    utilization: Mapping[str, float] = field(default_factory=dict)
    """Of a serverless request: shares of its concurrency that are in use, by metric."""


class EndpointViews(Protocol):
    """Where the data plane finds what it may serve; implemented by the control plane."""

    def find(self, tenant: Tenant, name: str) -> EndpointView | None:
        """The endpoint's view of the moment, or None if there is no such endpoint."""
        ...


class InvocationMetrics(Protocol):
    """Takes what the data plane saw; must return at once and never raise."""

    def record(self, tenant: Tenant, invocation: InvocationRecord) -> None:
        """The invocation is counted; it is published with the next flush."""
        ...
