"""One acknowledged finding of cdk-nag, and the words that it is told in."""

from dataclasses import dataclass

from stacks.project.spec import StageSpec

PACK = "AwsSolutions::"
"""How cdk-nag's plugin begins what it finds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Acknowledged:
    """One finding of cdk-nag on one construct, and why it stays."""

    stack: str
    construct: str
    rule: str
    reason: str

    @property
    def short_rule(self) -> str:
        """The rule without the pack's name, as templates say it (`gate.acknowledge`)."""
        return self.rule.removeprefix(PACK).replace("${", "${!")


def finding(stack: str, construct: str, rule: str, reason: str) -> Acknowledged:
    """A finding of AwsSolutions."""
    full = f"{PACK}AwsSolutions-{rule}"
    return Acknowledged(stack=stack, construct=construct, rule=full, reason=reason)


def wildcard(stack: str, construct: str, resource: str, reason: str) -> Acknowledged:
    """A wildcard in a policy's resource."""
    return finding(stack, construct, f"IAM5[Resource::{resource}]", reason)


def assets_bucket(stage: StageSpec) -> str:
    """The bucket of CDK's bootstrap, as cdk-nag writes it."""
    return f"cdk-hnb659fds-assets-{_account(stage)}-{stage.region}"


def _account(stage: StageSpec) -> str:
    return "<AWS::AccountId>" if stage.account is None else stage.account


def arn(stage: StageSpec, service: str, resource: str) -> str:
    """An ARN as cdk-nag writes it."""
    return f"arn:{stage.partition}:{service}:{stage.region}:{_account(stage)}:{resource}"
