"""Rules for templates that neither CDK's validation nor cfn-lint knows.

Pure: a template as a dictionary in, faults out. The limits are those of SageMaker, Route 53 and
CloudFormation (service quotas), the rest follows from the resource schemas.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from stacks.checks.dns_rules import (
    listener_faults,
    listener_rule_faults,
    record_faults,
    shares_faults,
    target_group_faults,
)
from stacks.checks.fleet_rules import config_faults, endpoint_faults, fleet_faults
from stacks.checks.pipeline_rules import pipeline_faults

Template = Mapping[str, Any]
Resource = Mapping[str, Any]

MOST_RESOURCES = 450
"""CloudFormation takes 500; the rest is head-room for the next component."""

MOST_BYTES = 800_000
"""CloudFormation takes 1 MB from a bucket."""

_MOST_DYNAMIC_REFERENCES = 60

CLOSED_SERVICES: Mapping[str, str] = {
    "AWS::Forecast::": "closed to new customers in 2024",
    "AWS::FraudDetector::": "closed to new customers since 2025-11-07",
    "AWS::Kendra::": "closed to new customers since 2026-07-30",
    "AWS::CodeGuruReviewer::": "takes no new associations since 2025-11-07",
    "AWS::Greengrass::": "Greengrass V1 ended on 2026-10-07",
    "AWS::SageMaker::MonitoringSchedule": "Model Monitor is closed to new customers",
}

GENERATED_NAMES: Mapping[str, str] = {
    "AWS::SageMaker::Model": "ModelName",
    "AWS::SageMaker::EndpointConfig": "EndpointConfigName",
}
"""Types whose properties are nearly all create-only: a fixed name fails every replacement."""


def template_faults(template: Template) -> tuple[str, ...]:
    """What is wrong with a template, a sentence each."""
    faults: list[str] = []
    for logical_id, resource in template["Resources"].items():
        kind = str(resource["Type"])
        faults.extend(f"{logical_id}: {fault}" for fault in _of_any(kind, resource))
        rule = _RULES.get(kind)
        if rule is not None:
            faults.extend(f"{logical_id}: {fault}" for fault in rule(resource))
    for whole in _WHOLE:
        faults.extend(whole(template))
    return tuple(faults)


def _of_any(kind: str, resource: Resource) -> Iterator[str]:
    for beginning, why in CLOSED_SERVICES.items():
        if kind.startswith(beginning):
            yield f"{kind} {why}: leave it out by default"
    name = GENERATED_NAMES.get(kind)
    if name is not None and name in resource.get("Properties", {}):
        yield f"{name} is fixed, but its properties are create-only: let CloudFormation name it"


def _size_faults(template: Template) -> Iterator[str]:
    resources = len(template["Resources"])
    if resources > MOST_RESOURCES:
        yield f"the template has {resources} resources, at most {MOST_RESOURCES}: split the stack"
    text = json.dumps(template)
    if len(text) > MOST_BYTES:
        yield f"the template has {len(text)} bytes, at most {MOST_BYTES}: split the stack"
    references = text.count("{{resolve:")
    if references > _MOST_DYNAMIC_REFERENCES:
        yield f"the template has {references} dynamic references, CloudFormation takes 60"


def _model_faults(resource: Resource) -> Iterator[str]:
    if resource.get("UpdateReplacePolicy") != "Retain":
        yield "UpdateReplacePolicy must be Retain: a release may go back to what is replaced"


def _alarm_faults(resource: Resource) -> Iterator[str]:
    missing = resource["Properties"].get("TreatMissingData")
    if missing != "notBreaching":
        yield f"TreatMissingData is {missing}, must be notBreaching: no requests are no fault"


def _function_faults(resource: Resource) -> Iterator[str]:
    if "LogGroup" not in resource["Properties"].get("LoggingConfig", {}):
        yield "LoggingConfig names no log group: Lambda would make one that is kept for ever"


def _role_faults(resource: Resource) -> Iterator[str]:
    for policy in resource["Properties"].get("Policies", ()):
        for statement in policy["PolicyDocument"]["Statement"]:
            actions = statement["Action"]
            broad = [a for a in [actions] if isinstance(a, str)] or actions
            yield from (f"action {a} is a wildcard: name each action" for a in broad if "*" in a)


def _late_policy_faults(template: Template) -> Iterator[str]:
    """A model may not be made before the policy that lets its role read the artifact."""
    resources = template["Resources"]
    policies: dict[str, list[str]] = {}
    for id_, resource in resources.items():
        if resource["Type"] in {"AWS::IAM::Policy", "AWS::IAM::RolePolicy"}:
            for role in _roles_of(resource["Properties"]):
                policies.setdefault(role, []).append(id_)
    for id_, resource in resources.items():
        if resource["Type"] != "AWS::SageMaker::Model":
            continue
        role = resource["Properties"].get("ExecutionRoleArn")
        name = role.get("Fn::GetAtt", [""])[0] if isinstance(role, Mapping) else ""
        after = resource.get("DependsOn", [])
        late = set(policies.get(name, [])) - set([after] if isinstance(after, str) else after)
        for policy in sorted(late):
            yield f"{id_}: DependsOn lacks {policy}, without which its role cannot read anything"


def _roles_of(properties: Mapping[str, Any]) -> Iterator[str]:
    for role in (*properties.get("Roles", ()), properties.get("RoleName")):
        if isinstance(role, Mapping) and "Ref" in role:
            yield str(role["Ref"])


_RULES: Mapping[str, Callable[[Resource], Iterator[str]]] = {
    "AWS::SageMaker::EndpointConfig": config_faults,
    "AWS::SageMaker::Model": _model_faults,
    "AWS::SageMaker::Endpoint": endpoint_faults,
    "AWS::SageMaker::Pipeline": pipeline_faults,
    "AWS::CloudWatch::Alarm": _alarm_faults,
    "AWS::Lambda::Function": _function_faults,
    "AWS::Route53::RecordSet": record_faults,
    "AWS::ElasticLoadBalancingV2::TargetGroup": target_group_faults,
    "AWS::ElasticLoadBalancingV2::Listener": listener_faults,
    "AWS::ElasticLoadBalancingV2::ListenerRule": listener_rule_faults,
    "AWS::IAM::Role": _role_faults,
}

_WHOLE: tuple[Callable[[Template], Iterator[str]], ...] = (
    shares_faults,
    fleet_faults,
    _late_policy_faults,
    _size_faults,
)
"""Rules between the resources of a template."""
