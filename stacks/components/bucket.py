"""What every bucket has: private, encrypted, over TLS only, its content expiring."""

from collections.abc import Mapping, Sequence
from typing import Any

from stacks.components.blueprint import Blueprint, Kept, att, ref


def add_bucket(
    blueprint: Blueprint,
    id_: str,
    *,
    keep_days: int,
    kept: Kept,
    allowed: Sequence[dict[str, Any]] = (),
    more: Mapping[str, Any] | None = None,
) -> str:
    """The bucket and its policy are there; returns the policy's id.

    Its name is generated, its content expires after so many days. `allowed` are statements of its
    policy, beside the one that refuses what does not come over TLS; `more` are other properties.
    """
    blueprint.add(
        id_,
        "AWS::S3::Bucket",
        {
            "BucketEncryption": {
                "ServerSideEncryptionConfiguration": [
                    {"ServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}
                ]
            },
            "PublicAccessBlockConfiguration": {
                "BlockPublicAcls": True,
                "BlockPublicPolicy": True,
                "IgnorePublicAcls": True,
                "RestrictPublicBuckets": True,
            },
            "OwnershipControls": {"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]},
            "LifecycleConfiguration": {"Rules": _rules(keep_days)},
            **({} if more is None else more),
        },
        kept=kept,
    )
    statements = [*allowed, _tls_only(id_)]
    document = {"Version": "2012-10-17", "Statement": statements}
    return blueprint.add(
        f"{id_}Policy",
        "AWS::S3::BucketPolicy",
        {"Bucket": ref(id_), "PolicyDocument": document},
    )


def objects_in(id_: str, path: str = "*") -> dict[str, Any]:
    """The ARN of objects in a bucket; `path` may hold `${AWS::AccountId}`."""
    return {"Fn::Sub": f"${{{id_}.Arn}}/{path}"}


def expiring(keep_days: int, prefixes: Sequence[str]) -> dict[str, Any]:
    """For `more`: only what is below the prefixes expires."""
    whole, abandoned = _rules(keep_days)
    rules = [
        {**whole, "Id": f"Expire{place}", "Prefix": prefix}
        for place, prefix in enumerate(prefixes, start=1)
    ]
    return {"LifecycleConfiguration": {"Rules": [*rules, abandoned]}}


def _rules(keep_days: int) -> list[dict[str, object]]:
    abandoned = {"DaysAfterInitiation": 1}
    return [
        {"Id": "Expire", "Status": "Enabled", "ExpirationInDays": keep_days},
        {"Id": "Abort", "Status": "Enabled", "AbortIncompleteMultipartUpload": abandoned},
    ]


def _tls_only(id_: str) -> dict[str, object]:
    arn = att(id_)
    return {
        "Effect": "Deny",
        "Principal": {"AWS": "*"},
        "Action": "s3:*",
        "Resource": [arn, {"Fn::Join": ["", [arn, "/*"]]}],
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }
