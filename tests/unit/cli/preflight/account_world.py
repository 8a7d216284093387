"""An account that preflight asks: a stage that stands on everything, and clients that answer."""

from collections.abc import Callable
from typing import Any

import boto3
from botocore.stub import Stubber

from cli.preflight.account import Asked
from cli.preflight.needs import Needs
from cli.preflight.result import Result
from cli.preflight.run import Preflight, ask
from cli.target import Target
from emulator.clock import CloudClock

ACCOUNT, REGION = "123456789012", "eu-west-1"
ZONE, TOPIC = "Z0123456789", f"arn:aws:sns:{REGION}:{ACCOUNT}:alarms"
CONNECTION = f"arn:aws:codeconnections:{REGION}:{ACCOUNT}:connection/1"
CERTIFICATE = f"arn:aws:acm:{REGION}:{ACCOUNT}:certificate/1"
IMAGE = f"{ACCOUNT}.dkr.ecr.{REGION}.amazonaws.com/ours:1"
ALGORITHM = f"arn:aws:sagemaker:{REGION}:865070037744:algorithm/trees"
PACKAGE = f"arn:aws:sagemaker:{REGION}:865070037744:model-package/sold"

SERVERS = [f"ns-{n}.awsdns-0{n}.org" for n in range(1, 5)]


def template() -> dict[str, Any]:
    """The template of a stage that stands on everything."""
    variant = {"VariantName": "blue", "InstanceType": "ml.m5.large", "InitialInstanceCount": 2}
    routing = {"Type": "ALL_AT_ONCE", "WaitIntervalInSeconds": 0}
    return {
        "Resources": {
            "Config": {
                "Type": "AWS::SageMaker::EndpointConfig",
                "Properties": {"ProductionVariants": [variant]},
            },
            "Endpoint": {
                "Type": "AWS::SageMaker::Endpoint",
                "Properties": {
                    "EndpointConfigName": {"Fn::GetAtt": ["Config", "EndpointConfigName"]},
                    "DeploymentConfig": {
                        "BlueGreenUpdatePolicy": {"TrafficRoutingConfiguration": routing}
                    },
                },
            },
            "Model": {
                "Type": "AWS::SageMaker::Model",
                "Properties": {
                    "PrimaryContainer": {"Image": IMAGE},
                    "Containers": [{"ModelPackageName": PACKAGE}],
                },
            },
            "Certificate": {
                "Type": "AWS::CertificateManager::Certificate",
                "Properties": {
                    "DomainName": "m.example.com",
                    "DomainValidationOptions": [
                        {"DomainName": "m.example.com", "HostedZoneId": ZONE}
                    ],
                },
            },
            "Listener": {
                "Type": "AWS::ElasticLoadBalancingV2::Listener",
                "Properties": {"Certificates": [{"CertificateArn": CERTIFICATE}]},
            },
            "Alarm": {
                "Type": "AWS::CloudWatch::Alarm",
                "Properties": {"AlarmActions": [TOPIC], "TreatMissingData": "notBreaching"},
            },
            "Pipeline": {
                "Type": "AWS::CodePipeline::Pipeline",
                "Properties": {"Connection": CONNECTION},
            },
            "Made": {"Type": "AWS::CodeConnections::Connection"},
        }
    }


SESSION = boto3.Session(
    aws_access_key_id="a",
    aws_secret_access_key="b",
    region_name=REGION,
)
"""One for all tests: it keeps botocore's models, which take a second to read."""


class Account:
    """Clients whose answers are laid out beforehand; a service without any refuses access."""

    def __init__(self) -> None:
        self.answers: dict[str, Callable[[Stubber], None]] = {}

    def client(self, service: str, **_: Any) -> Any:
        """A client of boto3 that answers from the list, checked by botocore's models."""
        made = SESSION.client(service)
        stub = Stubber(made)
        lay = self.answers.get(service)
        if lay is not None:
            lay(stub)
        stub.activate()
        return made

    def will(self, service: str, operation: str, answer: dict[str, Any]) -> None:
        """The service answers this operation."""
        before = self.answers.get(service)

        def lay(stub: Stubber) -> None:
            if before is not None:
                before(stub)
            stub.add_response(operation, answer)

        self.answers[service] = lay

    def refuses(self, service: str, operation: str, code: str) -> None:
        """The service answers with an error."""
        self.answers[service] = lambda stub: stub.add_client_error(operation, code, "no")


def well_account() -> Account:
    """An account in which nothing is missing."""
    account = Account()
    account.will("sts", "get_caller_identity", {"Account": ACCOUNT, "Arn": "arn:aws:iam::1:user/a"})
    account.will("ssm", "get_parameter", {"Parameter": {"Value": "21"}})
    account.will("service-quotas", "list_aws_default_service_quotas", {"Quotas": [quota(0)]})
    account.will("service-quotas", "list_service_quotas", {"Quotas": [quota(4)]})
    account.will(
        "lambda", "get_account_settings", {"AccountLimit": {"ConcurrentExecutions": 1_000}}
    )
    account.will("route53", "get_hosted_zone", zone())
    account.will("acm", "describe_certificate", {"Certificate": certificate("ISSUED")})
    account.will(
        "codeconnections", "get_connection", {"Connection": {"ConnectionStatus": "AVAILABLE"}}
    )
    account.will("sns", "list_subscriptions_by_topic", {"Subscriptions": [subscription(TOPIC)]})
    account.will("sagemaker", "describe_model_package", package())
    account.will("ecr", "describe_images", {"imageDetails": []})
    return account


def quota(value: float) -> dict[str, Any]:
    """A quota of instances."""
    return {"QuotaName": "ml.m5.large for endpoint usage", "Value": value}


def zone(**config: Any) -> dict[str, Any]:
    """A hosted zone."""
    zone = {"Id": ZONE, "Name": "example.com.", "CallerReference": "r", "Config": config}
    return {"HostedZone": zone, "DelegationSet": {"NameServers": SERVERS}}


def certificate(status: str) -> dict[str, Any]:
    """A certificate."""
    return {"Status": status, "DomainName": "example.com"}


def subscription(arn: str) -> dict[str, Any]:
    """A confirmed or a pending subscription."""
    return {"SubscriptionArn": arn, "Endpoint": "ops@example.com"}


def package() -> dict[str, Any]:
    """A model package that is sold."""
    return {
        "ModelPackageName": "sold",
        "ModelPackageArn": PACKAGE,
        "CreationTime": 1,
        "ModelPackageStatus": "Completed",
        "ModelPackageStatusDetails": {"ValidationStatuses": []},
    }


def algorithm() -> dict[str, Any]:
    """An algorithm that is sold."""
    return {
        "AlgorithmName": "trees",
        "AlgorithmArn": ALGORITHM,
        "CreationTime": 1,
        "TrainingSpecification": {
            "TrainingImage": "trees",
            "SupportedTrainingInstanceTypes": ["ml.m5.large"],
            "TrainingChannels": [
                {
                    "Name": "train",
                    "SupportedContentTypes": ["text/csv"],
                    "SupportedInputModes": ["File"],
                }
            ],
        },
        "AlgorithmStatus": "Completed",
        "AlgorithmStatusDetails": {"ValidationStatuses": []},
    }


def target_of(account: Account, *, embedded: bool = False) -> Target:
    """A target whose clients are the account's."""
    session: Any = account
    return Target(
        session=session,
        endpoint_url=None,
        region=REGION,
        clock=CloudClock.from_environment({}),
        environment={},
        embedded=embedded,
    )


def preflight_of(account: Account, needs: Needs, *, embedded: bool = False) -> Preflight:
    """What preflight finds in the account."""
    return ask(
        Asked(target=target_of(account, embedded=embedded), needs=needs),
        name_servers=lambda _: frozenset({SERVERS[0].lower()}),
    )


def result_of(found: Preflight, check: str) -> Result:
    """The result of one check."""
    return next(result for result in found.results if result.check == check)
