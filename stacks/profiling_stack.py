"""The profiling group of a stage: its functions post profiles there, each under its own role."""

from collections.abc import Mapping
from typing import Any

from aws_cdk import Environment, Stack
from constructs import Construct

from stacks.components.blueprint import Blueprint, ref
from stacks.project.spec import StageSpec
from stacks.project.tables import function_price

_ITEMS = {"GbSecondUsd": "gb_second", "RequestUsd": "request"}
"""The outputs that tell prices, for the report of costs: 'tidegate profile'."""


class ProfilingStack(Stack):
    """A group of CodeGuru Profiler; its profiles go with it."""

    def __init__(self, scope: Construct, *, project: str, stage: StageSpec, name: str) -> None:
        super().__init__(
            scope,
            name,
            env=Environment(account=stage.account, region=stage.region),
            description=f"Profiles of functions of {project}, stage {stage.name}",
        )
        blueprint = Blueprint()
        blueprint.add(
            "Group",
            "AWS::CodeGuruProfiler::ProfilingGroup",
            {"ProfilingGroupName": name, "ComputePlatform": "AWSLambda"},
        )
        blueprint.tell("GroupName", ref("Group"))
        _tell_prices(blueprint, stage.region)
        blueprint.build(self)


def _tell_prices(blueprint: Blueprint, region: str) -> None:
    """What Lambda bills in the region is told with date and source; what is not known is not."""
    found = {output: function_price(region, item) for output, item in _ITEMS.items()}
    for output, price in found.items():
        if price is not None:
            blueprint.tell(output, f"{price['usd']:.12f}".rstrip("0"))
    blueprint.tell("PriceSaid", "; ".join(_said(_ITEMS[o], region, p) for o, p in found.items()))


def _said(item: str, region: str, price: Mapping[str, Any] | None) -> str:
    words = item.replace("gb", "GB").replace("_", "-")
    if price is None:
        return f"the price of a {words} in {region} is not known: add it to stacks/prices.json"
    return f"a {words} as of {price['date']} ({price['source']})"
