"""Collects a build's artifacts by its specification and puts them in S3 as its service role."""

import fnmatch
import hashlib
import os
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from botocore.exceptions import ClientError

from emulator import archives
from emulator.codebuild.buildspec import ArtifactSpec, Buildspec
from emulator.codebuild.errors import PhaseError
from emulator.codebuild.state import Build, Json, S3Object

Member = tuple[str, Path]


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """Where one artifact goes, and how."""

    identifier: str | None
    place: S3Object
    zipped: bool
    encryption_key: str | None


def members(spec: ArtifactSpec, source: Path) -> list[Member]:
    """The files of the artifact by their names in it; PhaseError if there are none."""
    found = matching(spec, source)
    if not found:
        raise PhaseError("CLIENT_ERROR", "no matching artifact paths found")
    return found


def matching(spec: ArtifactSpec, source: Path) -> list[Member]:
    """The files that the specification names, as `members`; there may be none."""
    base = (source / spec.base_directory).resolve()
    if not base.is_dir():
        raise PhaseError(
            "CLIENT_ERROR", f"no matching base directory path found for {spec.base_directory}"
        )
    found: dict[str, Path] = {}
    for path in _files(base):
        relative = path.relative_to(base).as_posix()
        if _wanted(relative, spec):
            found[PurePosixPath(relative).name if spec.discard_paths else relative] = path
    return sorted(found.items())


def _files(base: Path) -> Iterator[Path]:
    for folder, folders, names in os.walk(base):
        folders.sort()
        yield from (Path(folder) / name for name in names)
        yield from (Path(folder) / name for name in folders if (Path(folder) / name).is_symlink())


def _wanted(relative: str, spec: ArtifactSpec) -> bool:
    return any(_matches(relative, pattern) for pattern in spec.files) and not any(
        _matches(relative, pattern) for pattern in spec.exclude
    )


def _matches(relative: str, pattern: str) -> bool:
    """`**/*` is everything below, `folder` and `folder/**/*` what is in it, `*` one level."""
    cleaned = pattern.removeprefix("./").rstrip("/")
    if cleaned in ("**/*", "**"):
        return True
    if relative.startswith(f"{cleaned}/"):
        return True
    return _parts_match(relative.split("/"), cleaned.split("/"))


def _parts_match(parts: list[str], patterns: list[str]) -> bool:
    if not patterns:
        return not parts
    if patterns[0] == "**":
        return any(_parts_match(parts[start:], patterns[1:]) for start in range(len(parts) + 1))
    return (
        bool(parts)
        and fnmatch.fnmatchcase(parts[0], patterns[0])
        and _parts_match(parts[1:], patterns[1:])
    )


def upload(build: Build, spec: Buildspec, source: Path, s3: Any) -> tuple[Json, ...]:
    """Every artifact that the project or pipeline expects is in S3; what BatchGetBuilds shows."""
    uploaded = []
    for target, chosen in _plan(build, spec):
        if chosen is None:
            raise PhaseError("CLIENT_ERROR", "no matching artifact paths found")
        uploaded.append(_put(target, members(chosen, source), s3))
    return tuple(uploaded)


def _plan(build: Build, spec: Buildspec) -> Iterator[tuple[Target, ArtifactSpec | None]]:
    if build.job is not None:
        names = list(build.job.outputs)
        for name in names:
            chosen = spec.secondary_artifacts.get(name)
            if chosen is None and name == names[0]:
                chosen = spec.artifacts
            yield _pipeline_target(build, name), chosen
        return
    declared = build.settings.get("artifacts", {"type": "NO_ARTIFACTS"})
    if declared["type"] == "S3":
        yield _s3_target(build, declared, None, spec.artifacts), spec.artifacts
    for extra in build.settings.get("secondaryArtifacts", []):
        chosen = spec.secondary_artifacts.get(extra["artifactIdentifier"])
        yield _s3_target(build, extra, extra["artifactIdentifier"], chosen), chosen


def _pipeline_target(build: Build, name: str) -> Target:
    job = build.job
    if job is None:
        raise ValueError("the build was not started by a pipeline")
    return Target(
        identifier=name, place=job.outputs[name], zipped=True, encryption_key=job.encryption_key
    )


def _s3_target(
    build: Build,
    declared: Mapping[str, Any],
    identifier: str | None,
    spec: ArtifactSpec | None,
) -> Target:
    overridden = spec.name if spec is not None and declared.get("overrideArtifactName") else None
    name = overridden or declared.get("name") or build.project.name
    parts = [str(declared.get("path", "")).strip("/")]
    if declared.get("namespaceType") == "BUILD_ID":
        parts.append(build.uuid)
    parts.append("" if name == "/" else str(name))
    return Target(
        identifier=identifier,
        place=S3Object(
            bucket=str(declared["location"]).removeprefix("arn:aws:s3:::"),
            key="/".join(part for part in parts if part),
        ),
        zipped=declared.get("packaging", "NONE") == "ZIP",
        encryption_key=None
        if declared.get("encryptionDisabled")
        else build.settings.get("encryptionKey"),
    )


def _put(target: Target, files: list[Member], s3: Any) -> Json:
    shown: Json = {"location": f"arn:aws:s3:::{target.place.bucket}/{target.place.key}"}
    if target.identifier is not None:
        shown["artifactIdentifier"] = target.identifier
    try:
        if not target.zipped:
            for name, path in files:
                _put_file(target, f"{target.place.key}/{name}", path, s3)
            return shown
        with tempfile.TemporaryDirectory() as folder:
            archive = Path(folder) / "artifact.zip"
            archives.pack_zip(archive, files)
            _put_file(target, target.place.key, archive, s3)
            content = archive.read_bytes()
    except ClientError as error:
        found = error.response["Error"]
        raise PhaseError(
            "CLIENT_ERROR", f"Error in UPLOAD_ARTIFACTS phase: {found['Code']}: {found['Message']}"
        ) from error
    return {
        **shown,
        "sha256sum": hashlib.sha256(content).hexdigest(),
        "md5sum": hashlib.md5(content, usedforsecurity=False).hexdigest(),
    }


def _put_file(target: Target, key: str, path: Path, s3: Any) -> None:
    extra = {}
    if target.encryption_key is not None:
        extra = {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": target.encryption_key}
    with path.open("rb") as body:
        s3.put_object(Bucket=target.place.bucket, Key=key, Body=body, **extra)
