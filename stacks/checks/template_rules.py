"""Rules for templates that neither CDK's validation nor cfn-lint knows.

Pure: a template as a dictionary in, faults out. The limits are those of SageMaker, Route 53 and
CloudFormation (service quotas), the rest follows from the resource schemas.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any

Template = Mapping[str, Any]
Resource = Mapping[str, Any]

MOST_RESOURCES = 450
"""CloudFormation takes 500; the rest is head-room for the next component."""

MOST_BYTES = 800_000
"""CloudFormation takes 1 MB from a bucket."""

MOST_VARIANTS = 10
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
    faults.extend(_size_faults(template))
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


def _config_faults(resource: Resource) -> Iterator[str]:
    variants = resource["Properties"]["ProductionVariants"]
    names = [variant["VariantName"] for variant in variants]
    if len(set(names)) != len(names):
        yield f"variant names must differ, got {', '.join(names)}"
    if not 1 <= len(variants) <= MOST_VARIANTS:
        yield f"an endpoint has 1 to {MOST_VARIANTS} production variants, got {len(variants)}"
    weights = [variant.get("InitialVariantWeight") for variant in variants]
    if any(weight is None or weight < 0 for weight in weights):
        yield f"every variant needs a weight of 0 or more, got {weights}: no weight means 1"
    elif variants and sum(weights) == 0:
        yield "all weights are 0: nothing would serve"
    if resource.get("UpdateReplacePolicy") != "Retain":
        yield "UpdateReplacePolicy must be Retain: a release may go back to what is replaced"


def _model_faults(resource: Resource) -> Iterator[str]:
    if resource.get("UpdateReplacePolicy") != "Retain":
        yield "UpdateReplacePolicy must be Retain: a release may go back to what is replaced"


def _endpoint_faults(resource: Resource) -> Iterator[str]:
    properties = resource["Properties"]
    if properties.get("RetainAllVariantProperties") is not True:
        yield "RetainAllVariantProperties must be true: a deploy would reset weights and instances"
    if not isinstance(properties.get("EndpointName"), str):
        yield "EndpointName must be literal: alarms and endpoint would need each other"


def _alarm_faults(resource: Resource) -> Iterator[str]:
    missing = resource["Properties"].get("TreatMissingData")
    if missing != "notBreaching":
        yield f"TreatMissingData is {missing}, must be notBreaching: no requests are no fault"


def _record_faults(resource: Resource) -> Iterator[str]:
    properties = resource["Properties"]
    weight = properties.get("Weight")
    if weight is None:
        return
    if not 0 <= weight <= 255:
        yield f"Weight is {weight}, must be 0 to 255"
    if "SetIdentifier" not in properties:
        yield "a weighted record needs a SetIdentifier"


def _role_faults(resource: Resource) -> Iterator[str]:
    for policy in resource["Properties"].get("Policies", ()):
        for statement in policy["PolicyDocument"]["Statement"]:
            actions = statement["Action"]
            broad = [a for a in [actions] if isinstance(a, str)] or actions
            yield from (f"action {a} is a wildcard: name each action" for a in broad if "*" in a)


_RULES: Mapping[str, Callable[[Resource], Iterator[str]]] = {
    "AWS::SageMaker::EndpointConfig": _config_faults,
    "AWS::SageMaker::Model": _model_faults,
    "AWS::SageMaker::Endpoint": _endpoint_faults,
    "AWS::CloudWatch::Alarm": _alarm_faults,
    "AWS::Route53::RecordSet": _record_faults,
    "AWS::IAM::Role": _role_faults,
}
