"""boto3 clients, each made when it is first asked for, all of one Session.

Nothing is imported from boto3 before it is needed: what answers a fault in its input never pays for
it. Every client has stated time limits; retries are botocore's standard mode.
"""

from __future__ import annotations

from functools import cache

from tidegate.untyped import Any

TYPE_CHECKING = False
if TYPE_CHECKING:
    from boto3.session import Session
    from mypy_boto3_cloudformation import CloudFormationClient
    from mypy_boto3_cloudwatch import CloudWatchClient
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_route53 import Route53Client
    from mypy_boto3_sagemaker import SageMakerClient
    from mypy_boto3_sagemaker_runtime import SageMakerRuntimeClient
    from mypy_boto3_stepfunctions import SFNClient

CONNECT_SECONDS = 2
READ_SECONDS = 10
MODEL_READ_SECONDS = 65
"""SageMaker itself gives a model 60 s to answer (InvokeEndpoint in the API reference)."""

AI_READ_SECONDS = 25
"""Less than the 30 s in which an HTTP API must have its answer."""

_ATTEMPTS = 4


@cache
def session() -> Session:
    """The one Session of the process."""
    from boto3.session import Session  # noqa: PLC0415 - boto3 takes 150 ms to import

    return Session()


def _client(service: str, *, attempts: int = _ATTEMPTS, read_seconds: int = READ_SECONDS) -> Any:
    from botocore.config import Config  # noqa: PLC0415

    config = Config(
        connect_timeout=CONNECT_SECONDS,
        read_timeout=read_seconds,
        retries={"mode": "standard", "total_max_attempts": attempts},
    )
    factory: Any = session().client
    return factory(service, config=config)


@cache
def dynamodb() -> DynamoDBClient:
    """Tables."""
    client: DynamoDBClient = _client("dynamodb")
    return client


@cache
def route53() -> Route53Client:
    """The weighted records of tracks."""
    client: Route53Client = _client("route53")
    return client


@cache
def sagemaker() -> SageMakerClient:
    """Endpoints, their configurations and models."""
    client: SageMakerClient = _client("sagemaker")
    return client


@cache
def sagemaker_runtime() -> SageMakerRuntimeClient:
    """Online inference, which is asked once: a repeated question would be a second request."""
    client: SageMakerRuntimeClient = _client(
        "sagemaker-runtime", attempts=1, read_seconds=MODEL_READ_SECONDS
    )
    return client


FLEET_READ_SECONDS = 29
"""More than the function in a fleet's network takes, less than an HTTP API waits."""


@cache
def functions() -> Any:
    """The functions that ask fleets, once: a repeated question would be a second request."""
    return _client("lambda", attempts=1, read_seconds=FLEET_READ_SECONDS)


@cache
def autoscaling() -> Any:
    """Groups of instances."""
    return _client("autoscaling")


@cache
def balancing() -> Any:
    """Which instances answer."""
    return _client("elbv2")


@cache
def stepfunctions() -> SFNClient:
    """The release machine."""
    client: SFNClient = _client("stepfunctions")
    return client


@cache
def cloudformation() -> CloudFormationClient:
    """Stacks."""
    client: CloudFormationClient = _client("cloudformation")
    return client


@cache
def cloudwatch() -> CloudWatchClient:
    """Metrics for people and alarms."""
    client: CloudWatchClient = _client("cloudwatch")
    return client


@cache
def events() -> Any:
    """Events about releases."""
    return _client("events")


@cache
def sns() -> Any:
    """Messages to people."""
    return _client("sns")


@cache
def s3() -> Any:
    """Files of outcomes."""
    return _client("s3")


@cache
def sqs() -> Any:
    """Messages of work queues."""
    return _client("sqs")


@cache
def greengrass() -> Any:
    """Deployments of edge fleets."""
    return _client("greengrassv2")


@cache
def iot() -> Any:
    """Thing groups of edge fleets."""
    return _client("iot")


@cache
def ai(service: str) -> Any:
    """An AI service, asked once: who repeats what, and when, is decided above."""
    return _client(service, attempts=1, read_seconds=AI_READ_SECONDS)


@cache
def secretsmanager() -> Any:
    """The secret that prediction ids are signed with."""
    return _client("secretsmanager")
