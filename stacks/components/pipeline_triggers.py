"""What starts the pipeline beside its own source action: an upload, an approved model package."""

from typing import Any

from stacks.components.arns import allow, policy, sub, trust
from stacks.components.blueprint import Blueprint, att, ref
from stacks.components.pipeline_store import SOURCES

TRIGGER_ROLE = "TriggerRole"


def add_triggers(
    blueprint: Blueprint, *, pipeline_arn: str, key: str | None, package_group: str | None
) -> None:
    """Rules are there for uploads of the key, and for approved packages of the group."""
    patterns = {}
    if key is not None:
        patterns["SourceUploaded"] = ("The source was uploaded", _uploaded(key))
    if package_group is not None:
        patterns["PackageApproved"] = ("A model package was approved", _approved(package_group))
    if not patterns:
        return
    role = blueprint.add(
        TRIGGER_ROLE,
        "AWS::IAM::Role",
        {
            "AssumeRolePolicyDocument": trust("events.amazonaws.com"),
            "Policies": [
                policy(
                    "Start", [allow(["codepipeline:StartPipelineExecution"], [sub(pipeline_arn)])]
                )
            ],
        },
    )
    target = {"Id": "Pipeline", "Arn": sub(pipeline_arn), "RoleArn": att(role)}
    for id_, (description, pattern) in patterns.items():
        blueprint.add(
            id_,
            "AWS::Events::Rule",
            {"Description": description, "EventPattern": pattern, "Targets": [target]},
        )


def _uploaded(key: str) -> dict[str, Any]:
    return {
        "source": ["aws.s3"],
        "detail-type": ["Object Created"],
        "detail": {"bucket": {"name": [ref(SOURCES)]}, "object": {"key": [key]}},
    }


def _approved(group: str) -> dict[str, Any]:
    """Source: SageMaker developer guide, "SageMaker model package state change"."""
    return {
        "source": ["aws.sagemaker"],
        "detail-type": ["SageMaker Model Package State Change"],
        "detail": {"ModelPackageGroupName": [group], "ModelApprovalStatus": ["Approved"]},
    }


def add_approvals(blueprint: Blueprint, id_: str, approvers: tuple[str, ...]) -> None:
    """A topic is there that tells approvers what waits for them."""
    blueprint.add(id_, "AWS::SNS::Topic", {"KmsMasterKeyId": "alias/aws/sns"})
    refusal = {
        "Sid": "OnlyTls",
        "Effect": "Deny",
        "Principal": {"AWS": "*"},
        "Action": "sns:Publish",
        "Resource": ref(id_),
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }
    document = {"Version": "2012-10-17", "Statement": [refusal]}
    blueprint.add(
        f"{id_}Policy",
        "AWS::SNS::TopicPolicy",
        {"Topics": [ref(id_)], "PolicyDocument": document},
    )
    for number, address in enumerate(approvers, start=1):
        blueprint.add(
            f"Approver{number}",
            "AWS::SNS::Subscription",
            {"TopicArn": ref(id_), "Protocol": "email", "Endpoint": address},
        )
