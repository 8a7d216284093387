"""Where the bytes of a version are: on this machine, in S3, in a package, or not there yet."""

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


Artifact = LocalArtifact | StoredArtifact | Awaited | ListedArtifact


def identity_of(artifact: Artifact) -> str:
    """What tells an artifact from every other; TypeError for one that is not there yet."""
    if isinstance(artifact, Awaited):
        raise TypeError("an artifact that nobody has made yet has no identity")
    return artifact.digest if isinstance(artifact, LocalArtifact) else artifact.identity
