"""Where a pipeline keeps sources and artifacts: encrypted with a key of its own, over TLS only.

Nothing in another account reads them: what happens there is started by role, with no artifact.
"""

from typing import Any

from stacks.components.arns import allow, sub
from stacks.components.blueprint import Blueprint, Kept, att, ref
from stacks.components.bucket import add_bucket, objects_in

KEY = "ArtifactKey"
ARTIFACTS = "Artifacts"
SOURCES = "Sources"
_ARTIFACT_DAYS = 90
_SOURCE_DAYS = 365
_EVENTS = {"EventBridgeConfiguration": {"EventBridgeEnabled": True}}


def add_store(blueprint: Blueprint, *, with_sources: bool) -> None:
    """Key and artifact bucket are there, and a versioned bucket of sources if any are uploaded.

    All of them outlive the stack: a bucket with objects could not be deleted, and what is in it
    cannot be read without the key. Objects expire.
    """
    kept = Kept.ALWAYS
    blueprint.add(
        KEY,
        "AWS::KMS::Key",
        {
            "Description": "Sources and artifacts of the pipeline",
            "EnableKeyRotation": True,
            "KeyPolicy": _key_policy(),
        },
        kept=kept,
    )
    encrypted = {"BucketEncryption": _encryption()}
    add_bucket(blueprint, ARTIFACTS, keep_days=_ARTIFACT_DAYS, kept=kept, more=encrypted)
    if with_sources:
        more = {
            **encrypted,
            "VersioningConfiguration": {"Status": "Enabled"},
            "NotificationConfiguration": _EVENTS,
        }
        add_bucket(blueprint, SOURCES, keep_days=_SOURCE_DAYS, kept=kept, more=more)


def _key_policy() -> dict[str, Any]:
    """The account's own policies say who uses the key (KMS developer guide, "Default key policy").

    No other account is named.
    """
    account = sub("arn:${AWS::Partition}:iam::${AWS::AccountId}:root")
    statement = {
        "Effect": "Allow",
        "Principal": {"AWS": account},
        "Action": "kms:*",
        "Resource": "*",
    }
    return {"Version": "2012-10-17", "Statement": [statement]}


def _encryption() -> dict[str, Any]:
    by_key = {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": att(KEY)}
    rule = {"ServerSideEncryptionByDefault": by_key, "BucketKeyEnabled": True}
    return {"ServerSideEncryptionConfiguration": [rule]}


def read_artifacts() -> list[dict[str, Any]]:
    """What pipeline and builds need to read what they are given.

    Ownership and place of the bucket are looked at before it is used (CodeBuild User Guide, "Allow
    CodeBuild to interact with other AWS services"; CodePipeline User Guide, "Service role").
    """
    return [
        allow(["s3:GetBucketAcl", "s3:GetBucketLocation"], [att(ARTIFACTS)]),
        allow(["s3:GetObject", "s3:GetObjectVersion"], [objects_in(ARTIFACTS)]),
        allow(["kms:Decrypt"], [att(KEY)]),
    ]


def write_artifacts() -> list[dict[str, Any]]:
    """What pipeline and builds need to hand on what they make."""
    return [
        allow(["s3:PutObject"], [objects_in(ARTIFACTS)]),
        allow(["kms:GenerateDataKey"], [att(KEY)]),
    ]


def artifact_store() -> dict[str, Any]:
    """The store as the pipeline names it."""
    key = {"Type": "KMS", "Id": att(KEY)}
    return {"Type": "S3", "Location": ref(ARTIFACTS), "EncryptionKey": key}
