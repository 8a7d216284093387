"""Auto-scaling groups and their instances, in the shapes that the API shows."""

import asyncio
from dataclasses import dataclass, field
from typing import Any

from emulator.sagemaker.names import Tenant

Json = dict[str, Any]

PENDING, IN_SERVICE, TERMINATING = "Pending", "InService", "Terminating"
HEALTHY, UNHEALTHY = "Healthy", "Unhealthy"


@dataclass(slots=True, kw_only=True)
class Instance:
    """One instance of a group; `template` is the launch template's id, name and version."""

    instance_id: str
    zone: str
    kind: str
    template: Json
    launched_at: float
    """Unix time on the cloud's clock, in seconds."""
    state: str = PENDING
    health: str = HEALTHY
    gone_at: float | None = None
    """When a terminating one is gone."""
    registered: frozenset[str] = frozenset()
    """The target groups that it is in."""

    @property
    def stays(self) -> bool:
        """Whether it is not on its way out."""
        return self.state != TERMINATING

    @property
    def serves(self) -> bool:
        """Whether it is in service and healthy."""
        return self.state == IN_SERVICE and self.health == HEALTHY


@dataclass(slots=True, kw_only=True)
class Group:
    """One auto-scaling group; `shape` has the members that are shown as they were given."""

    name: str
    arn: str
    tenant: Tenant
    shape: Json
    tags: list[Json]
    instances: list[Instance] = field(default_factory=list)
    activities: list[Json] = field(default_factory=list)
    """What was done, the newest first."""
    refreshes: list[Json] = field(default_factory=list)
    """Instance refreshes as they are described, the newest first."""
    retry_at: float = 0.0
    """When a launch is tried again after one that failed."""
    deleting: bool = False
    gone: asyncio.Event = field(default_factory=asyncio.Event)
    """Set when it is deleted and all of its instances have ended."""

    @property
    def staying(self) -> list[Instance]:
        """The instances that are not on their way out, the oldest first."""
        return [instance for instance in self.instances if instance.stays]

    @property
    def target_groups(self) -> frozenset[str]:
        """The ARNs of the target groups that its instances are to be in."""
        return frozenset(self.shape.get("TargetGroupARNs", ()))


@dataclass(slots=True)
class Store:
    """All groups of one cloud; changed on the event loop only."""

    groups: dict[tuple[Tenant, str], Group] = field(default_factory=dict)

    def of(self, tenant: Tenant) -> list[Group]:
        """The groups of an account in a region, by name."""
        return [group for key, group in sorted(self.groups.items()) if key[0] == tenant]
