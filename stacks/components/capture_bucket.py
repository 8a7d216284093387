"""The bucket for a model's captured requests: private, encrypted, over TLS only, expiring."""

from aws_cdk import Stack
from aws_cdk import aws_s3 as s3

from stacks.components.retention import keep_data
from stacks.project.spec import DataOnDestroy

CAPTURE_BUCKET = "CaptureBucket"
"""Its logical id, which is pinned: another one would be another bucket."""


def add_capture_bucket(stack: Stack, *, keep_days: int, on_destroy: DataOnDestroy) -> s3.CfnBucket:
    """The stack has the bucket; its name is generated, its content expires after so many days."""
    bucket = s3.CfnBucket(
        stack,
        CAPTURE_BUCKET,
        bucket_encryption={
            "serverSideEncryptionConfiguration": [
                {"serverSideEncryptionByDefault": {"sseAlgorithm": "AES256"}}
            ]
        },
        public_access_block_configuration={
            "blockPublicAcls": True,
            "blockPublicPolicy": True,
            "ignorePublicAcls": True,
            "restrictPublicBuckets": True,
        },
        ownership_controls={"rules": [{"objectOwnership": "BucketOwnerEnforced"}]},
        lifecycle_configuration={
            "rules": [
                {"id": "Expire", "status": "Enabled", "expirationInDays": keep_days},
                {
                    "id": "AbortUploads",
                    "status": "Enabled",
                    "abortIncompleteMultipartUpload": {"daysAfterInitiation": 1},
                },
            ]
        },
    )
    arn = {"Fn::GetAtt": [CAPTURE_BUCKET, "Arn"]}
    s3.CfnBucketPolicy(
        stack,
        "CaptureBucketPolicy",
        bucket=bucket.ref,
        policy_document={
            "Version": "2012-10-17",
            "Statement": [
                {
                    "Effect": "Deny",
                    "Principal": {"AWS": "*"},
                    "Action": "s3:*",
                    "Resource": [arn, {"Fn::Join": ["", [arn, "/*"]]}],
                    "Condition": {"Bool": {"aws:SecureTransport": "false"}},
                }
            ],
        },
    )
    keep_data(bucket, on_destroy)
    return bucket
