"""Rules for records and for what they lead to: weights, health, load balancers."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

Resource = Mapping[str, Any]

MOST_WEIGHT = 255
MOST_GROUP_NAME = 32
"""CreateTargetGroup in the API reference; the schema has no limit."""


def record_faults(resource: Resource) -> Iterator[str]:
    """A weighted record is complete, and an alias evaluates the health of what it leads to."""
    properties = resource["Properties"]
    weight = properties.get("Weight")
    if weight is not None:
        if isinstance(weight, bool) or not isinstance(weight, int):
            yield f"Weight is {weight!r}, must be a whole number"
        elif not 0 <= weight <= MOST_WEIGHT:
            yield f"Weight is {weight}, must be 0 to {MOST_WEIGHT}"
        if "SetIdentifier" not in properties:
            yield "a weighted record needs a SetIdentifier"
    if "SetIdentifier" in properties and weight is None:
        yield "a record with a SetIdentifier needs a Weight: 0 is one"
    alias = properties.get("AliasTarget")
    if alias is not None and alias.get("EvaluateTargetHealth") is not True:
        yield "EvaluateTargetHealth must be true: a track that died would stay in"


def target_group_faults(resource: Resource) -> Iterator[str]:
    """A target group has a name that fits, and health checks that say something."""
    properties = resource["Properties"]
    name = properties.get("Name")
    if isinstance(name, str) and len(name) > MOST_GROUP_NAME:
        yield f"Name has {len(name)} characters, at most {MOST_GROUP_NAME}: shorten or drop it"
    if (
        properties.get("TargetType") == "lambda"
        and properties.get("HealthCheckEnabled") is not True
    ):
        yield "HealthCheckEnabled must be true: Lambda targets have no health checks by default"
    interval = properties.get("HealthCheckIntervalSeconds")
    timeout = properties.get("HealthCheckTimeoutSeconds")
    if isinstance(interval, int) and isinstance(timeout, int) and interval <= timeout:
        yield f"HealthCheckIntervalSeconds is {interval}, must be above the timeout, {timeout}"


def listener_faults(resource: Resource) -> Iterator[str]:
    """A listener speaks TLS with a certificate, and lets nothing in by default."""
    properties = resource["Properties"]
    if properties.get("Protocol") != "HTTPS" or not properties.get("Certificates"):
        yield f"Protocol is {properties.get('Protocol')}, must be HTTPS with a certificate"
    kinds = {action["Type"] for action in properties["DefaultActions"]}
    if kinds - {"fixed-response", "redirect"}:
        yield f"the default action is {', '.join(sorted(kinds))}: let a rule let requests in"


def listener_rule_faults(resource: Resource) -> Iterator[str]:
    """A rule proves who calls before it forwards."""
    actions = sorted(resource["Properties"]["Actions"], key=lambda a: a.get("Order", 0))
    kinds = [action["Type"] for action in actions]
    if "forward" in kinds and not _proves(kinds[: kinds.index("forward")]):
        yield "it forwards before it proves who calls: put jwt-validation first"


def _proves(kinds: list[str]) -> bool:
    return any(k in {"jwt-validation", "authenticate-oidc", "authenticate-cognito"} for k in kinds)


def shares_faults(template: Mapping[str, Any]) -> Iterator[str]:
    """Of all weighted records of one name, one has a weight above 0."""
    weights: dict[str, list[int]] = {}
    for resource in template["Resources"].values():
        properties = resource.get("Properties", {})
        if resource["Type"] == "AWS::Route53::RecordSet" and "Weight" in properties:
            name = json.dumps([properties.get("Name"), properties.get("Type")])
            weights.setdefault(name, []).append(properties["Weight"])
    for name, given in weights.items():
        if not any(given):
            yield f"all records of {name} have weight 0: Route 53 would draw evenly"
