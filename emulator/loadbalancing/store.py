"""What load balancing remembers: resources in the shapes that Describe operations return."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple

Json = dict[str, Any]


class Tenant(NamedTuple):
    """An account in a region."""

    account: str
    region: str

    @property
    def prefix(self) -> str:
        """How the ARNs of its resources begin."""
        return f"arn:aws:elasticloadbalancing:{self.region}:{self.account}:"


@dataclass(slots=True, kw_only=True)
class Entry:
    """One resource; `shape` is what its Describe operation shows."""

    arn: str
    shape: Json
    attributes: dict[str, str] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)
    certificates: list[str] = field(default_factory=list)
    """Of a listener: those beside the default one."""
    targets: list[Json] = field(default_factory=list)
    """Of a target group."""
    address: str = ""
    """Of a load balancer: where its listeners are."""


@dataclass(slots=True)
class Store:
    """All resources of all tenants, by ARN; changed on the event loop only, read from anywhere."""

    balancers: dict[str, Entry] = field(default_factory=dict)
    groups: dict[str, Entry] = field(default_factory=dict)
    listeners: dict[str, Entry] = field(default_factory=dict)
    rules: dict[str, Entry] = field(default_factory=dict)

    def listeners_of(self, balancer_arn: str) -> list[Entry]:
        """The load balancer's listeners."""
        found = list(self.listeners.values())
        return [entry for entry in found if entry.shape["LoadBalancerArn"] == balancer_arn]

    def rules_of(self, listener_arn: str) -> list[Entry]:
        """The listener's rules in the order in which they are tried, the default last."""
        owned = listener_arn.replace(":listener/", ":listener-rule/", 1) + "/"
        found = [rule for arn, rule in list(self.rules.items()) if arn.startswith(owned)]
        return sorted(found, key=_order)

    def groups_of(self, balancer_arn: str) -> list[Entry]:
        """The target groups that the load balancer forwards to."""
        arns = {
            arn
            for listener in self.listeners_of(balancer_arn)
            for rule in self.rules_of(listener.arn)
            for arn in forwarded_to(rule.shape["Actions"])
        }
        return [self.groups[arn] for arn in sorted(arns) if arn in self.groups]

    def users_of(self, group_arn: str) -> list[str]:
        """The load balancers that forward to the target group."""
        return [
            arn
            for arn in list(self.balancers)
            if any(group.arn == group_arn for group in self.groups_of(arn))
        ]

    def tagged(self, arn: str) -> Entry | None:
        """The resource of any kind that has the ARN."""
        kinds = (self.balancers, self.groups, self.listeners, self.rules)
        return next((kind[arn] for kind in kinds if arn in kind), None)


def forwarded_to(actions: list[Json]) -> Iterator[str]:
    """The target groups that the actions lead to."""
    for action in actions:
        for group in action.get("ForwardConfig", {}).get("TargetGroups", []):
            yield group["TargetGroupArn"]


def _order(rule: Entry) -> int:
    priority = rule.shape["Priority"]
    return int(priority) if priority.isdigit() else 1 << 30
