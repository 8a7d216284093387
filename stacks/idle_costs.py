"""What the stacks of a stage bill a month while nobody asks: from templates and dated prices.

A price that is not known is said to be unknown, never left out and never 0.
"""

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from stacks.idle_units import (
    HOSTING,
    MACHINE,
    NOTEBOOK,
    PROVISIONED,
    SPOT,
    UNPRICED,
    Resources,
    units,
)
from stacks.project.spec import StageSpec
from stacks.project.tables import hosting_price, idle_price, machine_price, notebook_price
from stacks.run_costs import RunCost

HOURS_A_MONTH = 730
COSTS_FILE = "tidegate.costs.json"
"""Beside the templates, for whoever wants to know without asking twice."""

_SHOWN = 3
_WORDS: Mapping[str, tuple[str, str]] = {
    "alarm": ("alarm", "alarms"),
    "composite_alarm": ("composite alarm", "composite alarms"),
    "dashboard": ("dashboard", "dashboards"),
    "gp3_gb": ("GB of a gp3 volume", "GB of gp3 volumes"),
    "greengrass_core_device": ("Greengrass core device", "Greengrass core devices"),
    "health_check": ("health check", "health checks"),
    "hosted_zone": ("hosted zone", "hosted zones"),
    "interface_endpoint": ("interface endpoint", "interface endpoints"),
    "kendra_developer_index": ("developer index of Kendra", "developer indexes of Kendra"),
    "kendra_enterprise_index": ("enterprise index of Kendra", "enterprise indexes of Kendra"),
    "key": ("KMS key", "KMS keys"),
    "load_balancer": ("load balancer", "load balancers"),
    "nat_gateway": ("NAT gateway", "NAT gateways"),
    "notebook_volume_gb": ("GB of a notebook's volume", "GB of notebooks' volumes"),
    "personalize_campaign": (
        "recommendation a second of a campaign",
        "recommendations a second of a campaign",
    ),
    "public_address": ("public IPv4 address", "public IPv4 addresses"),
    "secret": ("secret", "secrets"),
    "web_acl": ("web ACL", "web ACLs"),
    "web_acl_rule": ("rule of the web ACL", "rules of web ACLs"),
}
"""What people call one of an item, and several."""


@dataclass(frozen=True, slots=True, kw_only=True)
class IdleCost:
    """So many of an item, and what one costs a month; None where the price is not known."""

    item: str
    count: int
    usd_a_month: float | None
    said: str

    @property
    def usd(self) -> float | None:
        """What all of them cost a month."""
        return None if self.usd_a_month is None else self.count * self.usd_a_month

    @property
    def words(self) -> str:
        """What they are: `2 load balancers`, `4 instances ml.m5.large`."""
        if self.item.startswith(HOSTING):
            several = "instance" if self.count == 1 else "instances"
            return f"{self.count} {several} {self.item.removeprefix(HOSTING)}"
        if self.item.startswith((MACHINE, SPOT)):
            kind, _, type_ = self.item.partition(":")
            several = "instance" if self.count == 1 else "instances"
            return f"{self.count} {'spot' if kind == 'spot' else 'EC2'} {several} {type_}"
        if self.item.startswith(NOTEBOOK):
            several = "notebook" if self.count == 1 else "notebooks"
            return f"{self.count} {several} {self.item.removeprefix(NOTEBOOK)} that nothing stops"
        if self.item.startswith(PROVISIONED):
            several = "process" if self.count == 1 else "processes"
            return f"{self.count} provisioned {several} of {self.item.removeprefix(PROVISIONED)} MB"
        plain = self.item.removeprefix(UNPRICED)
        one, several = _WORDS.get(self.item, (plain, plain))
        return f"{self.count} {one if self.count == 1 else several}"

    def to_json(self) -> dict[str, Any]:
        """The cost in JSON types; null where the price is not known."""
        return {
            "item": self.item,
            "words": self.words,
            "count": self.count,
            "usd_a_month": self.usd,
            "said": self.said,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class StackCost:
    """What a stack bills while idle, the dearest first."""

    stack: str
    costs: tuple[IdleCost, ...]

    @property
    def known(self) -> float:
        """The sum of what is known, a month."""
        return sum(cost.usd for cost in self.costs if cost.usd is not None)

    @property
    def unknown(self) -> tuple[IdleCost, ...]:
        """What has no price."""
        return tuple(cost for cost in self.costs if cost.usd is None)

    def to_json(self) -> dict[str, Any]:
        """The costs in JSON types."""
        return {
            "stack": self.stack,
            "known_usd_a_month": round(self.known, 2),
            "complete": not self.unknown,
            "items": [cost.to_json() for cost in self.costs],
        }


def stack_cost(stack: str, resources: Resources, *, region: str) -> StackCost:
    """What a stack with these resources bills in a region."""
    counts: Counter[str] = Counter()
    for item, count in units(resources):
        counts[item] += count
    costs = [_cost(region, item, count) for item, count in sorted(counts.items()) if count > 0]
    return StackCost(stack=stack, costs=tuple(sorted(costs, key=_dearest)))


def _dearest(cost: IdleCost) -> tuple[float, str]:
    return (0.0 if cost.usd is None else -cost.usd, cost.item)


def _cost(region: str, item: str, count: int) -> IdleCost:
    price = _price(region, item)
    if price is None:
        said = f"price not known in {region}: add it to stacks/prices.json"
        return IdleCost(item=item, count=count, usd_a_month=None, said=said)
    hourly = price.get("usd_per_hour")
    monthly = price["usd_per_month"] if hourly is None else HOURS_A_MONTH * hourly
    return IdleCost(
        item=item, count=count, usd_a_month=float(monthly), said=f"as of {price['date']}"
    )


def _price(region: str, item: str) -> Mapping[str, Any] | None:
    if item.startswith(HOSTING):
        return hosting_price(region, item.removeprefix(HOSTING))
    if item.startswith(MACHINE):
        return machine_price(region, item.removeprefix(MACHINE))
    if item.startswith(NOTEBOOK):
        return notebook_price(region, item.removeprefix(NOTEBOOK))
    return idle_price(region, item)


def assembly_costs(folder: Path, *, region: str) -> tuple[StackCost, ...]:
    """What the stacks of a synthesized stage bill."""
    return tuple(
        stack_cost(
            path.name.removesuffix(".template.json"),
            json.loads(path.read_text(encoding="utf-8")).get("Resources", {}),
            region=region,
        )
        for path in sorted(folder.glob("*.template.json"))
    )


def told(stage: StageSpec, stacks: Sequence[StackCost]) -> str:
    """The line that synth prints."""
    known, unknown = _sums(stacks)
    missing = f", and what is not known ({len(unknown)} of its items)" if unknown else ""
    return (
        f"stage {stage.name} bills ${known:,.2f} a month while idle{missing}: "
        "'tidegate cost' says for what"
    )


def over_budget(stage: StageSpec, stacks: Sequence[StackCost]) -> str | None:
    """Why the stage may not be deployed; None where its budget holds or it has none.

    What is not known is not in the sum, and is said.
    """
    known, unknown = _sums(stacks)
    if stage.budget is None or known <= stage.budget.usd_a_month:
        return None
    every = sorted((c for s in stacks for c in s.costs if c.usd is not None), key=_dearest)
    largest = ", ".join(f"{cost.words} ${cost.usd:,.2f}" for cost in every[:_SHOWN])
    missing = f" (and what is not known of {len(unknown)} items)" if unknown else ""
    return (
        f"stage {stage.name} would bill ${known:,.2f} a month while idle{missing}, its budget is "
        f"${stage.budget.usd_a_month:,.2f}: the largest are {largest}; take fewer or smaller "
        "instances, drop what is opt-in, or raise stages."
        f"{stage.name}.budget.usd_a_month"
    )


def _sums(stacks: Sequence[StackCost]) -> tuple[float, list[IdleCost]]:
    return sum(s.known for s in stacks), [cost for s in stacks for cost in s.unknown]


def write_costs(
    folder: Path, stage: StageSpec, stacks: Sequence[StackCost], runs: Sequence[RunCost] = ()
) -> None:
    """The costs are beside the templates, and what a run of each training costs at most."""
    known, unknown = _sums(stacks)
    document = {
        "stage": stage.name,
        "region": stage.region,
        "known_usd_a_month": round(known, 2),
        "complete": not unknown,
        "budget_usd_a_month": None if stage.budget is None else stage.budget.usd_a_month,
        "stacks": [stack.to_json() for stack in stacks],
        "training": [run.to_json() for run in runs],
    }
    text = json.dumps(document, indent=1, sort_keys=True) + "\n"
    (folder / COSTS_FILE).write_text(text, encoding="utf-8")
