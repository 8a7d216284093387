"""Whether a record set may answer: its health check and, for an alias, its target's health."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

from emulator.route53.records import ELB_ZONE_ID, RecordSet, Zone

DEEPEST_ALIAS = 8
"""Aliases followed from one record set; Route 53 refuses cycles, this ends them."""

DUALSTACK = "dualstack."


@dataclass(frozen=True, slots=True, kw_only=True)
class Balancer:
    """A load balancer as DNS sees it."""

    addresses: tuple[str, ...]
    healthy: bool


class Balancers(Protocol):
    """The load balancers of this cloud, by DNS name."""

    def find(self, dns_name: str) -> Balancer | None:
        """The load balancer of that name (no dot at its end), None if there is none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HealthEvaluation:
    """Health of record sets at one moment."""

    zones: Mapping[str, Zone]
    balancers: Balancers
    check_passes: Callable[[str], bool]

    def healthy(self, record: RecordSet, *, depth: int = 0) -> bool:
        """Whether the record set counts as healthy; one without any check always does.

        An alias to records of a zone is healthy if any of them is; one that leads nowhere is not.
        """
        if record.health_check is not None and not self.check_passes(record.health_check):
            return False
        alias = record.alias
        if alias is None or not alias.evaluates_health:
            return True
        if alias.zone_id == ELB_ZONE_ID:
            balancer = self.balancers.find(balancer_name(alias.name))
            return balancer is not None and balancer.healthy
        zone = self.zones.get(alias.zone_id)
        if zone is None or depth >= DEEPEST_ALIAS:
            return False
        group = zone.group(alias.name, record.type)
        return any(self.healthy(target, depth=depth + 1) for target in group)


def balancer_name(name: str) -> str:
    """The load balancer's own name; the console and the CDK put `dualstack.` before it."""
    return name.removeprefix(DUALSTACK).removesuffix(".")
