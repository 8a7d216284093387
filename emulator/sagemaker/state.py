"""What the control plane remembers of models, endpoint configurations and endpoints.

Every value is immutable; a change replaces the whole record in the store, in one assignment, so a
reader on the event loop sees either the state before or the state after. Nothing here waits,
starts processes or knows the wire format.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from emulator.sagemaker.ports import Fleet


class EndpointStatus(StrEnum):
    """The statuses of an endpoint that this emulation passes through, spelled as AWS does."""

    CREATING = "Creating"
    UPDATING = "Updating"
    ROLLING_BACK = "RollingBack"
    IN_SERVICE = "InService"
    DELETING = "Deleting"
    FAILED = "Failed"

    @property
    def accepts_changes(self) -> bool:
        """Whether an operation may change or delete an endpoint in this status."""
        return self in {EndpointStatus.IN_SERVICE, EndpointStatus.FAILED}


class VariantRole(StrEnum):
    """Whether a variant answers requests, or only gets copies of them."""

    PRODUCTION = "production"
    SHADOW = "shadow"


class VariantPhase(StrEnum):
    """What an update is doing to a variant, spelled as AWS's VariantStatus."""

    CREATING = "Creating"
    UPDATING = "Updating"
    DELETING = "Deleting"
    ACTIVATING_TRAFFIC = "ActivatingTraffic"
    BAKING = "Baking"


@dataclass(frozen=True, slots=True, kw_only=True)
class Model:
    """A model as it was created; `request` is the CreateModel request, tags taken out."""

    name: str
    arn: str
    request: Mapping[str, Any]
    created: float
    packaged: Mapping[str, Any] | None = None
    """Its container with what its model package had at creation; None without a package."""

    @property
    def container(self) -> Mapping[str, Any]:
        """The container that requests come to: the primary, or the first of `Containers`."""
        return self.containers[0]

    @property
    def containers(self) -> tuple[Mapping[str, Any], ...]:
        """Every container: one, or those of an inference pipeline in order."""
        if self.packaged is not None:
            return (self.packaged,)
        primary = self.request.get("PrimaryContainer")
        return tuple(self.request["Containers"]) if primary is None else (dict(primary),)

    @property
    def role_arn(self) -> str:
        """The execution role; the model's code and SageMaker itself act as it."""
        return str(self.request["ExecutionRoleArn"])


@dataclass(frozen=True, slots=True, kw_only=True)
class EndpointConfig:
    """An endpoint configuration as it was created, tags taken out."""

    name: str
    arn: str
    request: Mapping[str, Any]
    created: float

    @property
    def variants(self) -> tuple[Mapping[str, Any], ...]:
        """Its production variants, in the order given."""
        return tuple(self.request["ProductionVariants"])

    @property
    def shadows(self) -> tuple[Mapping[str, Any], ...]:
        """Its shadow variants: at most one."""
        return tuple(self.request.get("ShadowProductionVariants", ()))


@dataclass(frozen=True, slots=True, kw_only=True)
class Variant:
    """A variant of a running endpoint: what was asked for, what is, and who serves."""

    name: str
    config: str
    model: Model
    definition: Mapping[str, Any]
    weight: float
    desired_weight: float
    instance_count: int
    desired_instance_count: int
    fleet: Fleet
    deployed: float
    """When its image was resolved, in Unix seconds."""
    role: VariantRole = VariantRole.PRODUCTION

    @property
    def image(self) -> str:
        """The image its container was started from."""
        return str(self.model.container["Image"])


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """A variant that an update is about to build: no fleet yet, wishes only."""

    name: str
    model: Model
    definition: Mapping[str, Any]
    weight: float
    instance_count: int
    role: VariantRole = VariantRole.PRODUCTION
    asynchronous: bool = False
    """Whether its requests come from a queue, and may take an hour."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PendingUpdate:
    """An UpdateEndpoint under way; `share` of the traffic already goes to its variants.

    `remaining` is how many instances the old fleet has left in a rolling update, else None.
    """

    config_name: str
    started: float
    planned: tuple[Planned, ...]
    variants: tuple[Variant, ...] = ()
    share: float = 0.0
    phase: VariantPhase = VariantPhase.CREATING
    remaining: int | None = None
    asynchronous: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """An endpoint: its status, the variants in service and the update under way."""

    name: str
    arn: str
    config_name: str
    status: EndpointStatus
    created: float
    modified: float
    variants: tuple[Variant, ...] = ()
    pending: PendingUpdate | None = None
    failure_reason: str | None = None
    data_capture: Mapping[str, Any] | None = None
    asynchronous: Mapping[str, Any] | None = None
    deployment_config: Mapping[str, Any] | None = None
    desired: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    """Wishes of UpdateEndpointWeightsAndCapacities that are not yet true, by variant."""
