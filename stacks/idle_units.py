"""What of a template bills while nobody asks: so many units of so many things.

A type that is neither counted nor known to be free is told by name, with no price.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

Resources = Mapping[str, Mapping[str, Any]]
Unit = tuple[str, int]
"""An item of the table of prices, and how many of it. Instances are `hosting:TYPE`, provisioned
processes of serverless endpoints `provisioned:MEGABYTES`."""

HOSTING = "hosting:"
MACHINE, SPOT = "ec2:", "spot:"
"""What begins the item of an EC2 instance, on demand or spot; its type follows."""
NOTEBOOK = "notebook:"
"""What begins the item of a notebook instance that nothing stops; its type follows."""
PROVISIONED = "provisioned:"
"""What begins the item of a provisioned process of a serverless endpoint; its memory follows."""
UNPRICED = "type:"
"""What begins the item of a type that nobody has a price for."""

_INSTANCES = "sagemaker:variant:DesiredInstanceCount"
_ZONES = 2
"""A load balancer has a public address in each of its zones, which are two at least."""

_FREE = frozenset(
    {
        "AWS::CDK::Metadata",
        "AWS::CertificateManager::Certificate",
        "AWS::Bedrock::DataSource",
        "AWS::Bedrock::KnowledgeBase",
        "AWS::CodeBuild::Project",
        "AWS::CodeBuild::ReportGroup",
        "AWS::CodeConnections::Connection",
        "AWS::CodePipeline::Pipeline",
        "AWS::Cognito::UserPool",
        "AWS::Cognito::UserPoolClient",
        "AWS::Cognito::UserPoolDomain",
        "AWS::CodeGuruProfiler::ProfilingGroup",
        "AWS::DynamoDB::Table",
        "AWS::Kendra::DataSource",
        "AWS::Lex::Bot",
        "AWS::Lex::BotAlias",
        "AWS::Lex::BotVersion",
        "AWS::Personalize::Dataset",
        "AWS::Personalize::DatasetGroup",
        "AWS::Personalize::EventTracker",
        "AWS::Personalize::Filter",
        "AWS::Personalize::Schema",
        "AWS::Personalize::Solution",
        "AWS::Polly::Lexicon",
        "AWS::Rekognition::Collection",
        "AWS::S3::Bucket",
        "AWS::S3::BucketPolicy",
        "AWS::S3Vectors::Index",
        "AWS::S3Vectors::VectorBucket",
        "AWS::SNS::Subscription",
        "AWS::SNS::Topic",
        "AWS::SNS::TopicPolicy",
        "AWS::SQS::Queue",
        "AWS::SQS::QueuePolicy",
        "AWS::SSM::Parameter",
        "AWS::SageMaker::Endpoint",
        "AWS::SageMaker::Model",
        "AWS::SageMaker::ModelPackage",
        "AWS::SageMaker::ModelPackageGroup",
        "AWS::SageMaker::NotebookInstanceLifecycleConfig",
        "AWS::SageMaker::Pipeline",
        "AWS::Route53::RecordSet",
        "AWS::SecretsManager::RotationSchedule",
        "AWS::StepFunctions::StateMachine",
        "AWS::Transcribe::Vocabulary",
        "AWS::Transcribe::VocabularyFilter",
        "AWS::Translate::Terminology",
        "AWS::WAFv2::WebACLAssociation",
        "AWS::EC2::InternetGateway",
        "AWS::EC2::LaunchTemplate",
        "AWS::EC2::NetworkAcl",
        "AWS::EC2::NetworkAclEntry",
        "AWS::EC2::Route",
        "AWS::EC2::RouteTable",
        "AWS::EC2::SecurityGroup",
        "AWS::EC2::SecurityGroupEgress",
        "AWS::EC2::SecurityGroupIngress",
        "AWS::EC2::Subnet",
        "AWS::EC2::SubnetRouteTableAssociation",
        "AWS::EC2::VPC",
        "AWS::EC2::VPCGatewayAttachment",
        "AWS::ElasticLoadBalancingV2::Listener",
        "AWS::ElasticLoadBalancingV2::ListenerRule",
        "AWS::ElasticLoadBalancingV2::TargetGroup",
        "AWS::Lambda::EventSourceMapping",
        "AWS::Lambda::Function",
        "AWS::Lambda::LayerVersion",
        "AWS::Lambda::Permission",
        "AWS::Lambda::Version",
    }
)
"""Types that bill per use or per byte kept, and nothing while they are empty and unasked."""

_FREE_SERVICES = (
    "AWS::ApiGateway::",
    "AWS::ApiGatewayV2::",
    "AWS::ApplicationAutoScaling::",
    "AWS::Budgets::",
    "AWS::CloudFormation::",
    "AWS::Events::",
    "AWS::FraudDetector::",
    "AWS::GreengrassV2::",
    "AWS::IAM::",
    "AWS::IoT::",
    "AWS::Logs::",
    "AWS::Scheduler::",
    "Custom::",
)


def units(resources: Resources) -> Iterator[Unit]:
    """Everything in a template that bills while idle."""
    for id_, resource in resources.items():
        kind = str(resource["Type"])
        counted = _COUNTED.get(kind)
        if counted is not None:
            yield from counted(id_, resource.get("Properties", {}), resources)
        elif kind not in _FREE and not kind.startswith(_FREE_SERVICES):
            yield f"{UNPRICED}{kind}", 1


def _one(item: str) -> Callable[[str, Mapping[str, Any], Resources], Iterator[Unit]]:
    def counted(_id: str, _properties: Mapping[str, Any], _all: Resources) -> Iterator[Unit]:
        yield item, 1

    return counted


def _balancer(_id: str, properties: Mapping[str, Any], _all: Resources) -> Iterator[Unit]:
    yield "load_balancer", 1
    if properties.get("Scheme", "internet-facing") == "internet-facing":
        yield "public_address", _ZONES


def _web_acl(_id: str, properties: Mapping[str, Any], _all: Resources) -> Iterator[Unit]:
    yield "web_acl", 1
    yield "web_acl_rule", len(properties.get("Rules", ()))


def _kendra_index(_id: str, properties: Mapping[str, Any], _all: Resources) -> Iterator[Unit]:
    developer = properties.get("Edition") == "DEVELOPER_EDITION"
    yield ("kendra_developer_index" if developer else "kendra_enterprise_index"), 1


def _campaign(_id: str, properties: Mapping[str, Any], _all: Resources) -> Iterator[Unit]:
    yield "personalize_campaign", int(properties.get("MinProvisionedTPS", 1))


def _notebook(id_: str, properties: Mapping[str, Any], resources: Resources) -> Iterator[Unit]:
    """A volume bills always; the instance bills while it runs, which idle ones do not for long."""
    yield "notebook_volume_gb", int(properties.get("VolumeSizeInGB", 5))
    said = resources[id_].get("Metadata", {}).get("tidegate", {})
    if not said.get("stops_when_idle", False):
        yield f"{NOTEBOOK}{properties.get('InstanceType')}", 1


def _devices(_id: str, properties: Mapping[str, Any], _all: Resources) -> Iterator[Unit]:
    """The core devices that a ring of an edge fleet is expected to have."""
    told = properties.get("ThingGroupProperties", {}).get("AttributePayload", {})
    yield "greengrass_core_device", int(told.get("Attributes", {}).get("expectedDevices", 0))


def _group(_id: str, properties: Mapping[str, Any], resources: Resources) -> Iterator[Unit]:
    """The instances that a group always has, their volumes and their public addresses."""
    named = properties.get("LaunchTemplate", {}).get("LaunchTemplateId", {})
    template = resources.get(str(named.get("Ref", "")), {})
    data = template.get("Properties", {}).get("LaunchTemplateData", {})
    count = int(properties.get("MinSize", 0))
    spot = data.get("InstanceMarketOptions", {}).get("MarketType") == "spot"
    yield f"{SPOT if spot else MACHINE}{data.get('InstanceType')}", count
    for device in data.get("BlockDeviceMappings", ()):
        yield "gp3_gb", count * int(device.get("Ebs", {}).get("VolumeSize", 0))
    addresses = [i for i in data.get("NetworkInterfaces", ()) if i.get("AssociatePublicIpAddress")]
    yield "public_address", count * len(addresses)


def _zone_endpoint(_id: str, properties: Mapping[str, Any], _all: Resources) -> Iterator[Unit]:
    if properties.get("VpcEndpointType") == "Interface":
        yield "interface_endpoint", max(1, len(properties.get("SubnetIds", ())))


def _variants(id_: str, properties: Mapping[str, Any], resources: Resources) -> Iterator[Unit]:
    """The instances of a configuration, for each endpoint that has it; asleep where they may."""
    served = [
        str(resource["Properties"].get("EndpointName"))
        for resource in resources.values()
        if _serves(resource, id_)
    ]
    endpoints, least = len(served), _least(resources)
    for name in ("ProductionVariants", "ShadowProductionVariants"):
        for variant in properties.get(name, ()):
            serverless = variant.get("ServerlessConfig")
            if serverless is None:
                type_ = str(variant.get("InstanceType"))
                first = int(variant.get("InitialInstanceCount", 0))
                slot = variant.get("VariantName")
                idle = sum(least.get(f"endpoint/{name}/variant/{slot}", first) for name in served)
                yield f"{HOSTING}{type_}", idle
            else:
                kept = int(serverless.get("ProvisionedConcurrency", 0))
                yield f"{PROVISIONED}{serverless.get('MemorySizeInMB')}", endpoints * kept


def _least(resources: Resources) -> Mapping[str, int]:
    """How many instances autoscaling leaves of each variant while nobody asks."""
    return {
        str(target["Properties"]["ResourceId"]): int(target["Properties"]["MinCapacity"])
        for target in resources.values()
        if target["Type"] == "AWS::ApplicationAutoScaling::ScalableTarget"
        and target["Properties"].get("ScalableDimension") == _INSTANCES
    }


def _serves(resource: Mapping[str, Any], config: str) -> bool:
    name = resource.get("Properties", {}).get("EndpointConfigName")
    of_config = isinstance(name, Mapping) and name.get("Fn::GetAtt", [""])[0] == config
    return resource["Type"] == "AWS::SageMaker::Endpoint" and of_config


_COUNTED: Mapping[str, Callable[[str, Mapping[str, Any], Resources], Iterator[Unit]]] = {
    "AWS::AutoScaling::AutoScalingGroup": _group,
    "AWS::CloudWatch::Alarm": _one("alarm"),
    "AWS::CloudWatch::CompositeAlarm": _one("composite_alarm"),
    "AWS::CloudWatch::Dashboard": _one("dashboard"),
    "AWS::EC2::EIP": _one("public_address"),
    "AWS::EC2::NatGateway": _one("nat_gateway"),
    "AWS::EC2::VPCEndpoint": _zone_endpoint,
    "AWS::ElasticLoadBalancingV2::LoadBalancer": _balancer,
    "AWS::IoT::ThingGroup": _devices,
    "AWS::KMS::Key": _one("key"),
    "AWS::Kendra::Index": _kendra_index,
    "AWS::Personalize::Campaign": _campaign,
    "AWS::SageMaker::NotebookInstance": _notebook,
    "Custom::PersonalizeCampaign": _campaign,
    "AWS::Route53::HealthCheck": _one("health_check"),
    "AWS::Route53::HostedZone": _one("hosted_zone"),
    "AWS::SageMaker::EndpointConfig": _variants,
    "AWS::SecretsManager::Secret": _one("secret"),
    "AWS::WAFv2::WebACL": _web_acl,
}
