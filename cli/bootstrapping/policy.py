"""A policy for `cdk bootstrap --cloudformation-execution-policies`: one stage's types and names.

Resources are named wherever CloudFormation gives them a name that says whose they are; services
that draw their resources' ids (networks, load balancers, APIs, certificates, firewalls) are held
to the stage's region, and so are actions that take no resource.
"""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from cli.bootstrapping.actions import Permissions, actions_for

LONGEST_POLICY = 6_144
"""Characters of a managed policy, white space not counted (IAM and STS quotas)."""
MOST_POLICIES = 10
"""Managed policies of one role (IAM and STS quotas)."""

_PASSED_TO = {
    "AWS::Lambda::Function": "lambda.amazonaws.com",
    "AWS::StepFunctions::StateMachine": "states.amazonaws.com",
    "AWS::SageMaker::Model": "sagemaker.amazonaws.com",
    "AWS::SageMaker::Pipeline": "sagemaker.amazonaws.com",
    "AWS::Events::Rule": "events.amazonaws.com",
    "AWS::Scheduler::Schedule": "scheduler.amazonaws.com",
    "AWS::CodeBuild::Project": "codebuild.amazonaws.com",
    "AWS::CodePipeline::Pipeline": "codepipeline.amazonaws.com",
    "AWS::IAM::InstanceProfile": "ec2.amazonaws.com",
}
_LINKED = {
    "AWS::AutoScaling::AutoScalingGroup": "autoscaling.amazonaws.com",
    "AWS::ApplicationAutoScaling::ScalableTarget": (
        "sagemaker.application-autoscaling.amazonaws.com"
    ),
    "AWS::ElasticLoadBalancingV2::LoadBalancer": "elasticloadbalancing.amazonaws.com",
}
"""Service-linked roles that the first resource of a type in an account needs, by type."""

_NAMED = {
    "cloudwatch": ("alarm:{stage}*", "alarm:{ids}*"),
    "codebuild": ("project/{stage}*", "report-group/{stage}*"),
    "codepipeline": ("{stage}*",),
    "dynamodb": ("table/{stage}*",),
    "events": ("rule/{stage}*",),
    "lambda": ("function:{stage}*",),
    "logs": ("log-group:{stage}*",),
    "sagemaker": (
        *(
            f"{kind}/{beginning}*"
            for kind in ("model", "endpoint-config", "endpoint")
            for beginning in ("{stage}", "{ids}", "{lower}")
        ),
        "pipeline/{stage}*",
        "model-package-group/{stage}*",
        "model-package/{stage}*",
    ),
    "scheduler": ("schedule/*/{stage}*",),
    "secretsmanager": ("secret:{stage}*", "secret:{secrets}-*"),
    "sns": ("{stage}*",),
    "ssm": ("parameter/{stage}*",),
    "states": ("stateMachine:{stage}*", "stateMachine:{machines}-*"),
}
"""By service, what the ARNs of the stage's resources begin with after the account.

{stage}: names that begin with the stack's or the stage's; {ids}, {lower}: with the logical id of
hosting resources; {secrets}, {machines}: with the logical ids of these, which is how CloudFormation
names secrets and state machines.
"""
_UNNAMED = re.compile(
    r"lambda:(Create|Get|Delete|Update)EventSourceMapping|secretsmanager:GetRandomPassword"
    r"|(logs|states|cloudwatch|events|sns|dynamodb):(List|Describe)\w+|sns:Unsubscribe"
)
"""Actions of these services that take no resource, or one whose id the service draws."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """The stage that is deployed: how its resources are called, and where they are."""

    project: str
    stage: str
    region: str
    account: str = "*"
    partition: str = "aws"
    boundary: str | None = None
    """A managed policy that every role of the stage must have as its permissions boundary."""

    @property
    def named(self) -> str:
        """What the names of stacks, and so of most resources, begin with."""
        return f"{self.project}-{self.stage}-"

    @property
    def ids(self) -> str:
        """What the logical ids of hosting resources begin with, and so their names."""
        words = f"{self.project}-{self.stage}".split("-")
        return "".join(word.capitalize() for word in words)

    def arn(self, service: str, rest: str) -> str:
        """The ARN of a resource of the stage's account and region."""
        return f"arn:{self.partition}:{service}:{self.region}:{self.account}:{rest}"

    def role(self, rest: str) -> str:
        """The ARN of a role."""
        return f"arn:{self.partition}:iam::{self.account}:role/{rest}"


Template = Mapping[str, Any]
Statement = dict[str, Any]


def documents(
    scope: Scope, templates: Sequence[Template], permissions: Permissions
) -> list[dict[str, Any]]:
    """Policy documents that together let CloudFormation deploy the templates, each short enough."""
    types = {r["Type"] for template in templates for r in template["Resources"].values()}
    known = {name for name in types if name.startswith("AWS::")}
    actions = actions_for(known, permissions)
    statements = [
        *_on_names(scope, templates, actions),
        *_in_region(scope, actions),
        *_roles(scope, known, actions),
        *_always(scope, templates),
    ]
    return _packed(statements)


def _on_names(
    scope: Scope, templates: Sequence[Template], actions: Iterable[str]
) -> list[Statement]:
    found = []
    for service, patterns in _NAMED.items():
        wanted = [a for a in _of(service, actions) if not _UNNAMED.fullmatch(a)]
        if wanted:
            arns = [scope.arn(service, text) for text in _filled(patterns, scope, templates)]
            if service == "cloudwatch":
                text = f"arn:{scope.partition}:cloudwatch::{scope.account}:dashboard/"
                arns += [f"{text}{scope.named}*", f"{text}Dashboard*"]
            found.append(_allow(wanted, arns))
    buckets = [a for a in _of("s3", actions) if a.lower() != "s3:getobject"]
    if buckets:
        found.append(_allow(buckets, [f"arn:{scope.partition}:s3:::{scope.named}*".lower()]))
    zones = sorted(_zones(templates))
    records = [a for a in _of("route53", actions) if "ResourceRecordSets" in a or "HostedZone" in a]
    if records and zones:
        arns = [f"arn:{scope.partition}:route53:::hostedzone/{zone}" for zone in zones]
        found.append(_allow([a for a in records if a != "route53:ListHostedZones"], arns))
    return found


def _filled(patterns: Iterable[str], scope: Scope, templates: Sequence[Template]) -> Iterable[str]:
    ids = {
        "{secrets}": _ids(templates, "AWS::SecretsManager::Secret"),
        "{machines}": _ids(templates, "AWS::StepFunctions::StateMachine"),
    }
    for pattern in patterns:
        marker = next((m for m in ids if m in pattern), None)
        for logical_id in ids[marker] if marker is not None else [""]:
            text = pattern.replace(marker, logical_id) if marker is not None else pattern
            yield text.format(stage=scope.named, ids=scope.ids, lower=scope.ids.lower())


def _in_region(scope: Scope, actions: frozenset[str]) -> list[Statement]:
    """What takes no resource with a name: only in the stage's region."""
    named = {*_NAMED, "s3", "iam"}
    wanted = [
        action
        for action in sorted(actions)
        if _UNNAMED.fullmatch(action)
        or action.partition(":")[0] not in named | {"route53"}
        or action in ("route53:GetChange", "route53:ListHostedZones")
    ]
    by_service: dict[str, list[str]] = {}
    for action in wanted:
        by_service.setdefault(action.partition(":")[0], []).append(action)
    inside = {"StringEquals": {"aws:RequestedRegion": scope.region}}
    return [
        # Route 53 is global: its requests are of another region.
        _allow(listed, ["*"]) if service == "route53" else _allow(listed, ["*"], inside)
        for service, listed in by_service.items()
    ]


def _roles(scope: Scope, types: set[str], actions: Iterable[str]) -> list[Statement]:
    changes = [
        a for a in _of("iam", actions) if a not in ("iam:PassRole", "iam:CreateServiceLinkedRole")
    ]
    bounded = [a for a in changes if a in ("iam:CreateRole", "iam:PutRolePolicy")]
    bounded += [a for a in changes if a == "iam:AttachRolePolicy"]
    roles = [scope.role(f"{scope.named}*")]
    found = []
    profiles = [a for a in changes if "InstanceProfile" in a]
    if "AWS::IAM::InstanceProfile" in types:
        arn = f"arn:{scope.partition}:iam::{scope.account}:instance-profile/{scope.named}*"
        found.append(_allow(profiles, [arn]))
    changes = [a for a in changes if a not in profiles]
    if changes and scope.boundary is not None:
        condition = {"StringEquals": {"iam:PermissionsBoundary": scope.boundary}}
        found.append(_allow(bounded, roles, condition))
        changes = [a for a in changes if a not in bounded]
    if changes:
        found.append(_allow(changes, roles))
    services = sorted({s for name, s in _PASSED_TO.items() if name in types})
    if services:
        to_these = {"StringEquals": {"iam:PassedToService": services}}
        found.append(_allow(["iam:PassRole"], roles, to_these))
    linked = sorted({s for name, s in _LINKED.items() if name in types})
    if linked:
        for_these = {"StringEquals": {"iam:AWSServiceName": linked}}
        arn = scope.role("aws-service-role/*")
        found.append(_allow(["iam:CreateServiceLinkedRole"], [arn], for_these))
    return found


def _always(scope: Scope, templates: Sequence[Template]) -> list[Statement]:
    """Code in the bootstrap's bucket, its version, and the functions behind custom resources."""
    bucket = f"arn:{scope.partition}:s3:::cdk-*-assets-*-{scope.region}/*"
    version = scope.arn("ssm", "parameter/cdk-bootstrap/*")
    found = [_allow(["s3:GetObject"], [bucket]), _allow(["ssm:GetParameters"], [version])]
    custom = any(
        r["Type"].startswith("Custom::")
        for template in templates
        for r in template["Resources"].values()
    )
    if custom:
        functions = scope.arn("lambda", f"function:{scope.named}*")
        found.append(_allow(["lambda:InvokeFunction"], [functions]))
    return found


def _of(service: str, actions: Iterable[str]) -> list[str]:
    return sorted(a for a in actions if a.partition(":")[0] == service)


def _ids(templates: Sequence[Template], type_name: str) -> list[str]:
    return sorted(
        logical_id
        for template in templates
        for logical_id, resource in template["Resources"].items()
        if resource["Type"] == type_name
    )


def _zones(templates: Sequence[Template]) -> set[str]:
    return {
        str(resource["Properties"]["HostedZoneId"])
        for template in templates
        for resource in template["Resources"].values()
        if resource["Type"] == "AWS::Route53::RecordSet"
    }


def _allow(
    actions: list[str], resources: list[str], condition: Mapping[str, Any] | None = None
) -> Statement:
    statement: Statement = {"Effect": "Allow", "Action": actions, "Resource": resources}
    return statement if condition is None else {**statement, "Condition": condition}


def length_of(document: Mapping[str, Any]) -> int:
    """The characters of a policy that IAM counts: all but white space."""
    return len(json.dumps(document, separators=(",", ":")))


def _packed(statements: Sequence[Statement]) -> list[dict[str, Any]]:
    """The statements in as few documents as fit them in this order."""
    packed: list[list[Statement]] = [[]]
    for statement in statements:
        if packed[-1] and length_of(_document([*packed[-1], statement])) > LONGEST_POLICY:
            packed.append([])
        packed[-1].append(statement)
    return [_document(each) for each in packed]


def _document(statements: Sequence[Statement]) -> dict[str, Any]:
    return {"Version": "2012-10-17", "Statement": list(statements)}
