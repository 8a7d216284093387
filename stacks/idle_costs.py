"""What bills while idle, and for how much a month: told at synth, from dated prices.

Instances are not here: `tidegate plan` tells what they cost. A price that is not known is said to
be unknown, never left out.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from stacks.project.spec import ProjectSpec, StageSpec
from stacks.project.tables import idle_price
from tidegate.slots import PAIR

HOURS_A_MONTH = 730
_ZONES = 2
"""A load balancer has a public address in each of its zones."""

_WORDS = {
    "load_balancer": "load balancers",
    "public_address": "public IPv4 addresses",
    "web_acl": "web ACL",
    "web_acl_rule": "rule of the web ACL",
}


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


def idle_costs(project: ProjectSpec, stage: StageSpec) -> tuple[IdleCost, ...]:
    """What the front door of a stage bills while nobody asks; nothing without tracks."""
    models = sum(model.has_tracks for model in project.models.values())
    if stage.door.dns is None or models == 0:
        return ()
    balancers = len(PAIR) * models
    counts = {
        "load_balancer": balancers,
        "public_address": _ZONES * balancers,
        "web_acl": 1,
        "web_acl_rule": 1,
    }
    return tuple(_cost(stage.region, item, count) for item, count in counts.items())


def _cost(region: str, item: str, count: int) -> IdleCost:
    price = idle_price(region, item)
    if price is None:
        said = f"price not known in {region}: add it to stacks/prices.json"
        return IdleCost(item=item, count=count, usd_a_month=None, said=said)
    hourly = price.get("usd_per_hour")
    monthly = price["usd_per_month"] if hourly is None else HOURS_A_MONTH * hourly
    return IdleCost(
        item=item, count=count, usd_a_month=float(monthly), said=f"as of {price['date']}"
    )


def told(project: ProjectSpec, stage: StageSpec) -> Iterator[str]:
    """The lines that synth prints; none where nothing bills."""
    costs = idle_costs(project, stage)
    if not costs:
        return
    known = [cost.usd for cost in costs if cost.usd is not None]
    missing = "" if len(known) == len(costs) else ", and what is not known"
    yield (
        f"the front door of stage {stage.name} bills while idle: ${sum(known):.2f} a month"
        f"{missing} (two endpoints a model beside it: 'tidegate plan' tells)"
    )
    for cost in costs:
        amount = "unknown" if cost.usd is None else f"${cost.usd:.2f}"
        yield f"  {cost.count} {_WORDS[cost.item]}: {amount}, {cost.said}"
