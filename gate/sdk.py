"""Operations by the names that Step Functions, IAM and botocore have for them.

Service names of the AWS SDK integrations are those of the SDK for Java, in small letters.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from botocore.session import get_session

from gate.requests import service_model

_SDK = re.compile(
    r"^arn:(?:aws[a-z-]*|\$\{[^}]+\}):states:::aws-sdk:(?P<service>[a-z0-9]+):(?P<operation>\w+)"
)
_OPTIMISED = re.compile(
    r"^arn:(?:aws[a-z-]*|\$\{[^}]+\}):states:::(?P<service>[a-z0-9]+):(?P<operation>\w+)"
    r"(?P<how>\.sync(?::2)?|\.waitForTaskToken)?$"
)
_JAVA: Mapping[str, str] = {
    "bedrockagentruntime": "bedrock-agent-runtime",
    "bedrockruntime": "bedrock-runtime",
    "cloudwatchlogs": "logs",
    "cognitoidentityprovider": "cognito-idp",
    "databasemigration": "dms",
    "ecs": "ecs",
    "elasticloadbalancingv2": "elbv2",
    "eventbridge": "events",
    "lexruntimev2": "lexv2-runtime",
    "sagemakerruntime": "sagemaker-runtime",
    "secretsmanager": "secretsmanager",
    "sfn": "stepfunctions",
}
"""Names of the SDK for Java that are not botocore's without its hyphens."""

_OWN: Mapping[str, str] = {"states": "stepfunctions"}
_WRAPPED = frozenset({"lambda:invoke", "events:putEvents", "apigateway:invoke", "http:invoke"})
"""Integrations whose parameters are not those of the operation's request."""

_PREFIXES: Mapping[str, str] = {"stepfunctions": "states", "cloudwatch": "cloudwatch"}
_ACTIONS: Mapping[tuple[str, str], tuple[str, ...]] = {
    ("lambda", "Invoke"): ("lambda:InvokeFunction",),
    ("s3", "ListObjectsV2"): ("s3:ListBucket",),
    ("s3", "ListObjects"): ("s3:ListBucket",),
    ("s3", "HeadObject"): ("s3:GetObject",),
    ("s3", "HeadBucket"): ("s3:ListBucket",),
    ("s3", "CopyObject"): ("s3:GetObject", "s3:PutObject"),
    ("s3", "DeleteObjects"): ("s3:DeleteObject",),
    ("s3", "ListBuckets"): ("s3:ListAllMyBuckets",),
    ("dynamodb", "TransactWriteItems"): ("dynamodb:PutItem",),
    ("sagemaker-runtime", "InvokeEndpoint"): ("sagemaker:InvokeEndpoint",),
}
"""Operations whose action in IAM has another name (Service Authorization Reference)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """An operation of a service, by botocore's names."""

    service: str
    operation: str
    wrapped: bool = False
    """Whether the request's parameters are another's, so that they are not compared."""

    @property
    def actions(self) -> tuple[str, ...]:
        """What IAM calls it; none where it is not known."""
        special = _ACTIONS.get((self.service, self.operation))
        if special is not None:
            return special
        if self.service in {"apigateway", "http"} or service_model(self.service) is None:
            return ()
        return (f"{_prefix(self.service)}:{self.operation}",)


def _prefix(service: str) -> str:
    if service in _PREFIXES:
        return _PREFIXES[service]
    model = service_model(service)
    return service if model is None else str(model.signing_name)


def call_of(resource: str) -> Call | None:
    """What a task's resource calls; None for a function's or an activity's ARN."""
    sdk = _SDK.match(resource)
    if sdk is not None:
        return Call(service=botocore_name(sdk["service"]), operation=_operation(sdk["operation"]))
    own = _OPTIMISED.match(resource)
    if own is None or own["service"] in {"activity", "http", "apigateway"}:
        return None
    service = _OWN.get(own["service"], own["service"])
    wrapped = f"{own['service']}:{own['operation']}" in _WRAPPED
    return Call(service=service, operation=_operation(own["operation"]), wrapped=wrapped)


def _operation(name: str) -> str:
    return name[:1].upper() + name[1:]


def botocore_name(service: str) -> str:
    """A service's name in botocore, from its name in a state machine."""
    return _JAVA.get(service, _squeezed().get(service, service))


@cache
def _squeezed() -> Mapping[str, str]:
    names = get_session().get_available_services()
    return {name.replace("-", ""): name for name in names}
