"""A version: one trained artifact of a model, known by a digest of what makes it behave."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


def digest_of(*, image: str, artifact: str, environment: Mapping[str, str]) -> str:
    """The version's digest: 16 hexadecimal characters of SHA-256.

    `artifact` is the content digest of a local artifact, or the URI with version id of one in S3.
    The image is the name and tag without its registry, so that a version keeps its digest from one
    region to the next.
    """
    canonical = json.dumps(
        {
            "image": image.rsplit("/", maxsplit=1)[-1],
            "artifact": artifact,
            "environment": dict(sorted(environment.items())),
        },
        sort_keys=True,
        separators=(",", ":"),
    )
    return hashlib.sha256(canonical.encode()).hexdigest()[:16]


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """One trained artifact of a model, with what is needed to provision it again.

    `artifact` is what the digest was made of, `artifact_uri` where it was deployed
    (`s3://bucket/key`); `label` is for people and proves nothing.
    """

    digest: str
    label: str
    image: str
    artifact: str
    artifact_uri: str
    environment: Mapping[str, str] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """The version in JSON types; `from_json` reads it back."""
        return {
            "digest": self.digest,
            "label": self.label,
            "image": self.image,
            "artifact": self.artifact,
            "artifact_uri": self.artifact_uri,
            "environment": dict(self.environment),
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "Version":
        """The version that `to_json` wrote."""
        return cls(
            digest=data["digest"],
            label=data["label"],
            image=data["image"],
            artifact=data["artifact"],
            artifact_uri=data["artifact_uri"],
            environment=dict(data["environment"]),
        )
