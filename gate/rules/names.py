"""Physical names: that they fit, that no two are the same, that they bar no replacement."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from gate import schemas
from gate.finding import Fault
from gate.rule import Rule, each
from gate.template import Assembly, Resource, least_length, literal, references

NAMES: Mapping[str, tuple[str, ...]] = {
    "AWS::ApiGatewayV2::DomainName": ("DomainName",),
    "AWS::CloudWatch::Alarm": ("AlarmName",),
    "AWS::CloudWatch::Dashboard": ("DashboardName",),
    "AWS::CodeBuild::Project": ("Name",),
    "AWS::CodePipeline::Pipeline": ("Name",),
    "AWS::DynamoDB::Table": ("TableName",),
    "AWS::ElasticLoadBalancingV2::LoadBalancer": ("Name",),
    "AWS::ElasticLoadBalancingV2::TargetGroup": ("Name",),
    "AWS::Events::Rule": ("Name", "EventBusName"),
    "AWS::IAM::ManagedPolicy": ("ManagedPolicyName",),
    "AWS::IAM::Role": ("RoleName",),
    "AWS::Kinesis::Stream": ("Name",),
    "AWS::KMS::Alias": ("AliasName",),
    "AWS::Lambda::Function": ("FunctionName",),
    "AWS::Logs::LogGroup": ("LogGroupName",),
    "AWS::Personalize::DatasetGroup": ("Name",),
    "AWS::Personalize::Schema": ("Name",),
    "AWS::Personalize::Solution": ("Name",),
    "AWS::Route53::RecordSet": ("Name", "HostedZoneId", "Type", "SetIdentifier"),
    "AWS::S3::Bucket": ("BucketName",),
    "AWS::SageMaker::Endpoint": ("EndpointName",),
    "AWS::SageMaker::EndpointConfig": ("EndpointConfigName",),
    "AWS::SageMaker::FeatureGroup": ("FeatureGroupName",),
    "AWS::SageMaker::InferenceComponent": ("InferenceComponentName",),
    "AWS::SageMaker::Model": ("ModelName",),
    "AWS::SageMaker::ModelPackageGroup": ("ModelPackageGroupName",),
    "AWS::SageMaker::NotebookInstance": ("NotebookInstanceName",),
    "AWS::SageMaker::Pipeline": ("PipelineName",),
    "AWS::SageMaker::ProcessingJob": ("ProcessingJobName",),
    "AWS::SecretsManager::Secret": ("Name",),
    "AWS::SNS::Topic": ("TopicName",),
    "AWS::SQS::Queue": ("QueueName",),
    "AWS::SSM::Parameter": ("Name",),
    "AWS::StepFunctions::StateMachine": ("StateMachineName",),
    "AWS::WAFv2::WebACL": ("Name", "Scope"),
}
"""Type to the properties that name a resource; one without the first has a generated name."""

_LOAD_BALANCING = (
    "AWS::ElasticLoadBalancingV2::LoadBalancer",
    "AWS::ElasticLoadBalancingV2::TargetGroup",
)
_MOST: Mapping[str, int] = {
    **dict.fromkeys(_LOAD_BALANCING, 32),
    "AWS::SageMaker::Pipeline": 256,
    "AWS::CodePipeline::Pipeline": 100,
    "AWS::StepFunctions::StateMachine": 80,
}
"""Lengths that schemas do not have."""


def _name(resource: Resource) -> Any:
    return resource.at(NAMES[resource.kind][0])


def _most(kind: str) -> int | None:
    return _MOST.get(kind, schemas.most_characters(kind, NAMES[kind][0]))


@each(*NAMES)
def _length(resource: Resource) -> Iterator[Fault]:
    name, most = _name(resource), _most(resource.kind)
    # cfn-lint measures literal names by the schema (E3033): here are the others.
    measured = literal(name) is not None and resource.kind not in _MOST
    if most is None or measured or least_length(name) <= most:
        return
    yield resource.fault(
        (NAMES[resource.kind][0],),
        "the name is too long",
        got=f"at least {least_length(name)} characters",
        allowed=f"at most {most}",
        advice="shorten it, or leave it out and let CloudFormation name the resource",
    )


@each(*_LOAD_BALANCING)
def _balancer_name(resource: Resource) -> Iterator[Fault]:
    name = literal(resource.at("Name"))
    if name is None:
        return
    right = name.replace("-", "").isalnum() and name.isascii()
    if not right or name.startswith(("-", "internal-")) or name.endswith("-"):
        yield resource.fault(
            ("Name",),
            "Elastic Load Balancing takes no such name",
            got=name,
            allowed="letters, digits and inner hyphens, not beginning with internal-",
        )


def _twice(assembly: Assembly) -> Iterator[Fault]:
    seen: dict[str, Resource] = {}
    for resource in assembly.of(*NAMES):
        if _name(resource) is None:
            continue
        key = _key(resource)
        other = seen.setdefault(key, resource)
        if other is not resource:
            yield resource.fault(
                (NAMES[resource.kind][0],),
                f"{other.template.stack}/{other.id} has this name too",
                got=_name(resource),
                advice="rename one of the two, or let CloudFormation name them",
            )


def _key(resource: Resource) -> str:
    """Names are of an account and a region; two templates that say none go to the same."""
    keys = [resource.at(name) for name in NAMES[resource.kind]]
    template = resource.template
    local = [template.stack] if any(_local(key) for key in keys) else []
    place = [template.account, template.region, resource.kind]
    return json.dumps([*place, *keys, *local], sort_keys=True, default=str)


def _local(key: Any) -> bool:
    """Whether a name is made of something of its own stack, so that another one differs."""
    own = (name for name in references(key) if not name.startswith("AWS::"))
    return any(own) or "AWS::Stack" in json.dumps(key, default=str)


@each(*NAMES)
def _replaced(resource: Resource) -> Iterator[Fault]:
    name = NAMES[resource.kind][0]
    only = schemas.create_only(resource.kind)
    others = set(resource.properties) - {name, "Tags"}
    if _name(resource) is None or name not in only or not others:
        return
    if others <= only or not schemas.updatable(resource.kind):
        yield resource.fault(
            (name,),
            "any change replaces the resource, and the new one cannot have the name of the old",
            got=_name(resource),
            allowed="no name, or one that changes with the content",
            advice=f"drop {name}, or put a digest of the other properties into it",
        )


RULES = (
    Rule(
        id="name-length",
        holds="a name fits, whatever is filled into it",
        source="CloudFormation resource schemas; Elastic Load Balancing API reference: 32",
        check=_length,
    ),
    Rule(
        id="balancer-name",
        holds="load balancers and target groups have names that Elastic Load Balancing takes",
        source="Elastic Load Balancing API reference, CreateLoadBalancer, CreateTargetGroup",
        check=_balancer_name,
    ),
    Rule(
        id="one-name-twice",
        holds="no two resources of one account and region have one name",
        source="CloudFormation user guide, Name type",
        check=_twice,
    ),
    Rule(
        id="fixed-name-replaced",
        holds="what can only be replaced has no fixed name",
        source="CloudFormation user guide, Name type; resource schemas: createOnlyProperties",
        check=_replaced,
    ),
)
