"""Deployment to S3: the artifact's files, or the artifact as it is, are put in a bucket."""

import mimetypes
from typing import Any

from emulator.codepipeline.context import Context, Outcome
from emulator.codepipeline.errors import CONFIGURATION_ERROR, ActionError


def run(context: Context) -> Outcome:
    """Everything is in the bucket."""
    name = next(iter(context.run.inputs))
    key = context.configuration.get("ObjectKey", "")
    if context.required("Extract").lower() == "true":
        folder = context.input_folder(name)
        prefix = f"{key.rstrip('/')}/" if key else ""
        for path in sorted(p for p in folder.rglob("*") if p.is_file()):
            _put(context, f"{prefix}{path.relative_to(folder).as_posix()}", path.read_bytes())
        return Outcome(summary="Deployment Succeeded")
    if not key:
        raise ActionError(CONFIGURATION_ERROR, "ObjectKey is required when Extract is false")
    place = context.run.inputs[name]
    found = context.call(context.client("s3"), "get_object", Bucket=place.bucket, Key=place.key)
    _put(context, key, found["Body"].read())
    return Outcome(summary="Deployment Succeeded")


def _put(context: Context, key: str, body: bytes) -> None:
    options: dict[str, Any] = {}
    if context.configuration.get("KMSEncryptionKeyARN"):
        options = {
            "ServerSideEncryption": "aws:kms",
            "SSEKMSKeyId": context.configuration["KMSEncryptionKeyARN"],
        }
    for name, member in (("CannedACL", "ACL"), ("CacheControl", "CacheControl")):
        if context.configuration.get(name):
            options[member] = context.configuration[name]
    kind, _ = mimetypes.guess_type(key)
    if kind is not None:
        options["ContentType"] = kind
    bucket = context.required("BucketName")
    context.call(context.client("s3"), "put_object", Bucket=bucket, Key=key, Body=body, **options)
