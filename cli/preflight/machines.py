"""Checks of EC2: as many virtual processors may run as a deploy of a fleet needs at once."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from cli.preflight.account import Asked, unknown
from cli.preflight.result import Outcome, Result
from gate.template import Assembly

_WHY = "new accounts may run few virtual processors of a kind, and instances then never start"
_ACTIONS = "ec2:DescribeInstanceTypes and servicequotas:GetServiceQuota"


@dataclass(frozen=True, slots=True, kw_only=True)
class Machines:
    """So many instances of a type at once, on demand or spot."""

    type: str
    spot: bool
    count: int


_CODES: Mapping[tuple[str, bool], tuple[str, str]] = {
    ("standard", False): ("L-1216C47A", "Running On-Demand Standard instances"),
    ("standard", True): ("L-34B43A08", "All Standard Spot Instance Requests"),
    ("g", False): ("L-DB2E81BA", "Running On-Demand G and VT instances"),
    ("g", True): ("L-3819A6DF", "All G and VT Spot Instance Requests"),
    ("p", False): ("L-417A185B", "Running On-Demand P instances"),
}
"""Quotas of EC2 in virtual processors, by kind of family and by spot (EC2 user guide,
"On-Demand Instance quotas" and "Spot Instance quotas")."""
_STANDARD = frozenset("acdhimrtz")


def machines_in(assembly: Assembly) -> tuple[Machines, ...]:
    """What groups run at most: all of them, and the largest beside the one that it replaces.

    A group whose instances are replaced says itself how many there are meanwhile.
    """
    counts: dict[tuple[str, bool], list[int]] = defaultdict(list)
    replaced: dict[tuple[str, bool], list[int]] = defaultdict(list)
    for group in assembly.of("AWS::AutoScaling::AutoScalingGroup"):
        named = group.at("LaunchTemplate", "LaunchTemplateId", "Ref")
        launch = next(
            (t for t in group.template.of("AWS::EC2::LaunchTemplate") if t.id == named), None
        )
        if launch is not None:
            type_ = str(launch.at("LaunchTemplateData", "InstanceType"))
            market = launch.at("LaunchTemplateData", "InstanceMarketOptions", "MarketType")
            most = int(str(group.at("MaxSize")))
            counts[type_, market == "spot"].append(most)
            if group.at("DesiredCapacity") in {None, str(most)}:
                replaced[type_, market == "spot"].append(most)
    return tuple(
        Machines(type=type_, spot=spot, count=sum(found) + max(replaced[type_, spot], default=0))
        for (type_, spot), found in sorted(counts.items())
    )


def processors(asked: Asked) -> Iterator[Result]:
    """The quotas of EC2 allow what the fleets of the stage need at once."""
    wanted = machines_in(asked.needs.assembly)
    if asked.target.embedded:
        for each in wanted:
            said = "the embedded cloud has no quotas"
            yield Result(
                check="processors", about=each.type, outcome=Outcome.UNKNOWN, said=said, why=_WHY
            )
        return
    for each in wanted:
        try:
            yield _checked(asked, each)
        except (ClientError, BotoCoreError) as error:
            yield unknown("processors", each.type, error, _ACTIONS, why=_WHY)


def _checked(asked: Asked, machines: Machines) -> Result:
    found = _CODES.get((_kind(machines.type), machines.spot))
    if found is None:
        said = "this family has a quota of its own, which is not looked up"
        return Result(
            check="processors", about=machines.type, outcome=Outcome.UNKNOWN, said=said, why=_WHY
        )
    code, name = found
    described = asked.target.client("ec2").describe_instance_types(InstanceTypes=[machines.type])
    each = int(described["InstanceTypes"][0]["VCpuInfo"]["DefaultVCpus"])
    quota: Any = asked.target.client("service-quotas").get_service_quota(
        ServiceCode="ec2", QuotaCode=code
    )
    limit, needed = float(quota["Quota"]["Value"]), each * machines.count
    enough = limit >= needed
    return Result(
        check="processors",
        about=name,
        outcome=Outcome.OK if enough else Outcome.FAILED,
        said=f"{limit:g} allowed, {needed} needed for {machines.count} x {machines.type} while a "
        "deploy replaces a slot",
        why=_WHY,
        advice="" if enough else f"ask for {needed} in the Service Quotas console; it takes days",
    )


def _kind(type_: str) -> str:
    first = type_[:1]
    return "standard" if first in _STANDARD else first
