"""Where the bytes of a version are: on this machine, in S3, in a package, or not there yet."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class LocalArtifact:
    """An artifact on this machine. `digest` is of names, modes and bytes, not of the packing."""

    path: Path
    digest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredArtifact:
    """An artifact in S3. `identity` names the object's version."""

    bucket: str
    key: str
    identity: str

    @property
    def uri(self) -> str:
        """Where SageMaker reads it."""
        return f"s3://{self.bucket}/{self.key}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Awaited:
    """No artifact yet: the first one is that of the first trained version that is approved."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedArtifact:
    """A model package of AWS Marketplace: image and artifact are its own, and nobody else's."""

    arn: str

    @property
    def identity(self) -> str:
        """The package; a new version of the product is another one."""
        return self.arn

    @property
    def uri(self) -> str:
        """Where SageMaker finds it."""
        return self.arn


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetArtifacts:
    """The models of a multi-model endpoint, by name, and the program that answers for all of them.

    Together they are one version: what is in any of them is in its digest. `code` is None where the
    image has the program; `retired` are models of earlier versions that are meant to end.
    """

    models: Mapping[str, LocalArtifact]
    code: LocalArtifact | None
    retired: tuple[str, ...] = ()

    @property
    def digest(self) -> str:
        """SHA-256 of the names and digests of all of it; what ends changes nothing that serves."""
        told = {
            "code": None if self.code is None else self.code.digest,
            "models": {name: artifact.digest for name, artifact in sorted(self.models.items())},
        }
        return hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()


Artifact = LocalArtifact | StoredArtifact | Awaited | ListedArtifact | TargetArtifacts


def identity_of(artifact: Artifact) -> str:
    """What tells an artifact from every other; TypeError for one that is not there yet."""
    if isinstance(artifact, Awaited):
        raise TypeError("an artifact that nobody has made yet has no identity")
    if isinstance(artifact, LocalArtifact | TargetArtifacts):
        return artifact.digest
    return artifact.identity
