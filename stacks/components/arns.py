"""ARNs as templates need them: literal where all is known, `Fn::Sub` for the deploying account."""

from dataclasses import dataclass
from typing import Any

from stacks.project.spec import StageSpec

ACCOUNT = "${AWS::AccountId}"


def sub(text: str) -> Any:
    """The text as a template value: itself, or `Fn::Sub` when CloudFormation has to fill it in."""
    return {"Fn::Sub": text} if "${" in text else text


@dataclass(frozen=True, slots=True, kw_only=True)
class Arns:
    """ARNs in one stage's partition, region and account."""

    stage: StageSpec

    def of(self, service: str, resource: str) -> Any:
        """The ARN of a resource, such as `sagemaker` and `endpoint/name`."""
        return sub(self.text(service, resource))

    def text(self, service: str, resource: str) -> str:
        """The same as text that may hold `${AWS::AccountId}`."""
        account = ACCOUNT if self.stage.account is None else self.stage.account
        return f"arn:{self.stage.partition}:{service}:{self.stage.region}:{account}:{resource}"

    def s3(self, path: str) -> Any:
        """The ARN of a bucket, or of an object in it."""
        return sub(f"arn:{self.stage.partition}:s3:::{path}")


def allow(actions: list[str], resources: list[Any], **more: Any) -> dict[str, Any]:
    """A policy statement that allows these actions on these resources; `more` is its Condition."""
    statement = {"Effect": "Allow", "Action": actions, "Resource": resources}
    return {**statement, **more}


def policy(name: str, statements: list[dict[str, Any]]) -> dict[str, Any]:
    """An inline policy: part of its role, so nothing is made before the role may do its work."""
    document = {"Version": "2012-10-17", "Statement": statements}
    return {"PolicyName": name, "PolicyDocument": document}


def trust(service: str, **conditions: Any) -> dict[str, Any]:
    """A trust policy that lets a service, such as lambda.amazonaws.com, take the role."""
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": service},
        "Action": "sts:AssumeRole",
    }
    if conditions:
        statement["Condition"] = conditions
    return {"Version": "2012-10-17", "Statement": [statement]}
