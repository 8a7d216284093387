"""When a fleet of instances may sleep: nobody asked it for long, and nobody is about to. Pure.

A fleet sleeps whole: the idle slot is asked by nobody anyway, and a release wakes the one it needs.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

from tidegate.ports import Clock, ReleaseStore


@dataclass(frozen=True, slots=True, kw_only=True)
class Crew:
    """The instances of a fleet's groups: since when there are these groups, and whether any run.

    `since` is Unix time, of the youngest group; None where there is no group.
    """

    since: float | None
    awake: bool


class Fleets(Protocol):
    """Fleets as what puts them to sleep sees them."""

    def crew(self, endpoint_name: str) -> Crew:
        """The groups of a fleet; one that was never deployed has none."""
        ...

    def rest(self, endpoint_name: str) -> None:
        """All groups of the fleet are asked to have no instance."""
        ...


Demand = Callable[[str, float, float], int]
"""(endpoint name, from, to) in Unix seconds: how often the fleet was asked between the two."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ports:
    """What putting fleets to sleep needs of the world."""

    store: ReleaseStore
    fleets: Fleets
    demand: Demand
    clock: Clock


def rest_idle(ports: Ports, idle_seconds: Mapping[str, int]) -> Mapping[str, str]:
    """By model why its fleet goes on or sleeps now; `idle_seconds` are after how long each may."""
    return {model: _rested(ports, model, limit) for model, limit in sorted(idle_seconds.items())}


def _rested(ports: Ports, model: str, limit: int) -> str:
    declared = ports.store.declaration(model)
    if declared is None:
        return "not deployed"
    name, now = declared.endpoint_name, ports.clock.now()
    why = _why_awake(ports, model, name, now=now, limit=limit)
    if why is not None:
        return why
    ports.fleets.rest(name)
    return "sleeps now"


def _why_awake(ports: Ports, model: str, name: str, *, now: float, limit: int) -> str | None:
    """Why the fleet is left as it is; None where it may sleep."""
    if ports.store.lock_holder(model) is not None:
        return "a release is open"
    crew = ports.fleets.crew(name)
    if not crew.awake:
        return "sleeps"
    if crew.since is not None and now - crew.since < limit:
        return "was deployed a short while ago"
    asked = ports.demand(name, now - limit, now)
    return f"was asked {asked} times" if asked > 0 else None
