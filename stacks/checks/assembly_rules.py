"""Rules between the stacks of a stage, which no check of one template can see."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

Templates = Mapping[str, Mapping[str, Any]]

NAMES: Mapping[str, tuple[str, ...]] = {
    "AWS::CloudWatch::Alarm": ("AlarmName",),
    "AWS::CloudWatch::Dashboard": ("DashboardName",),
    "AWS::DynamoDB::Table": ("TableName",),
    "AWS::ElasticLoadBalancingV2::LoadBalancer": ("Name",),
    "AWS::ElasticLoadBalancingV2::TargetGroup": ("Name",),
    "AWS::IAM::Role": ("RoleName",),
    "AWS::Lambda::Function": ("FunctionName",),
    "AWS::Logs::LogGroup": ("LogGroupName",),
    "AWS::Route53::RecordSet": ("HostedZoneId", "Name", "Type", "SetIdentifier"),
    "AWS::S3::Bucket": ("BucketName",),
    "AWS::SNS::Topic": ("TopicName",),
    "AWS::SQS::Queue": ("QueueName",),
    "AWS::SageMaker::Endpoint": ("EndpointName",),
    "AWS::SageMaker::ModelPackageGroup": ("ModelPackageGroupName",),
    "AWS::SageMaker::Pipeline": ("PipelineName",),
    "AWS::SecretsManager::Secret": ("Name",),
    "AWS::StepFunctions::StateMachine": ("StateMachineName",),
}
"""Type to the properties that name a resource; one without the first has a generated name."""

_MADE_UP_ZONES = ("dummy1a", "dummy1b", "dummy1c")
"""Zones that CDK puts in where it was not told any, and no look-up was made."""


def assembly_faults(templates: Templates) -> tuple[str, ...]:
    """What is wrong between the templates of one stage, a sentence each."""
    return (*_name_faults(templates), *_zone_faults(templates))


def _name_faults(templates: Templates) -> Iterator[str]:
    seen: dict[str, str] = {}
    for stack, template in templates.items():
        for id_, resource in template["Resources"].items():
            name = _name_of(resource)
            if name is None:
                continue
            place = f"{stack}/{id_}"
            if name in seen:
                yield f"{place} and {seen[name]} have one name, {name}: rename one"
            seen[name] = place


def _name_of(resource: Mapping[str, Any]) -> str | None:
    kind = str(resource["Type"])
    keys = NAMES.get(kind)
    properties = resource.get("Properties", {})
    if keys is None or properties.get(keys[0]) is None:
        return None
    return f"{kind} {json.dumps([properties.get(key) for key in keys], sort_keys=True)}"


def _zone_faults(templates: Templates) -> Iterator[str]:
    for stack, template in templates.items():
        text = json.dumps(template)
        for zone in _MADE_UP_ZONES:
            if zone in text:
                yield f"{stack} names the availability zone {zone}, which does not exist"
