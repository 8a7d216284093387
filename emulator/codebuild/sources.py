"""Brings a build's sources to its folder, read from S3 by the project's service role."""

import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError

from emulator import archives
from emulator.codebuild.errors import PhaseError
from emulator.codebuild.state import Build, S3Object

EMULATED_TYPES = ("CODEPIPELINE", "S3", "NO_SOURCE")


def fetch_primary(build: Build, s3: Any, folder: Path) -> str | None:
    """The build's source is in the folder; its resolved version, None without a source."""
    if build.job is not None:
        download_zip(s3, build.job.inputs[build.job.primary_input], None, folder)
        return build.job.revision
    source = build.settings["source"]
    return _fetch(source, build.settings.get("sourceVersion"), s3, folder)


def fetch_secondary(build: Build, s3: Any, parent: Path) -> dict[str, Path]:
    """Each other source is in a folder of its own below `parent`; the folders by identifier."""
    folders: dict[str, Path] = {}
    if build.job is not None:
        for name, place in build.job.inputs.items():
            if name != build.job.primary_input:
                folders[name] = _made(parent / name)
                download_zip(s3, place, None, folders[name])
        return folders
    versions = {
        entry["sourceIdentifier"]: entry["sourceVersion"]
        for entry in build.settings.get("secondarySourceVersions", [])
    }
    for source in build.settings.get("secondarySources", []):
        name = source["sourceIdentifier"]
        folders[name] = _made(parent / name)
        _fetch(source, versions.get(name), s3, folders[name])
    return folders


def download_zip(s3: Any, place: S3Object, version: str | None, folder: Path) -> str | None:
    """The archive's members are in the folder; the version that was read."""
    archive = folder.with_name(f"{folder.name}.zip")
    options = {} if version is None else {"VersionId": version}
    try:
        answer = s3.get_object(Bucket=place.bucket, Key=place.key, **options)
        with archive.open("wb") as file:
            for chunk in answer["Body"].iter_chunks(1 << 20):
                file.write(chunk)
        archives.extract_zip(archive, folder)
    except ClientError as error:
        raise _refused(error) from error
    except (zipfile.BadZipFile, OSError) as error:
        raise PhaseError(
            "CLIENT_ERROR", f"error while unzipping source s3://{place.bucket}/{place.key}: {error}"
        ) from error
    finally:
        archive.unlink(missing_ok=True)
    found = answer.get("VersionId")
    return None if found in (None, "null") else str(found)


def _fetch(source: Mapping[str, Any], version: str | None, s3: Any, folder: Path) -> str | None:
    if source["type"] == "NO_SOURCE":
        return None
    bucket, _, key = str(source["location"]).removeprefix("arn:aws:s3:::").partition("/")
    if key.endswith("/"):
        _download_folder(s3, bucket, key, folder)
        return None
    return download_zip(s3, S3Object(bucket=bucket, key=key), version, folder)


def _download_folder(s3: Any, bucket: str, prefix: str, folder: Path) -> None:
    try:
        for page in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix):
            for entry in page.get("Contents", []):
                target = (folder / entry["Key"].removeprefix(prefix)).resolve()
                if entry["Key"].endswith("/") or not target.is_relative_to(folder.resolve()):
                    continue
                target.parent.mkdir(parents=True, exist_ok=True)
                s3.download_file(bucket, entry["Key"], str(target))
    except ClientError as error:
        raise _refused(error) from error


def _refused(error: ClientError) -> PhaseError:
    found = error.response["Error"]
    status = error.response["ResponseMetadata"]["HTTPStatusCode"]
    return PhaseError(
        "CLIENT_ERROR",
        f"{found.get('Code')}: {found.get('Message')} status code: {status}",
    )


def _made(folder: Path) -> Path:
    folder.mkdir(parents=True)
    return folder
