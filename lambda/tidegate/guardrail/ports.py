"""Ports of guardrail releases: what they need of the world beyond `tidegate.ports`."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from tidegate.guardrail.fleets import Fleet, FleetCounts
from tidegate.ports import Clock, Counters, ReleaseStore

IN_SERVICE, UPDATING = "InService", "Updating"


@dataclass(frozen=True, slots=True, kw_only=True)
class Deployment:
    """What an endpoint serves, and what SageMaker is bringing into service on it.

    `status` is SageMaker's word. `pending_config` is None while no update is under way;
    `pending_percent` is the share of the traffic that its fleet has.
    """

    status: str
    config_name: str
    variants: tuple[str, ...]
    pending_config: str | None = None
    pending_percent: int = 0
    failure_reason: str = ""

    @property
    def settled(self) -> bool:
        """Whether nothing is under way."""
        return self.status == IN_SERVICE


class Deployments(Protocol):
    """Endpoints that SageMaker updates by itself."""

    def read(self, endpoint_name: str) -> Deployment:
        """What serves and what is to come; NotFoundError for an unknown endpoint."""
        ...


class FleetMetrics(Protocol):
    """What CloudWatch counted of fleets."""

    def read(self, fleet: Fleet, *, from_interval: int, through: int) -> tuple[FleetCounts, ...]:
        """The intervals in which the fleet was asked anything, in order; the last may grow."""
        ...


class RollbackAlarm(Protocol):
    """The alarm of an endpoint on which SageMaker rolls an update back."""

    def publish(self, endpoint_name: str, *, harm: bool) -> None:
        """The metric behind the alarm has one more value: 1 for harm, else 0."""
        ...

    def firing(self, endpoint_name: str) -> bool:
        """Whether the alarm is in ALARM."""
        ...


class Stacks(Protocol):
    """Stacks of CloudFormation."""

    def status(self, stack_id: str) -> str:
        """The stack's status in CloudFormation's words; DELETE_COMPLETE for one that is gone."""
        ...


class Watches(Protocol):
    """Executions of the machine that watches a deploy."""

    def start(self, *, release_id: str, stack_id: str) -> None:
        """The machine watches this release; starting it again does nothing."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Ports:
    """All that gate and watch reach. `pause` waits so many seconds of the wall.

    `counters` are made when they are asked for: only the watch may read them.
    """

    store: ReleaseStore
    clock: Clock
    deployments: Deployments
    metrics: FleetMetrics
    counters: Callable[[], Counters]
    alarm: RollbackAlarm
    stacks: Stacks
    watches: Watches
    pause: Callable[[float], None]
