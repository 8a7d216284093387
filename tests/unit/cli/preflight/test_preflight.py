"""Each check of an account says what is missing and what to do, and none hides another."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber

from cli.preflight.account import Asked
from cli.preflight.needs import Needs, needs_of
from cli.preflight.result import Outcome, Result
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


def _template() -> dict[str, Any]:
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


@pytest.fixture
def needs(tmp_path: Path) -> Needs:
    """A stage that stands on everything."""
    properties = {"templateFile": "S.template.json", "requiresBootstrapStackVersion": 8}
    stack = {
        "type": "aws:cloudformation:stack",
        "environment": f"aws://{ACCOUNT}/{REGION}",
        "properties": properties,
    }
    (tmp_path / "manifest.json").write_text(json.dumps({"artifacts": {"S": stack}}))
    (tmp_path / "S.template.json").write_text(json.dumps(_template()))
    return needs_of(tmp_path, regions=(REGION,))


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


def _well() -> Account:
    """An account in which nothing is missing."""
    account = Account()
    account.will("sts", "get_caller_identity", {"Account": ACCOUNT, "Arn": "arn:aws:iam::1:user/a"})
    account.will("ssm", "get_parameter", {"Parameter": {"Value": "21"}})
    account.will("service-quotas", "list_aws_default_service_quotas", {"Quotas": [_quota(0)]})
    account.will("service-quotas", "list_service_quotas", {"Quotas": [_quota(4)]})
    account.will(
        "lambda", "get_account_settings", {"AccountLimit": {"ConcurrentExecutions": 1_000}}
    )
    account.will("route53", "get_hosted_zone", _zone())
    account.will("acm", "describe_certificate", {"Certificate": _certificate("ISSUED")})
    account.will(
        "codeconnections", "get_connection", {"Connection": {"ConnectionStatus": "AVAILABLE"}}
    )
    account.will("sns", "list_subscriptions_by_topic", {"Subscriptions": [_subscription(TOPIC)]})
    account.will("sagemaker", "describe_model_package", _package())
    account.will("ecr", "describe_images", {"imageDetails": []})
    return account


def _quota(value: float) -> dict[str, Any]:
    return {"QuotaName": "ml.m5.large for endpoint usage", "Value": value}


def _zone(**config: Any) -> dict[str, Any]:
    zone = {"Id": ZONE, "Name": "example.com.", "CallerReference": "r", "Config": config}
    return {"HostedZone": zone, "DelegationSet": {"NameServers": SERVERS}}


def _certificate(status: str) -> dict[str, Any]:
    return {"Status": status, "DomainName": "example.com"}


def _subscription(arn: str) -> dict[str, Any]:
    return {"SubscriptionArn": arn, "Endpoint": "ops@example.com"}


def _package() -> dict[str, Any]:
    return {
        "ModelPackageName": "sold",
        "ModelPackageArn": PACKAGE,
        "CreationTime": 1,
        "ModelPackageStatus": "Completed",
        "ModelPackageStatusDetails": {"ValidationStatuses": []},
    }


def _algorithm() -> dict[str, Any]:
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


def _asked(account: Account, needs: Needs, *, embedded: bool = False) -> Preflight:
    session: Any = account
    target = Target(
        session=session,
        endpoint_url=None,
        region=REGION,
        clock=CloudClock.from_environment({}),
        environment={},
        embedded=embedded,
    )
    return ask(
        Asked(target=target, needs=needs), name_servers=lambda _: frozenset({SERVERS[0].lower()})
    )


def _of(found: Preflight, check: str) -> Result:
    return next(result for result in found.results if result.check == check)


def test_needs_are_read_from_the_templates(needs: Needs):
    """Blue/green has two fleets at once; what is named and what is made are told apart."""
    assert needs.instances == {"ml.m5.large": 4}
    assert needs.bootstrap_version == 8
    assert needs.account == ACCOUNT
    assert [zone.names for zone in needs.zones] == [("m.example.com",)]
    assert (needs.topics, needs.connections) == ((TOPIC,), (CONNECTION,))
    assert (needs.packages, needs.images) == ((PACKAGE,), (IMAGE,))
    assert needs.pending_connections == ("Made",)


def test_account_that_has_everything_is_ready(needs: Needs):
    """A connection that the deploy makes is a warning: a person must finish it."""
    found = _asked(_well(), needs)

    bad = [r for r in found.results if r.outcome is not Outcome.OK]
    assert [(r.check, r.outcome) for r in bad] == [("connection", Outcome.WARNING)]
    assert found.ready
    assert all(result.why for result in found.results)


def test_an_algorithm_is_asked_about_as_a_package_is(needs: Needs, tmp_path: Path):
    """Its ARN is found in templates; who is not subscribed is told what to do."""
    assert needs.algorithms == ()
    file, account = tmp_path / "S.template.json", _well()
    file.write_text(file.read_text().replace(PACKAGE, ALGORITHM))
    needing = needs_of(tmp_path, regions=(REGION,))
    assert (needing.packages, needing.algorithms) == ((), (ALGORITHM,))
    account.answers.pop("sagemaker")
    account.will("sagemaker", "describe_algorithm", _algorithm())
    assert _of(_asked(account, needing), "algorithm").outcome is Outcome.OK
    account.refuses("sagemaker", "describe_algorithm", "ValidationException")
    refused = _of(_asked(account, needing), "algorithm")
    assert refused.outcome is Outcome.FAILED
    assert "subscribe" in refused.advice
    assert "sagemaker:DescribeAlgorithm" in refused.advice


MISSING: list[tuple[str, Callable[[Account], None], str]] = [
    ("credentials", lambda a: a.refuses("sts", "get_caller_identity", "ExpiredToken"), "sign in"),
    ("bootstrap", lambda a: a.refuses("ssm", "get_parameter", "ParameterNotFound"), "bootstrap"),
    (
        "hosted-zone",
        lambda a: a.refuses("route53", "get_hosted_zone", "NoSuchHostedZone"),
        "make a public hosted zone",
    ),
    ("image", lambda a: a.refuses("ecr", "describe_images", "ImageNotFoundException"), "push it"),
    (
        "model-package",
        lambda a: a.refuses("sagemaker", "describe_model_package", "AccessDeniedException"),
        "subscribe",
    ),
    (
        "topic",
        lambda a: a.refuses("sns", "list_subscriptions_by_topic", "NotFound"),
        "make it",
    ),
]


@pytest.mark.parametrize(("check", "take_away", "advice"), MISSING)
def test_what_is_missing_is_said_with_what_to_do(
    needs: Needs, check: str, take_away: Callable[[Account], None], advice: str
):
    """One thing less is one failure more."""
    account = _well()
    take_away(account)

    found = _asked(account, needs)

    failed = [r for r in found.results if r.outcome is Outcome.FAILED]
    assert [result.check for result in failed] == [check]
    assert advice in failed[0].advice
    assert not found.ready


def _replaced(service: str, operation: str, answer: dict[str, Any]) -> Account:
    account = _well()
    del account.answers[service]
    account.will(service, operation, answer)
    return account


NOT_ENOUGH: list[tuple[str, Account, Outcome, str]] = [
    (
        "certificate",
        _replaced(
            "acm", "describe_certificate", {"Certificate": _certificate("PENDING_VALIDATION")}
        ),
        Outcome.FAILED,
        "PENDING_VALIDATION",
    ),
    (
        "connection",
        _replaced(
            "codeconnections", "get_connection", {"Connection": {"ConnectionStatus": "PENDING"}}
        ),
        Outcome.FAILED,
        "PENDING",
    ),
    (
        "topic",
        _replaced(
            "sns",
            "list_subscriptions_by_topic",
            {"Subscriptions": [_subscription("PendingConfirmation")]},
        ),
        Outcome.WARNING,
        "1 of them pending",
    ),
    (
        "concurrency",
        _replaced("lambda", "get_account_settings", {"AccountLimit": {"ConcurrentExecutions": 10}}),
        Outcome.WARNING,
        "10, at least 100",
    ),
    (
        "bootstrap",
        _replaced("ssm", "get_parameter", {"Parameter": {"Value": "6"}}),
        Outcome.FAILED,
        "version 6, the stage needs 8",
    ),
    (
        "hosted-zone",
        _replaced("route53", "get_hosted_zone", _zone(PrivateZone=True)),
        Outcome.FAILED,
        "it is private",
    ),
]


@pytest.mark.parametrize(("check", "account", "outcome", "said"), NOT_ENOUGH)
def test_what_is_there_and_not_good_enough_is_said(
    needs: Needs, *, check: str, account: Account, outcome: Outcome, said: str
):
    """Pending, too old, too few."""
    result = _of(_asked(account, needs), check)

    assert result.outcome is outcome
    assert said in result.said
    assert result.advice


def test_quota_counts_what_a_release_needs_at_once(needs: Needs):
    """Four, where three are allowed."""
    account = _well()
    del account.answers["service-quotas"]
    account.will("service-quotas", "list_aws_default_service_quotas", {"Quotas": [_quota(0)]})
    account.will("service-quotas", "list_service_quotas", {"Quotas": [_quota(3)]})

    result = _of(_asked(account, needs), "quota")

    assert result.outcome is Outcome.FAILED
    assert "3 allowed, 4 needed" in result.said


def test_zone_that_nobody_delegates_to_is_told(needs: Needs):
    """With the name servers to enter at the registrar."""
    session: Any = _well()
    target = Target(
        session=session,
        endpoint_url=None,
        region=REGION,
        clock=CloudClock.from_environment({}),
        environment={},
        embedded=False,
    )

    found = ask(Asked(target=target, needs=needs), name_servers=lambda _: None)

    result = _of(found, "hosted-zone")
    assert result.outcome is Outcome.FAILED
    assert SERVERS[0] in result.advice


def test_who_may_not_look_is_told_what_is_needed(needs: Needs):
    """It counts neither for nor against."""
    account = _well()
    account.refuses("service-quotas", "list_aws_default_service_quotas", "AccessDeniedException")

    found = _asked(account, needs)

    assert _of(found, "quota").outcome is Outcome.UNKNOWN
    assert "servicequotas:ListServiceQuotas" in _of(found, "quota").advice
    assert found.ready


def test_embedded_cloud_says_what_it_does_not_have(needs: Needs):
    """No quotas, no bootstrap needed, nothing delegated."""
    account = _well()
    account.refuses("ssm", "get_parameter", "ParameterNotFound")
    del account.answers["service-quotas"]

    found = _asked(account, needs, embedded=True)

    assert _of(found, "quota").outcome is Outcome.UNKNOWN
    assert _of(found, "bootstrap").outcome is Outcome.OK
    assert _of(found, "hosted-zone").outcome is Outcome.OK
    assert found.ready
