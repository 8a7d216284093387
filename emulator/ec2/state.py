"""Auto-scaling groups, their instances and refreshes, in the shapes that the API shows."""

import asyncio
from dataclasses import dataclass, field
from typing import Any

from emulator.sagemaker.names import Tenant

Json = dict[str, Any]

PENDING, IN_SERVICE, TERMINATING = "Pending", "InService", "Terminating"
HEALTHY, UNHEALTHY = "Healthy", "Unhealthy"
IN_PROGRESS, SUCCESSFUL, FAILED = "InProgress", "Successful", "Failed"
CANCELLING, CANCELLED = "Cancelling", "Cancelled"
REPLACE, IGNORE, WAIT = "Refresh", "Ignore", "Wait"
"""What a refresh does with instances that are protected from scale-in."""


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
    protected: bool = False
    """Whether scaling in spares it."""
    in_service_at: float | None = None
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


@dataclass(frozen=True, slots=True, kw_only=True)
class RefreshRules:
    """How a refresh replaces instances: its preferences, where none is given the defaults.

    Source: EC2 Auto Scaling API reference, "RefreshPreferences".
    """

    min_healthy: int = 90
    """Percent of the desired capacity."""
    max_healthy: int = 100
    warmup: int = 0
    """Seconds in service after which a new instance counts."""
    skip_matching: bool = False
    protected: str = WAIT
    standby: str = WAIT


@dataclass(slots=True, kw_only=True)
class Refresh:
    """An instance refresh of a group."""

    refresh_id: str
    rules: RefreshRules
    template: Json
    """What new instances are launched from: a launch template's id, and a number of a version."""
    configuration: Json | None = None
    """The DesiredConfiguration that was asked for."""
    before: frozenset[str]
    """The instances that there were when it started."""
    outdated: frozenset[str]
    """Those of them that are to be replaced."""
    started_at: float
    progressed_at: float
    """When the last instance was replaced, at first the start."""
    total: int
    """How many are to be replaced in all, without those that are left as they are."""
    updated: int = 0
    """How many were replaced."""
    status: str = PENDING
    reason: str | None = None
    ended_at: float | None = None
    awaits_transitions: bool = True
    """Whether a cancellation waits for launches and terminations that are under way."""

    @property
    def active(self) -> bool:
        """Whether it goes on."""
        return self.ended_at is None

    def end(self, status: str, *, now: float, reason: str | None = None) -> None:
        """It goes on no more."""
        self.status, self.ended_at = status, now
        self.reason = self.reason if reason is None else reason


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
    refreshes: list[Refresh] = field(default_factory=list)
    """The newest first."""
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

    @property
    def active_refresh(self) -> Refresh | None:
        """The refresh that goes on, if one does: there is one at most."""
        return next((refresh for refresh in self.refreshes if refresh.active), None)


@dataclass(slots=True)
class Store:
    """All groups of one cloud; changed on the event loop only."""

    groups: dict[tuple[Tenant, str], Group] = field(default_factory=dict)

    def of(self, tenant: Tenant) -> list[Group]:
        """The groups of an account in a region, by name."""
        return [group for key, group in sorted(self.groups.items()) if key[0] == tenant]
