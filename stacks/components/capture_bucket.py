"""The bucket for a model's captured requests: private, encrypted, over TLS only, expiring."""

from stacks.components.blueprint import Blueprint, att, data, ref
from stacks.project.spec import DataOnDestroy

CAPTURE_BUCKET = "CaptureBucket"
"""Its logical id, which is pinned: another one would be another bucket."""


def add_capture_bucket(blueprint: Blueprint, *, keep_days: int, on_destroy: DataOnDestroy) -> None:
    """The bucket is there; its name is generated, its content expires after so many days."""
    blueprint.add(
        CAPTURE_BUCKET,
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
        },
        kept=data(on_destroy),
    )
    blueprint.add(
        "CaptureBucketPolicy",
        "AWS::S3::BucketPolicy",
        {"Bucket": ref(CAPTURE_BUCKET), "PolicyDocument": _tls_only()},
    )


def _rules(keep_days: int) -> list[dict[str, object]]:
    abandoned = {"DaysAfterInitiation": 1}
    return [
        {"Id": "Expire", "Status": "Enabled", "ExpirationInDays": keep_days},
        {"Id": "Abort", "Status": "Enabled", "AbortIncompleteMultipartUpload": abandoned},
    ]


def _tls_only() -> dict[str, object]:
    arn = att(CAPTURE_BUCKET)
    refusal = {
        "Effect": "Deny",
        "Principal": {"AWS": "*"},
        "Action": "s3:*",
        "Resource": [arn, {"Fn::Join": ["", [arn, "/*"]]}],
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }
    return {"Version": "2012-10-17", "Statement": [refusal]}
