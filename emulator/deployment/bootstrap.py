"""The least that a cloud assembly needs of its environment: an asset bucket, a version, two roles.

All are resources of a `CDKToolkit` stack with the logical ids of the real one, so that
`cdk bootstrap` later completes this stack instead of finding its bucket taken.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from botocore.exceptions import ClientError

from emulator.deployment.assembly import StackArtifact
from emulator.deployment.stacks import OnEvent, StackRequest, describe_stack, put_stack
from emulator.deployment.target import Target

BOOTSTRAP_VERSION = "30"
"""The version that the pinned CDK command line bootstraps to; stacks demand 6 to 8 of it."""

_USUAL_QUALIFIER = "hnb659fds"
_OURS = "What an embedded cloud needs to deploy CDK apps"


def ensure_bootstrapped(
    target: Target,
    stacks: Iterable[StackArtifact],
    trusted_accounts: Sequence[str],
    on_event: OnEvent | None,
) -> None:
    """The buckets and version parameters that the stacks name exist.

    Where this made them, roles of `trusted_accounts` may take the deploy role. What `cdk bootstrap`
    made stays as it is: it has its own `--trust`.
    """
    needed = {}
    for stack in stacks:
        for asset in stack.assets:
            if stack.version_parameter is not None:
                needed[target.filled_in(asset.bucket)] = stack.version_parameter
    for bucket, parameter in needed.items():
        known = _is_bootstrapped(target, bucket, parameter)
        if not known or (trusted_accounts and _is_ours(target, parameter)):
            made = _toolkit(bucket, parameter, trusted_accounts)
            put_stack(target, made, on_event=on_event)


def _is_bootstrapped(target: Target, bucket: str, parameter: str) -> bool:
    try:
        target.ssm.get_parameter(Name=parameter)
        target.s3.head_bucket(Bucket=bucket)
    except ClientError as error:
        if error.response["Error"]["Code"] in ("ParameterNotFound", "404", "NoSuchBucket"):
            return False
        raise
    return True


def _is_ours(target: Target, parameter: str) -> bool:
    stack = describe_stack(target, _stack_name(_qualifier(parameter)))
    return stack is not None and str(stack.get("Description", "")).startswith(_OURS)


def _qualifier(parameter: str) -> str:
    return parameter.split("/")[2]


def _stack_name(qualifier: str) -> str:
    return "CDKToolkit" if qualifier == _USUAL_QUALIFIER else f"CDKToolkit-{qualifier}"


def _toolkit(bucket: str, parameter: str, trusted_accounts: Sequence[str]) -> StackRequest:
    qualifier = _qualifier(parameter)
    template = _template(bucket, parameter, qualifier, trusted_accounts)
    return StackRequest(name=_stack_name(qualifier), template=json.dumps(template))


def _template(
    bucket: str, parameter: str, qualifier: str, trusted_accounts: Sequence[str]
) -> Mapping[str, Any]:
    resources = {
        "StagingBucket": {
            "Type": "AWS::S3::Bucket",
            "DeletionPolicy": "Retain",
            "UpdateReplacePolicy": "Retain",
            "Properties": {
                "BucketName": bucket,
                "VersioningConfiguration": {"Status": "Enabled"},
            },
        },
        "CdkBootstrapVersion": {
            "Type": "AWS::SSM::Parameter",
            "Properties": {"Type": "String", "Name": parameter, "Value": BOOTSTRAP_VERSION},
        },
        "CloudFormationExecutionRole": _execution_role(qualifier),
        "DeploymentActionRole": _deploy_role(qualifier, trusted_accounts),
    }
    outputs = {
        "BucketName": {"Value": {"Ref": "StagingBucket"}},
        "BucketDomainName": {"Value": {"Fn::GetAtt": ["StagingBucket", "RegionalDomainName"]}},
        "BootstrapVersion": {"Value": {"Fn::GetAtt": ["CdkBootstrapVersion", "Value"]}},
    }
    description = f"{_OURS} ({qualifier})"
    return {"Description": description, "Resources": resources, "Outputs": outputs}


def _deploy_role(qualifier: str, trusted_accounts: Sequence[str]) -> Mapping[str, Any]:
    """The role under which builds deploy: what `cdk bootstrap` gives to two roles.

    They are `deploy-role` and `file-publishing-role`. It hands stacks the role that they act with.
    """
    stacks = [
        *("cloudformation:CreateStack", "cloudformation:UpdateStack", "cloudformation:DeleteStack"),
        *("cloudformation:DescribeStacks", "cloudformation:DescribeStackEvents"),
        *("cloudformation:GetTemplate", "cloudformation:UpdateTerminationProtection"),
        *("ssm:GetParameter", "sts:GetCallerIdentity"),
    ]
    bucket = f"arn:${{AWS::Partition}}:s3:::cdk-{qualifier}-assets-${{AWS::AccountId}}-*"
    objects = ["s3:GetObject", "s3:PutObject", "s3:ListBucket", "s3:GetBucketLocation"]
    statements: list[Mapping[str, Any]] = [
        {"Effect": "Allow", "Action": stacks, "Resource": "*"},
        {
            "Effect": "Allow",
            "Action": "iam:PassRole",
            "Resource": {"Fn::GetAtt": ["CloudFormationExecutionRole", "Arn"]},
        },
        {
            "Effect": "Allow",
            "Action": objects,
            "Resource": [{"Fn::Sub": bucket}, {"Fn::Sub": f"{bucket}/*"}],
        },
    ]
    accounts = ("${AWS::AccountId}", *trusted_accounts)
    roots = [{"Fn::Sub": f"arn:${{AWS::Partition}}:iam::{account}:root"} for account in accounts]
    return _role(f"cdk-{qualifier}-deploy-role", {"AWS": roots}, statements)


def _execution_role(qualifier: str) -> Mapping[str, Any]:
    """What stacks of builds act with: everything, which is what `cdk bootstrap` gives at first."""
    everything = {"Effect": "Allow", "Action": "*", "Resource": "*"}
    trusted = {"Service": "cloudformation.amazonaws.com"}
    return _role(f"cdk-{qualifier}-cfn-exec-role", trusted, [everything])


def _role(
    beginning: str, trusted: Mapping[str, Any], statements: Sequence[Mapping[str, Any]]
) -> Mapping[str, Any]:
    """A role of the bootstrap, under the name that the CDK's own bootstrap gives it."""
    trust = {"Effect": "Allow", "Principal": trusted, "Action": "sts:AssumeRole"}
    document = {"Version": "2012-10-17", "Statement": list(statements)}
    return {
        "Type": "AWS::IAM::Role",
        "Properties": {
            "RoleName": {"Fn::Sub": f"{beginning}-${{AWS::AccountId}}-${{AWS::Region}}"},
            "AssumeRolePolicyDocument": {"Version": "2012-10-17", "Statement": [trust]},
            "Policies": [{"PolicyName": "Bootstrap", "PolicyDocument": document}],
        },
    }
