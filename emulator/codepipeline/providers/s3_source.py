"""Source from S3: the newest version of an object, or the one that a start names."""

from email.utils import format_datetime
from typing import Any

from emulator.codepipeline.context import Context, Outcome
from emulator.codepipeline.errors import CONFIGURATION_ERROR, ActionError
from emulator.codepipeline.state import Revision


def run(context: Context) -> Outcome:
    """The object is the output artifact; its version id is the revision."""
    bucket, key = context.required("S3Bucket"), context.required("S3ObjectKey")
    override = context.execution.overrides.get(context.run.declaration.name)
    version: dict[str, str] = {}
    if override is not None and override.type == "S3_OBJECT_KEY":
        key = override.value
    elif override is not None:
        version = {"VersionId": override.value}
    s3 = context.client("s3")
    versioning = context.call(s3, "get_bucket_versioning", Bucket=bucket)
    if versioning.get("Status") != "Enabled":
        raise ActionError(
            CONFIGURATION_ERROR,
            f"The source bucket {bucket} is not versioned. Enable versioning on the bucket: the "
            "object's version id is the revision of the source",
        )
    if not version:
        # Not HeadObject: S3 refuses that without a word of why.
        newest = context.call(s3, "get_object", Bucket=bucket, Key=key)
        newest["Body"].close()
        version = {"VersionId": newest["VersionId"]}
    # By its version: a newer upload is another execution's.
    found = context.call(s3, "get_object", Bucket=bucket, Key=key, **version)
    archive = context.folder / "source.zip"
    with archive.open("wb") as file:
        for chunk in found["Body"].iter_chunks(1 << 20):
            file.write(chunk)
    name = context.outputs[0]
    context.put_output(name, archive)
    context.run.revision = _revision(context, name, found)
    return Outcome(
        variables={
            "BucketName": bucket,
            "ObjectKey": key,
            "VersionId": found["VersionId"],
            "ETag": found["ETag"].strip('"'),
        },
        summary=f"Amazon S3 version id: {found['VersionId']}",
    )


def _revision(context: Context, artifact: str, found: Any) -> Revision:
    modified = found["LastModified"]
    return Revision(
        action=context.run.declaration.name,
        artifact=artifact,
        revision_id=found["VersionId"],
        summary=f"Amazon S3 version id: {found['VersionId']} ({format_datetime(modified)})",
        created=modified.timestamp(),
    )
