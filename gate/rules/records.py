"""Weighted records of Route 53."""

import json
from collections.abc import Iterator
from typing import Any

from gate.finding import Fault, Severity
from gate.rule import Rule, each, each_template
from gate.template import Resource, Template

RECORD = "AWS::Route53::RecordSet"
MOST_WEIGHT = 255
_API = "Route 53 API reference, ResourceRecordSet"


@each(RECORD)
def _weight(record: Resource) -> Iterator[Fault]:
    weight = record.at("Weight")
    if weight is None or isinstance(weight, dict):
        return
    whole = isinstance(weight, int) and not isinstance(weight, bool)
    if not whole or not 0 <= weight <= MOST_WEIGHT:
        allowed = f"a whole number, 0 to {MOST_WEIGHT}"
        yield record.fault(("Weight",), "no such weight", got=weight, allowed=allowed)


@each(RECORD)
def _complete(record: Resource) -> Iterator[Fault]:
    policies = (
        "Weight",
        "Failover",
        "Region",
        "GeoLocation",
        "MultiValueAnswer",
        "CidrRoutingConfig",
    )
    routed = [name for name in (*policies, "GeoProximityLocation") if record.at(name) is not None]
    if routed and record.at("SetIdentifier") is None:
        yield record.fault(
            ("SetIdentifier",),
            f"a record with {routed[0]} needs one",
            allowed="1 to 128 characters",
        )
    if record.at("SetIdentifier") is not None and not routed:
        yield record.fault(
            ("Weight",),
            "a record with a SetIdentifier needs a Weight: 0 is one",
            allowed="0 to 255",
        )


@each(RECORD)
def _health(record: Resource) -> Iterator[Fault]:
    alias = record.at("AliasTarget")
    if record.at("Weight") is None or not isinstance(alias, dict):
        return
    if alias.get("EvaluateTargetHealth") is not True:
        yield record.fault(
            ("AliasTarget", "EvaluateTargetHealth"),
            "a target that died would keep its share",
            got=alias.get("EvaluateTargetHealth"),
            allowed="true",
        )


@each(RECORD)
def _lifetime(record: Resource) -> Iterator[Fault]:
    ttl = record.at("TTL")
    seconds = int(ttl) if isinstance(ttl, int) or (isinstance(ttl, str) and ttl.isdigit()) else 0
    if record.at("Weight") is not None and seconds > 60:
        yield record.fault(
            ("TTL",),
            "resolvers keep an answer longer than a shift may wait",
            got=ttl,
            allowed="60 or less",
        )


@each_template
def _shares(template: Template) -> Iterator[Fault]:
    groups: dict[str, list[Resource]] = {}
    for record in template.of(RECORD):
        if record.at("Weight") is not None:
            name = [record.at("HostedZoneId"), record.at("Name"), record.at("Type")]
            groups.setdefault(json.dumps(name, default=str), []).append(record)
    for group in groups.values():
        weights: list[Any] = [record.at("Weight") for record in group]
        if all(weight == 0 for weight in weights):
            yield group[0].fault(
                ("Weight",),
                "all records of this name have weight 0: Route 53 would draw evenly",
                got=weights,
                allowed="one weight above 0",
            )


RULES = (
    Rule(
        id="record-weight",
        holds="a record's weight is a whole number, 0 to 255",
        source=_API,
        check=_weight,
    ),
    Rule(
        id="record-set-identifier",
        holds="records of one name that share it have a SetIdentifier and what it is for",
        source=_API,
        check=_complete,
    ),
    Rule(
        id="record-shares",
        holds="of all weighted records of a name, one has a weight above 0",
        source=_API,
        check=_shares,
    ),
    Rule(
        id="record-health",
        holds="a weighted alias evaluates the health of what it leads to",
        source=f"{_API}, AliasTarget",
        check=_health,
        severity=Severity.WARNING,
    ),
    Rule(
        id="record-ttl",
        holds="weighted records are not kept by resolvers for longer than a minute",
        source=f"{_API}: TTL; Route 53 developer guide, Weighted routing",
        check=_lifetime,
        severity=Severity.WARNING,
    ),
)
